using System.Globalization;
using System.Text.RegularExpressions;

namespace PipelineBridge.Configuration;

/// <summary>What single values must be.</summary>
static partial class Values
{
    /// <summary>The root of an API on the web; null when it is none.</summary>
    public static Uri? Url(this Reading reading, Given? given)
    {
        if (given is null)
        {
            return null;
        }
        var text = given.Text;
        if (!IsWeb(text, out var url))
        {
            var better = IsWeb("http://" + text, out var guess) && guess.UserInfo.Length == 0 && !text.Contains("//", StringComparison.Ordinal)
                ? $"Did you mean \"http://{text}\"?"
                : "Give one that begins with http:// or https://.";
            // What has an @ may have a password before it.
            reading.Findings.Mistake(given.Place, text.Contains('@') ? $"is no URL. {better}" : $"{Findings.Shown(text)} is no URL. {better}");
            return null;
        }
        if (url.UserInfo.Length > 0)
        {
            reading.Findings.Mistake(given.Place, "has a name or a password in it. Give them apart from the URL, and the password as {file: …} or {environment: …}.");
            return null;
        }
        if (url.Query.Length > 0 || url.Fragment.Length > 0)
        {
            reading.Findings.Mistake(given.Place, $"{Findings.Shown(text)} has a query (?) or a fragment (#). Give the root alone: \"{url.GetLeftPart(UriPartial.Path)}\".");
            return null;
        }
        return url;
    }

    /// <summary>An address to listen on; null when it is none.</summary>
    public static Uri? Listen(this Reading reading, Given given)
    {
        // Kestrel's own signs for every address have no place in a URL.
        if (EveryAddress().Match(given.Text) is { Success: true } every)
        {
            reading.Findings.Mistake(given.Place, $"{Findings.Shown(given.Text)} is no URL. Did you mean \"http://0.0.0.0:{every.Groups[1].Value}\"?");
            return null;
        }
        if (reading.Url(given) is not { } url)
        {
            return null;
        }
        if (url.Scheme != Uri.UriSchemeHttp || url.AbsolutePath != "/")
        {
            reading.Findings.Mistake(given.Place, url.Scheme != Uri.UriSchemeHttp
                ? $"{Findings.Shown(given.Text)} asks for https, which is a proxy's work here. Did you mean \"http://{url.Authority}\"?"
                : $"{Findings.Shown(given.Text)} has a path. Give address and port alone: \"http://{url.Authority}\".");
            return null;
        }
        return url;
    }

    /// <summary>A whole number between bounds; what stands for an absent or a wrong one.</summary>
    public static int Number(this Reading reading, Given? given, int otherwise, int least, int most)
    {
        if (given is null)
        {
            return otherwise;
        }
        if (int.TryParse(given.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }
        reading.Findings.Mistake(given.Place, $"{Findings.Shown(given.Text)} must be a whole number between {least} and {most}.");
        return otherwise;
    }

    /// <summary>One of some words; what stands for an absent or a wrong one.</summary>
    public static string Choice(this Reading reading, Given? given, string otherwise, params IReadOnlyCollection<string> words)
    {
        if (given is null || words.Contains(given.Text))
        {
            return given?.Text ?? otherwise;
        }
        reading.Findings.Mistake(given.Place, Nearest.Find(given.Text, words) is { } near
            ? $"{Findings.Shown(given.Text)} is not known. Did you mean \"{near}\"?"
            : $"{Findings.Shown(given.Text)} is not known. Give one of: {string.Join(", ", words)}.");
        return otherwise;
    }

    /// <summary>Names of things that are defined elsewhere in the configuration, without the wrong ones.</summary>
    public static IReadOnlyList<string> References(this Reading reading, IEnumerable<Given> given, string kind, IReadOnlyCollection<string> names)
    {
        var found = new List<string>();
        foreach (var one in given)
        {
            if (names.Contains(one.Text))
            {
                found.Add(one.Text);
            }
            else
            {
                reading.Findings.Mistake(one.Place, $"{Findings.Shown(one.Text)} is no {kind} of this configuration. {Nearest.Hint(one.Text, names)}");
            }
        }
        return [.. found.Distinct()];
    }

    /// <summary>Whether a name of an app, an environment, a cluster or a target is one; told when it is not.</summary>
    public static bool IsName(this Reading reading, string name, ConfigurationPlace place)
    {
        if (Name().IsMatch(name))
        {
            return true;
        }
        reading.Findings.Mistake(place, $"{Findings.Shown(name)} is no name. A name has 1 to 63 of a-z, 0-9 and -.");
        return false;
    }

    static bool IsWeb(string text, out Uri url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url!) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
        && url.Host.Length > 0 && !text.Any(char.IsWhiteSpace);

    [GeneratedRegex("^[a-z0-9-]{1,63}$")]
    private static partial Regex Name();

    [GeneratedRegex(@"^https?://[*+]:([0-9]+)/?$")]
    private static partial Regex EveryAddress();
}
