using System.Net;
using PipelineBridge.Cluster.Engine;
using PipelineBridge.Registry;

namespace PipelineBridge.Configuration;

/// <summary>Reads <c>clusters.NAME.engine</c> and <c>clusters.NAME.swarm</c>: the Docker engines that apps run on.</summary>
static class EngineHostsReader
{
    public static EngineConfiguration? Read(Reading reading, Section section) => Hosts(reading, section, "hosts", "h1", hasAddress: true) is { } hosts ? new EngineConfiguration(hosts) : null;

    public static SwarmConfiguration? Swarm(Reading reading, Section section) => Hosts(reading, section, "managers", "m1", hasAddress: false) is { } managers ? new SwarmConfiguration(managers) : null;

    /// <summary>Pulls, and a Swarm's writes, give an engine the password of the image's registry: not over a network without TLS.</summary>
    public static void Unprotected(Reading reading, Section root, IReadOnlyDictionary<string, ClusterConfiguration?> clusters, IReadOnlyList<RegistryOptions> registries)
    {
        var guarded = registries.Where(r => r.Password is not null).Select(r => r.Name).ToList();
        if (guarded.Count == 0)
        {
            return;
        }
        foreach (var (name, section) in root.Named("clusters"))
        {
            var cluster = clusters.GetValueOrDefault(name);
            Unprotected(reading, cluster?.Engine?.Hosts, section, "engine", "hosts", guarded);
            Unprotected(reading, cluster?.Swarm?.Managers, section, "swarm", "managers", guarded);
        }
    }

    static void Unprotected(Reading reading, IReadOnlyList<EngineHostOptions>? hosts, Section cluster, string kind, string key, List<string> guarded)
    {
        if (hosts is null)
        {
            return;
        }
        foreach (var (name, section) in cluster.Below(kind).Named(key))
        {
            if (hosts.FirstOrDefault(h => h.Name == name) is { IsTls: false, Url: { Scheme: "tcp", IsLoopback: false } })
            {
                reading.Findings.Mistake(section.PlaceOf("url"), $"is reached without TLS, and would be given the password of {string.Join(" and ", guarded.Select(g => $"registries.{g}"))} over the network unprotected. Give authority, certificate and key.");
            }
        }
    }

    static List<EngineHostOptions>? Hosts(Reading reading, Section section, string key, string example, bool hasAddress)
    {
        var hosts = new List<EngineHostOptions>();
        var complete = true;
        foreach (var (name, host) in section.Named(key))
        {
            complete &= reading.IsName(name, host.Place);
            if (Host(reading, name, host, hasAddress) is { } one)
            {
                hosts.Add(one);
            }
            else
            {
                complete = false;
            }
        }
        if (hosts.Count == 0 && complete)
        {
            reading.Findings.Mistake(section.Place, $"has no {key}. Give at least one: {key}: {{{example}: {{url: unix:///var/run/docker.sock}}}}.");
        }
        foreach (var twice in hosts.GroupBy(h => h.Url).Where(g => g.Count() > 1))
        {
            reading.Findings.Mistake(section.PlaceOf(key), $"has {twice.Key} twice, as {string.Join(" and ", twice.Select(h => h.Name))}. Give each engine once.");
        }
        section.Done();
        return complete && hosts.Count > 0 ? hosts : null;
    }

    static EngineHostOptions? Host(Reading reading, string name, Section section, bool hasAddress)
    {
        var url = EnginesReader.Url(reading, section.Text("url", "Give where its API is, such as unix:///var/run/docker.sock or tcp://h1.internal:2376."));
        var address = hasAddress ? section.Text("address") : null;
        var host = url is null ? null : new EngineHostOptions(name, url, address?.Text ?? AddressOf(url));
        var access = EnginesReader.Access(reading, section, url);
        section.Done();
        if (address is not null && Uri.CheckHostName(address.Text) == UriHostNameType.Unknown)
        {
            reading.Findings.Mistake(address.Place, $"{Findings.Shown(address.Text)} is no address. Give an IP address or a host name, under which published ports are reached.");
            return null;
        }
        return host is null ? null : host with { Authority = access.Authority, Certificate = access.Certificate, Key = access.Key };
    }

    internal static string AddressOf(Uri url) => url.Scheme == "unix" ? $"{IPAddress.Loopback}" : url.IdnHost;
}
