using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>Gives each port entry without a service port one of its own, from 10000 to 20000; an app keeps those it had.</summary>
static class ServicePorts
{
    const int First = 10_000;
    const int Last = 20_000;

    public static JsonObject Assign(JsonObject body, AppDefinition? before, IEnumerable<AppDefinition> all)
    {
        if (AppDefinition.EntriesOf(body) is not { } entries)
        {
            return body;
        }

        var key = AppDefinition.ServicePortKey(body);
        var wanted = AppDefinition.PortsOf(body);
        var had = new Queue<int>((before?.ServicePorts ?? []).Where(port => port is >= First and <= Last && !wanted.Contains(port)));
        var taken = all.Where(app => app.Id != before?.Id).SelectMany(app => app.ServicePorts)
            .Concat(before?.ServicePorts ?? []).Concat(wanted).ToHashSet();
        foreach (var entry in entries.Cast<JsonObject>())
        {
            if ((entry[key]?.GetValue<int>() ?? 0) == 0)
            {
                entry[key] = had.TryDequeue(out var port) ? port : Free(taken);
            }
        }

        return body;
    }

    static int Free(HashSet<int> taken)
    {
        for (var port = First; port <= Last; port++)
        {
            if (taken.Add(port))
            {
                return port;
            }
        }

        throw MarathonError.Plain(500, $"All ports in the range [{First}-{Last}) are already in use");
    }
}
