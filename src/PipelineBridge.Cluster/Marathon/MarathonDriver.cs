using System.Net;
using System.Text.Json.Nodes;
using PipelineBridge.Events;

namespace PipelineBridge.Cluster.Marathon;

/// <summary>Brings apps about on Marathon: one <c>PUT /v2/apps/ID</c> for a rollout, the revert of its deployment to take it back.</summary>
public sealed class MarathonDriver(MarathonClient client, TimeProvider clock) : IClusterDriver
{
    readonly MarathonDeployments deployments = new(client);

    /// <inheritdoc/>
    public string Cluster => client.Options.Name;

    /// <inheritdoc/>
    public async Task<AppSnapshot?> Look(AppKey app, CancellationToken cancellation)
    {
        var id = Id(app);
        var answer = await client.Send(HttpMethod.Get, $"v2/apps{id}", null, cancellation);
        return answer.Status switch
        {
            HttpStatusCode.OK when answer.Json.At("app") is JsonObject found => MarathonApp.Read(found),
            HttpStatusCode.NotFound => await deployments.Affect(id, cancellation) ? MarathonApp.Going() : null,
            _ => throw new ClusterUnreachableException($"Marathon {Cluster} answered {(int)answer.Status} when it was asked for the app."),
        };
    }

    /// <inheritdoc/>
    public bool IsAlready(RolloutPlan plan, AppSnapshot now) =>
        now.IsSettled && now.Image == plan.Mark.Image && now.Mark?.Specification == plan.Mark.Specification
        && MarathonSpecification.IsLike(Document(plan, now), (JsonObject)now.Source);

    /// <inheritdoc/>
    public async Task<string?> Write(RolloutPlan plan, AppSnapshot? now, CancellationToken cancellation) =>
        await Put(Id(plan.App), Document(plan, now), "?partialUpdate=false", now, cancellation);

    /// <inheritdoc/>
    public async Task TakeBack(RolloutPlan plan, AppSnapshot now, CancellationToken cancellation)
    {
        var id = Id(plan.App);
        var before = await Before(plan, id, (JsonObject)now.Source, cancellation);
        if (before is null && plan.Previous is null)
        {
            await Remove(plan.App, cancellation);
            return;
        }
        var isReplaced = before is not null && before["version"].Text() == ((JsonObject)now.Source)["labels"].At(MarathonLabels.Replaced).Text();
        if (now.Mark is { TakesBack: false } && isReplaced && await deployments.OwnOf(id, now, cancellation) is { } running && await deployments.Revert(running, cancellation))
        {
            return;
        }
        if (plan.Previous is { Content: { } content } previous)
        {
            var mark = plan.Mark with { Image = previous.Image, Specification = previous.Specification ?? "", TakesBack = true };
            await Put(id, MarathonSpecification.ToWrite(content, id, plan.App, mark, (int?)before?["instances"].Number(), (JsonObject)now.Source), "?partialUpdate=false", now, cancellation);
            return;
        }
        if (before?["version"].Text() is not { } version)
        {
            throw new ClusterRefusedException(FailureCategory.Internal, "The specification of what served before is not kept.");
        }
        // A body of nothing but a version brings that version back.
        await Put(id, new JsonObject { ["version"] = version }, "?partialUpdate=true", now, cancellation);
    }

    /// <inheritdoc/>
    public async Task<bool> Remove(AppKey app, CancellationToken cancellation)
    {
        var id = Id(app);
        var answer = await client.Send(HttpMethod.Delete, $"v2/apps{id}?force=false", null, cancellation);
        if (answer.Status == HttpStatusCode.Conflict)
        {
            await deployments.ThrowIfForeign(id, answer, await Look(app, cancellation), cancellation);
            answer = await client.Send(HttpMethod.Delete, $"v2/apps{id}?force=true", null, cancellation);
        }
        if (answer.Status == HttpStatusCode.NotFound)
        {
            return false;
        }
        deployments.Remember(Good(answer));
        return true;
    }

    /// <inheritdoc/>
    public async Task<FailureExplanation> Explain(RolloutPlan plan, AppSnapshot now, CancellationToken cancellation)
    {
        var id = Id(plan.App);
        JsonObject? waiting = null;
        try
        {
            var queue = await client.Send(HttpMethod.Get, "v2/queue", null, cancellation);
            waiting = queue.IsGood ? queue.Json.At("queue").Objects().FirstOrDefault(q => q["app"].At("id").Text() == id) : null;
        }
        catch (Exception e) when (e is ClusterUnreachableException or ClusterRefusedException or ClusterLockedException)
        {
            // The cause is told without it, and the way back does not wait for it.
        }
        return MarathonExplanation.Of(now, waiting, plan.HealthTimeout);
    }

    /// <inheritdoc/>
    public IClusterChanges Listen(AppKey app) => new MarathonEvents(client, Id(app), clock);

    /// <summary>Puts an app; over a deployment on its way only when that is ours.</summary>
    async Task<string?> Put(string id, JsonObject body, string query, AppSnapshot? now, CancellationToken cancellation)
    {
        var answer = await client.Send(HttpMethod.Put, $"v2/apps{id}{query}", body, cancellation);
        if (answer.Status == HttpStatusCode.Conflict)
        {
            await deployments.ThrowIfForeign(id, answer, now, cancellation);
            answer = await client.Send(HttpMethod.Put, $"v2/apps{id}{query}&force=true", body, cancellation);
        }
        return deployments.Remember(Good(answer));
    }

    MarathonAnswer Good(MarathonAnswer answer) => answer.Status switch
    {
        _ when answer.IsGood => answer,
        HttpStatusCode.Conflict => throw new ClusterLockedException("Another deployment of the app began at the same moment."),
        HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity =>
            throw new ClusterRefusedException(FailureCategory.Configuration, $"Marathon {Cluster} does not accept the specification.", answer.ErrorText),
        _ => throw new ClusterRefusedException(FailureCategory.Cluster, $"Marathon {Cluster} refused with status {(int)answer.Status}.", answer.ErrorText),
    };

    /// <summary>
    /// The version of the app to go back to: what our write replaced, and if that was of ours too (one that was
    /// superseded on its way), what that replaced, until it is what served before. Null: there was nothing.
    /// </summary>
    async Task<JsonObject?> Before(RolloutPlan plan, string id, JsonObject app, CancellationToken cancellation)
    {
        for (var steps = 0; steps < 50 && app["labels"].At(MarathonLabels.Replaced).Text() is { } version; steps++)
        {
            var answer = await client.Send(HttpMethod.Get, $"v2/apps{id}/versions/{Uri.EscapeDataString(version)}", null, cancellation);
            if (!answer.IsGood || answer.Json is not JsonObject older)
            {
                return null;
            }
            var mark = MarathonLabels.Mark(older);
            var image = older["container"].At("docker").At("image").Text();
            if (plan.Previous is { } previous ? image == previous.Image && (mark is null || previous.Specification is null || mark.Specification == previous.Specification) : mark is null)
            {
                older["version"] ??= version;
                return older;
            }
            app = older;
        }
        return null;
    }

    JsonObject Document(RolloutPlan plan, AppSnapshot? now) =>
        MarathonSpecification.ToWrite(plan.Specification, Id(plan.App), plan.App, plan.Mark, plan.Replicas, now?.Source as JsonObject);

    string Id(AppKey app) => client.Options.IdOf(app) ?? throw new ClusterRefusedException(FailureCategory.Configuration,
        $"The environment {app.Environment} has no group on the Marathon {Cluster} in the configuration.");
}
