namespace PipelineBridge.Bridge.Pages;

/// <summary>The page that takes a key.</summary>
static class SignInPage
{
    /// <summary>The page.</summary>
    /// <param name="to">The page to go to afterwards.</param>
    /// <param name="refusal">Why the last try was refused.</param>
    /// <param name="person">The name that was given with it; the key is never given back.</param>
    public static Html Render(string to, string? refusal, string person = "") => PageShell.Page("Sign in", Html.Of($"""
        <h1>Sign in</h1>
        {(refusal is null ? Html.Empty : Html.Of($"<p class=\"trouble\" role=\"alert\">{refusal}</p>"))}{Form(to, person)}
        """));

    /// <summary>The form, as it also stands on a page that was refused for want of a key.</summary>
    public static Html Form(string to, string person = "") => Html.Of($"""
        <form class="fields" method="post" action="{SignInEndpoints.InPath}">
        <input type="hidden" name="to" value="{to}">
        <label for="person">Your name <small>optional; it stands beside the key's in what you ask for</small></label><input id="person" name="person" autocomplete="username" maxlength="256" value="{person}">
        <label for="key">Key</label><input id="key" name="key" type="password" autocomplete="current-password" required maxlength="1024">
        <button class="main">Sign in</button>
        </form>
        """);
}
