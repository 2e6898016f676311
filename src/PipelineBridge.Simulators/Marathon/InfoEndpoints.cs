using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Marathon;

/// <summary><c>/v2/info</c>, <c>/v2/leader</c> and <c>/v2/queue</c>.</summary>
sealed class InfoEndpoints(MarathonSimulatorOptions options, Agenda agenda, DeploymentEngine engine, TaskLife tasks, Leadership leadership)
{
    public Answer Info(Uri node) => Answer.Ok(new JsonObject
    {
        ["name"] = "marathon",
        ["version"] = "1.11.24",
        ["buildref"] = "unknown",
        ["elected"] = leadership.Leader == node,
        ["leader"] = leadership.Leader?.Authority,
        ["frameworkId"] = "51a5b3c0-7d7b-4a0e-9d8f-5f0c9c3a1b2d-0000",
        ["simulator"] = "PipelineBridge marathon simulator, no real Marathon",
        ["marathon_config"] = new JsonObject
        {
            ["hostname"] = "127.0.0.1",
            ["framework_name"] = "marathon",
            ["local_port_min"] = 10_000,
            ["local_port_max"] = 20_000,
            ["max_running_deployments"] = options.MaxRunningDeployments,
        },
    });

    public Answer Leader(MarathonCall call) => call.Method switch
    {
        "GET" when leadership.Leader is { } leader => Answer.Ok(new JsonObject { ["leader"] = leader.Authority }),
        "GET" => throw MarathonError.Plain(404, "There is no leader"),
        "DELETE" => Abdicate(),
        _ => throw MarathonError.Plain(405, "Method Not Allowed"),
    };

    public Answer Queue()
    {
        var waiting = tasks.All.Where(instance => !instance.HasTask).GroupBy(instance => instance.App);
        return Answer.Ok(new JsonObject { ["queue"] = new JsonArray([.. waiting.Select(Item)]) });
    }

    public Answer ResetDelay(string id)
    {
        if (!engine.Apps.TryGetValue(id, out var app) || tasks.Of(id).All(instance => instance.HasTask))
        {
            throw MarathonError.Plain(404, $"Application {id} not found in tasks queue.");
        }

        tasks.Queue.Reset(app);
        tasks.OfferAgain();
        return new Answer(204, null);
    }

    Answer Abdicate()
    {
        leadership.Pass();
        return Answer.Ok(new JsonObject { ["message"] = "Leadership abdicated" });
    }

    JsonObject Item(IGrouping<AppDefinition, Instance> waiting)
    {
        var left = tasks.Queue.NotBefore(waiting.Key, agenda.Now) - agenda.Now;
        var offers = tasks.Queue.Offers(waiting.Key.Id);
        var summary = new JsonObject
        {
            ["processedOffersCount"] = offers.Processed,
            ["unusedOffersCount"] = offers.Unused,
            ["rejectSummaryLastOffers"] = Funnel(offers.LastRound, offers.LastRound.Values.Sum()),
            ["rejectSummaryLaunchAttempt"] = Funnel(offers.Attempt, offers.Attempt.Values.Sum()),
        };
        if (offers.LastUnused is { } unused)
        {
            summary["lastUnusedOfferAt"] = Names.Text(unused);
        }

        if (offers.LastUsed is { } used)
        {
            summary["lastUsedOfferAt"] = Names.Text(used);
        }

        return new JsonObject
        {
            ["app"] = waiting.Key.ToJson(),
            ["count"] = waiting.Count(),
            ["role"] = waiting.Key.Role,
            ["delay"] = new JsonObject
            {
                ["timeLeftSeconds"] = Math.Max(0, (long)left.TotalSeconds),
                ["overdue"] = left <= TimeSpan.Zero,
            },
            ["since"] = Names.Text(waiting.Min(instance => instance.Since)),
            ["processedOffersSummary"] = summary,
        };
    }

    // Each reason sees what the reasons before it let through.
    static JsonArray Funnel(IReadOnlyDictionary<string, int> declined, int processed)
    {
        var steps = new JsonArray();
        foreach (var reason in LaunchQueue.Reasons)
        {
            var count = declined.GetValueOrDefault(reason);
            steps.Add(new JsonObject { ["reason"] = reason, ["declined"] = count, ["processed"] = processed });
            processed -= count;
        }

        return steps;
    }
}
