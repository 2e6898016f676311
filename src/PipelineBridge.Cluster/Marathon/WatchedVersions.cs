using System.Text.Json.Nodes;

namespace PipelineBridge.Cluster.Marathon;

/// <summary>Earlier versions of apps, read once each: what an old task runs, and what to go back to.</summary>
sealed class WatchedVersions(MarathonClient client)
{
    const int Kept = 2000;
    const int LookedAt = 30;

    readonly Dictionary<(string Id, string Version), JsonObject?> known = [];

    /// <summary>An app as it was in a version; null when Marathon has it no more.</summary>
    public async Task<JsonObject?> Of(string id, string version, CancellationToken cancellation)
    {
        if (known.TryGetValue((id, version), out var app))
        {
            return app;
        }
        var answer = await client.Send(HttpMethod.Get, $"v2/apps{id}/versions/{Uri.EscapeDataString(version)}", null, cancellation);
        app = answer.IsGood ? answer.Json as JsonObject : null;
        if (known.Count >= Kept)
        {
            known.Clear();
        }
        return known[(id, version)] = app;
    }

    /// <summary>The newest version that a request wrote, else the newest of ours with an image; null when there is none.</summary>
    public async Task<string?> Newest(string id, string request, string image, CancellationToken cancellation)
    {
        var answer = await client.Send(HttpMethod.Get, $"v2/apps{id}/versions", null, cancellation);
        string? sameImage = null;
        foreach (var version in ((answer.IsGood ? answer.Json.At("versions") as JsonArray : null) ?? []).Select(v => v.Text()).OfType<string>().OrderDescending(StringComparer.Ordinal).Take(LookedAt))
        {
            if (await Of(id, version, cancellation) is { } app && MarathonLabels.Mark(app) is { } mark && app["container"].At("docker").At("image").Text() == image)
            {
                if (mark.Request == request)
                {
                    return version;
                }
                sameImage ??= version;
            }
        }
        return sameImage;
    }
}
