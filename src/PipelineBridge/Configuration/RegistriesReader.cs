using System.Text.RegularExpressions;
using PipelineBridge.Registry;

namespace PipelineBridge.Configuration;

/// <summary>Reads <c>registries</c>: how each is reached, by its name in image names.</summary>
static partial class RegistriesReader
{
    public static IReadOnlyList<RegistryOptions> Read(Reading reading, Section root)
    {
        var registries = new List<RegistryOptions>();
        // A name has dots and a colon, which cannot be told from the signs that a variable's name may have.
        foreach (var (name, section) in root.Named("registries", fromVariables: false))
        {
            if (!Host().IsMatch(name))
            {
                reading.Findings.Mistake(section.Place, $"{Findings.Shown(name)} is no registry's name. Give the host, or host:port, that image names begin with.");
            }
            var url = section.Has("url") ? reading.Url(section.Text("url")) : Uri.TryCreate($"https://{name}", UriKind.Absolute, out var usual) ? usual : null;
            var username = section.Text("username");
            var password = section.Secret("password");
            if (username is null != !section.Has("password"))
            {
                reading.Findings.Mistake(section.Place, username is null ? "has a password and no username. Give both or neither." : "has a username and no password. Give both or neither.");
            }
            if (password is not null && url is { IsLoopback: false } && url.Scheme == Uri.UriSchemeHttp)
            {
                reading.Findings.Warning(section.PlaceOf("url"), "is http: the password crosses the network unprotected. Give https.");
            }
            section.Done();
            registries.Add(new RegistryOptions(name, url ?? new Uri("https://invalid"), username?.Text, password));
        }
        return registries;
    }

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$")]
    private static partial Regex Host();
}
