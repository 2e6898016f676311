using System.Text.RegularExpressions;
using PipelineBridge.Events;

namespace PipelineBridge.Configuration;

/// <summary>Reads <c>environments</c>: where apps run and who is told.</summary>
static partial class EnvironmentsReader
{
    public static Dictionary<string, EnvironmentConfiguration> Read(
        Reading reading, Section root, Dictionary<string, ClusterConfiguration?> clusters, IReadOnlyCollection<string> targets)
    {
        var environments = new Dictionary<string, EnvironmentConfiguration>();
        var groups = new Dictionary<(string Cluster, string Group), string>();
        foreach (var (name, section) in root.Named("environments"))
        {
            reading.IsName(name, section.Place);
            var zone = section.Text("zone", "Give one of: public, internal.");
            var cluster = section.Text("cluster") is { } given && reading.References([given], "cluster", clusters.Keys) is [var found] ? found : null;
            var group = Group(reading, section, name);
            environments[name] = new EnvironmentConfiguration
            {
                Name = name,
                Zone = reading.Choice(zone, "internal", "public", "internal"),
                Cluster = cluster is not null && clusters[cluster] is not null ? cluster : null,
                Group = group,
                HealthTimeoutSeconds = reading.Number(section.Text("healthTimeoutSeconds"), 300, 1, 3600),
                OnFailure = reading.Choice(section.Text("onFailure"), OnFailure.Rollback, OnFailure.Rollback, OnFailure.Keep),
                EvidenceInChat = reading.Choice(section.Text("evidence"), "page", "page", "chat") == "chat",
                Notify = reading.References(section.Texts("notify"), "target", targets),
            };
            if (cluster is not null && !groups.TryAdd((cluster, group), name))
            {
                reading.Findings.Mistake(section.PlaceOf("group"), $"{Findings.Shown(group)} on cluster {cluster} is the group of environments.{groups[(cluster, group)]} already. Two environments in one group would take each other's apps.");
            }
            section.Done();
        }
        return environments;
    }

    static string Group(Reading reading, Section section, string name)
    {
        var group = section.Text("group");
        if (group is not null && !MarathonGroup().IsMatch(group.Text))
        {
            reading.Findings.Mistake(group.Place, $"{Findings.Shown(group.Text)} is no group of Marathon. Give a path of a-z, 0-9, - and ., such as \"/{name}\".");
        }
        return group?.Text ?? "/" + name;
    }

    // Marathon's path segments: letters, digits, dashes and dots, no dash or dot at either end.
    [GeneratedRegex("^(/[a-z0-9]([a-z0-9.-]*[a-z0-9])?)+$")]
    private static partial Regex MarathonGroup();
}
