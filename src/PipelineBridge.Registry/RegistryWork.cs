using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Registry;

/// <summary>How a work of the registry stage ends, for every handler alike.</summary>
static class RegistryWork
{
    // The bridge bounds the whole; these only keep a registry that comes back from being asked too often.
    static readonly TimeSpan[] Deferrals =
        [TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(5)];

    static readonly TimeSpan LongestAsked = TimeSpan.FromHours(1);

    /// <summary>Does the work and turns what went wrong into its end or its deferral.</summary>
    public static async Task<IReadOnlyList<CdEvent>> Run(WorkItem work, IBridgeClient bridge, TimeProvider clock, TagWriter? tags, Func<Task<CdEvent>> act, CancellationToken cancellation)
    {
        try
        {
            return [await act()];
        }
        catch (RegistryUnavailable e)
        {
            var wait = Deferrals[Math.Clamp(work.Attempts - 1, 0, Deferrals.Length - 1)];
            if (e.RetryAfter is { } asked && asked > wait)
            {
                wait = asked < LongestAsked ? asked : LongestAsked;
            }
            return [work.Deferred(clock.GetUtcNow() + wait, e.Category, e.Message)];
        }
        catch (RegistryFailure e)
        {
            var evidence = e.EvidenceText is null ? null : new[] { await bridge.PutEvidence("last answer", e.EvidenceText, cancellation) };
            var effect = (e.NothingMade && work.Attempts == 1) || tags is null ? WorkEffect.None : tags.Effect;
            return [work.Ended(WorkResult.Failed, effect, e.Category, e.Message + tags?.Set, evidence)];
        }
    }

    /// <summary>The end of a work that the journal wants no more, before its first effect; null to go on.</summary>
    public static async Task<IReadOnlyList<CdEvent>?> Unwanted(WorkItem work, IBridgeClient bridge, CancellationToken cancellation) =>
        (await bridge.Standing(work.Id, cancellation)).State switch
        {
            // Its end is journaled: another one would only contradict it.
            WorkState.Closed => [],
            WorkState.Cancelled => [work.Ended(WorkResult.Cancelled, Before(work), FailureCategory.Image, "Its request was cancelled.")],
            WorkState.Superseded => [work.Ended(WorkResult.Superseded, Before(work), FailureCategory.Image, "A newer request took its place.")],
            _ => null,
        };

    /// <summary>The image that an ask names.</summary>
    public static ImageReference Image(string text) => ImageReference.TryParse(text, out var image, out var wrong)
        ? image!
        : throw new RegistryFailure(FailureCategory.Image, wrong!) { NothingMade = true };

    /// <summary>Its digest, else its tag.</summary>
    public static string Reference(ImageReference image) => image.Digest ?? image.Tag
        ?? throw new RegistryFailure(FailureCategory.Image, $"{image} has neither a tag nor a digest; it must be registry/repository:tag.") { NothingMade = true };

    static string Before(WorkItem work) => work.Attempts > 1 ? WorkEffect.Unknown : WorkEffect.None;
}
