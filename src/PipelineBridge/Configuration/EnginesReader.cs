using PipelineBridge.Registry.Engine;

namespace PipelineBridge.Configuration;

/// <summary>Reads <c>engines</c>: the Docker engines that images are built on, and are pushed from.</summary>
static class EnginesReader
{
    const string Bridge = "bridge";
    const string Itself = "itself";

    public static IReadOnlyList<EngineOptions> Read(Reading reading, Section root)
    {
        var engines = new List<EngineOptions>();
        foreach (var (name, section) in root.Named("engines"))
        {
            reading.IsName(name, section.Place);
            var given = section.Text("url", "Give where its API is, such as unix:///var/run/docker.sock or tcp://build-1.internal:2376.");
            var url = Url(reading, given);
            var (authority, certificate, key) = Access(reading, section, url);
            var engine = new EngineOptions(name, url ?? new Uri("unix:///invalid"))
            {
                Authority = authority,
                Certificate = certificate,
                Key = key,
                PushesItself = reading.Choice(section.Text("pushes"), Bridge, Bridge, Itself) == Itself,
            };
            if (url is { Scheme: "tcp", IsLoopback: false } && engine is { PushesItself: true, IsTls: false })
            {
                reading.Findings.Mistake(section.PlaceOf("pushes"), "is itself, and the engine is reached without TLS: it would be given the registry's password over the network unprotected. Give authority, certificate and key, or leave pushes to the bridge.");
            }
            section.Done();
            engines.Add(engine);
        }
        return engines;
    }

    /// <summary>How an engine is spoken to over TLS.</summary>
    internal static (string? Authority, string? Certificate, Func<string?>? Key) Access(Reading reading, Section section, Uri? url)
    {
        var authority = File(reading, section.Text("authority"));
        var certificate = File(reading, section.Text("certificate"));
        var key = section.Secret("key");
        if (section.Has("certificate") != section.Has("key"))
        {
            reading.Findings.Mistake(section.Place, section.Has("key") ? "has a key and no certificate. Give both or neither." : "has a certificate and no key. Give both or neither.");
        }
        if (url?.Scheme == "unix" && (authority is not null || certificate is not null || section.Has("key")))
        {
            reading.Findings.Mistake(section.Place, "is a socket of this machine, which has no TLS. Leave out authority, certificate and key.");
        }
        if (url is { Scheme: "tcp", IsLoopback: false } && certificate is null && !section.Has("key"))
        {
            reading.Findings.Warning(section.PlaceOf("url"), "shows it no certificate: whoever reaches an engine so is root on its machine. Give authority, certificate and key, and let it ask for them (dockerd --tlsverify).");
        }
        return (authority, certificate, key);
    }

    internal static Uri? Url(Reading reading, Given? given)
    {
        if (given is null)
        {
            return null;
        }
        if (Uri.TryCreate(given.Text, UriKind.Absolute, out var url) && url.UserInfo.Length == 0 && url.Query.Length == 0
            && (url is { Scheme: "unix", Host: "", AbsolutePath.Length: > 1 } || url is { Scheme: "tcp", Host.Length: > 0, Port: > 0, AbsolutePath: "/" or "" }))
        {
            return url;
        }
        reading.Findings.Mistake(given.Place, $"{Findings.Shown(given.Text)} is no engine's address. Give a socket, such as unix:///var/run/docker.sock, or host and port, such as tcp://build-1.internal:2376.");
        return null;
    }

    internal static string? File(Reading reading, Given? given)
    {
        if (given is null)
        {
            return null;
        }
        var path = reading.Path(given.Text);
        if (reading.Uses(given.Place) && !System.IO.File.Exists(path))
        {
            reading.Findings.Mistake(given.Place, $"{Findings.Shown(given.Text)} is not there.");
        }
        return path;
    }
}
