namespace PipelineBridge.Cluster.Marathon;

/// <summary>A cluster whose apps Marathon runs.</summary>
/// <param name="Name">Its name in the configuration.</param>
/// <param name="Url">The root of Marathon's API, without <c>/v2/</c>; several masters stand behind one address or one of them is named.</param>
/// <param name="Groups">The Marathon group of each environment, e.g. <c>prod</c> → <c>/prod</c>: an app's id is <c>GROUP/APP</c>.</param>
public sealed record MarathonClusterOptions(string Name, Uri Url, IReadOnlyDictionary<string, string> Groups)
{
    /// <summary>Who signs in with a password; null: nobody.</summary>
    public string? Username { get; init; }

    /// <summary>Reads the password when it is needed, so that no object carries it.</summary>
    public Func<string?>? Password { get; init; }

    /// <summary>Reads a DC/OS token when it is needed; it takes the place of name and password.</summary>
    public Func<string?>? Token { get; init; }

    /// <summary>The id of an app in an environment, with the slash in front; null when the environment is not of this cluster.</summary>
    public string? IdOf(AppKey app) => Groups.TryGetValue(app.Environment, out var group) ? $"{Root(group)}/{app.App}" : null;

    /// <summary>The app and environment of an id; null when it is directly in none of the groups.</summary>
    public AppKey? AppOf(string id)
    {
        var slash = id.LastIndexOf('/');
        return slash >= 0 && Groups.FirstOrDefault(g => Root(g.Value) == id[..slash]) is { Key: { } environment } ? new AppKey(id[(slash + 1)..], environment) : null;
    }

    static string Root(string group) => group.Trim('/') is { Length: > 0 } path ? "/" + path : "";
}
