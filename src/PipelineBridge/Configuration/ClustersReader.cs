namespace PipelineBridge.Configuration;

/// <summary>Reads <c>clusters</c>: what runs apps, and how it is reached.</summary>
static class ClustersReader
{
    static readonly string[] Kinds = ["marathon", "engine", "swarm"];

    /// <summary>The clusters by name; null stands for one that has a mistake, so that what names it has none.</summary>
    public static Dictionary<string, ClusterConfiguration?> Read(Reading reading, Section root)
    {
        var clusters = new Dictionary<string, ClusterConfiguration?>();
        foreach (var (name, section) in root.Named("clusters"))
        {
            reading.IsName(name, section.Place);
            var kinds = Kinds.Where(section.Has).ToList();
            if (kinds.Count != 1)
            {
                reading.Findings.Mistake(section.Place, kinds.Count > 1
                    ? $"has {string.Join(" and ", kinds)}. A cluster is of one kind: give each its own name."
                    : "does not say what it is. Give one of: marathon: {url: http://marathon.internal:8080}, engine: {hosts: {h1: {url: unix:///var/run/docker.sock}}}, swarm: {managers: {m1: {url: tcp://m1.internal:2376}}}.");
            }
            var marathon = section.Has("marathon") ? Marathon(reading, section.Below("marathon")) : null;
            var engine = section.Has("engine") ? EngineHostsReader.Read(reading, section.Below("engine")) : null;
            var swarm = section.Has("swarm") ? EngineHostsReader.Swarm(reading, section.Below("swarm")) : null;
            section.Done();
            clusters[name] = marathon is null && engine is null && swarm is null ? null : new ClusterConfiguration(name, marathon, engine, swarm);
        }
        return clusters;
    }

    static MarathonConfiguration? Marathon(Reading reading, Section section)
    {
        var url = reading.Url(section.Text("url", "Give the root of its API, such as http://marathon.internal:8080."));
        var username = section.Text("username");
        var password = section.Secret("password");
        var token = section.Secret("token");
        if (username is null != !section.Has("password"))
        {
            reading.Findings.Mistake(section.Place, username is null ? "has a password and no username. Give both or neither." : "has a username and no password. Give both or neither.");
        }
        if (section.Has("token") && (username is not null || section.Has("password")))
        {
            reading.Findings.Mistake(section.Place, "has a token and a username or password. Give one way to sign in.");
        }
        section.Done();
        return url is null ? null : new MarathonConfiguration(url, username?.Text, password, token);
    }
}
