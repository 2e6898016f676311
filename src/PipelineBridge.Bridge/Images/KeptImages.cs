using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Events;
using PipelineBridge.Journal;

namespace PipelineBridge.Bridge.Images;

/// <summary>An image that nobody may clean away.</summary>
/// <param name="Image">With its digest, else with its tag.</param>
/// <param name="Reason">Why, in a few words.</param>
public sealed record KeptImage(string Image, string Reason);

/// <summary>All images that nobody may clean away, as the journal knows them.</summary>
public sealed record KeptImagesAnswer(IReadOnlyList<KeptImage> Kept);

/// <summary><c>GET /v1/images/kept</c>: what runs, what may be gone back to, what is on its way.</summary>
static class KeptImages
{
    public static void MapKeptImages(this IEndpointRouteBuilder app) =>
        app.MapRead<KeptImagesAnswer>("/v1/images/kept", Get, "Images that nobody may clean away");

    static Task Get(HttpContext http, Caller caller)
    {
        // Who sees a part of it would clean the rest away.
        if (!caller.Apps.Contains("*"))
        {
            throw new RefusedException(StatusCodes.Status403Forbidden, "Not allowed", $"The key \"{caller.Name}\" is not for all apps, and what others need would be missing. Use one with apps: \"*\".");
        }
        var kept = http.RequestServices.GetRequiredService<EventJournal>().Read(Of);
        return Answers.Write(http, StatusCodes.Status200OK, new KeptImagesAnswer(kept), HttpJson.Default.KeptImagesAnswer);
    }

    /// <summary>All of them, in one look at the journal.</summary>
    public static IReadOnlyList<KeptImage> Of(JournalReader journal)
    {
        var kept = new List<KeptImage>();
        foreach (var service in journal.Services())
        {
            if (journal.State(DeploymentLane.Key(service.App, service.Environment), BridgeJson.Default.DeploymentLane) is not { } lane)
            {
                continue;
            }
            var where = $"{lane.App} on {lane.Environment}";
            Add(lane.Live?.Image, $"runs as {where}");
            Add(lane.Broken?.Image, $"was left standing as {where}");
            foreach (var earlier in lane.Earlier)
            {
                Add(earlier.Image, $"{where} can go back to it");
            }
            foreach (var open in lane.Open)
            {
                Add(open.Image ?? open.Document.Image, $"{open.Document.Id} is to bring it to {lane.Environment}");
            }
        }
        foreach (var request in journal.OpenRequests(int.MaxValue))
        {
            if (request.Kind is RequestId.Push or RequestId.Tag && JsonSerializer.Deserialize(request.Body, BridgeJson.Default.RequestDocument) is { } document)
            {
                Add(document.Image, $"{document.Id} is not done");
            }
        }
        return kept;

        void Add(string? image, string reason)
        {
            if (image is not null)
            {
                kept.Add(new KeptImage(image, reason));
            }
        }
    }
}
