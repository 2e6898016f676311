using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>Decides pushes and tag asks: each is its own work; per tag one is out at a time, and an older one never moves a tag back. Pure.</summary>
public static class ImageDecider
{
    /// <summary>Somebody asked for a push or for tags.</summary>
    public static Decision<ImageState> Asked(ImageState state, CdEvent ask, long sequence, long order, DeciderContext context)
    {
        var decision = new Decision<ImageState>(state);
        var (image, further, queue, kind) = ask.Content switch
        {
            ImagePushRequested push => (ImageReference.Parse(push.Image), push.Tags, Queues.RegistryPush, "push"),
            ImageTagRequested tag => (ImageReference.Parse(tag.From), tag.Tags, Queues.RegistryTag, "tag"),
            _ => throw new ArgumentException($"{ask.Type} asks for no image.", nameof(ask)),
        };
        // A tag ask reads its own tag and sets the further ones; a push sets its own too.
        IReadOnlyList<string> tags = kind == "push" && image.Tag is not null ? [image.Tag, .. further] : [.. further];
        var open = new OpenImage(sequence, order, ask.Custom!.RequestId!, queue, image.Name, [.. tags.Distinct(StringComparer.Ordinal)]);
        var document = new RequestDocument
        {
            Id = open.RequestId,
            Kind = kind,
            App = ask.Custom.App,
            ChainId = ask.ChainId!,
            Sequence = sequence,
            Order = order == sequence ? null : order,
            State = RequestState.Accepted,
            Image = image.ToString(),
            Tags = further,
            AskedAt = ask.Time,
            By = ask.Custom.By,
            Build = ask.Custom.Build,
        };
        if (open.Tags.FirstOrDefault(t => state[TagLane.Key(open.Repository, t)].NewestSet > order) is { } newer)
        {
            decision.Events.Add(new Decided(Superseded(document, newer, context)));
            decision.Moved(document);
            return decision;
        }
        OpenImage? before = null;
        foreach (var key in Keys(open))
        {
            var lane = state[key];
            before ??= lane.Open.Count > 0 ? lane.Open[^1] : null;
            state[key] = lane with { Open = [.. lane.Open, open] };
        }
        if (before is null)
        {
            Give(decision, open, document, context);
        }
        else
        {
            decision.Moved(document with { State = RequestState.Waiting, WaitingFor = $"{before.RequestId}, which sets the same tag" });
        }
        return decision;
    }

    /// <summary>An event of the registry stage for a push or a tag ask.</summary>
    public static Decision<ImageState> Happened(ImageState state, CdEvent e, long sequence, DeciderContext context)
    {
        var decision = new Decision<ImageState>(state);
        var document = state.Document(sequence);
        if (document.HasEnded)
        {
            return decision;
        }
        switch (e.Content)
        {
            case ArtifactPublished:
                Ended(decision, document, context, document with
                {
                    State = RequestState.Succeeded,
                    Image = e.Custom!.Image,
                    Pushed = e.Custom.Pushed,
                    Effect = WorkEffect.Made,
                    Phases = e.Custom.Phases,
                });
                break;
            case WorkEnded ended:
                Ended(decision, document, context, document with
                {
                    State = ended.Result == WorkResult.Superseded ? RequestState.Superseded : RequestState.Failed,
                    Category = e.Custom!.Category,
                    Cause = e.Custom.Cause,
                    Evidence = e.Custom.Evidence,
                    Effect = ended.Effect,
                });
                break;
            case ImageProgressed progressed:
                decision.Moved(document with { Pushing = progressed, WaitingFor = null });
                break;
            case WorkDeferred deferred:
                decision.Moved(document with { WaitingFor = $"{e.Custom!.Cause} It is tried again at {deferred.Until:HH:mm:ss} UTC." });
                break;
        }
        return decision;
    }

    /// <summary>Nobody is there to do it, or is again.</summary>
    public static Decision<ImageState> Waits(ImageState state, long sequence, string? waitingFor)
    {
        var decision = new Decision<ImageState>(state);
        var document = state.Document(sequence);
        if (!document.HasEnded && Absence.Moves(document, waitingFor))
        {
            decision.Moved(document with { WaitingFor = waitingFor });
        }
        return decision;
    }

    static void Ended(Decision<ImageState> decision, RequestDocument document, DeciderContext context, RequestDocument ended)
    {
        decision.Moved(ended with { EndedAt = context.Now, WaitingFor = null, Pushing = null });
        var state = decision.State;
        var image = ImageReference.Parse(document.Image!);
        var tags = document.Kind == "push" && image.Tag is not null ? [image.Tag, .. document.Tags ?? []] : document.Tags ?? [];
        var next = new List<OpenImage>();
        foreach (var key in tags.Distinct(StringComparer.Ordinal).Select(t => TagLane.Key(image.Name, t)))
        {
            var lane = state[key];
            var mine = lane.Open.FirstOrDefault(o => o.Sequence == document.Sequence);
            state[key] = lane = lane with
            {
                Open = [.. lane.Open.Where(o => o.Sequence != document.Sequence)],
                NewestSet = ended.State == RequestState.Succeeded && mine is not null ? Math.Max(lane.NewestSet, mine.Order) : lane.NewestSet,
            };
            if (lane.Open.Count > 0)
            {
                next.Add(lane.Open[0]);
            }
        }
        foreach (var open in next.DistinctBy(o => o.Sequence))
        {
            // Given when it is the first for each of its tags; in the journal's order, so no two wait for each other.
            if (!Keys(open).All(k => state[k].Open[0].Sequence == open.Sequence))
            {
                continue;
            }
            var waiting = state.Document(open.Sequence);
            if (open.Tags.FirstOrDefault(t => state[TagLane.Key(open.Repository, t)].NewestSet > open.Order) is { } newer)
            {
                // While it waited, a newer ask set the tag: it ends by its own event, which frees its tags.
                decision.Events.Add(new Decided(Superseded(waiting, newer, context)));
            }
            else
            {
                Give(decision, open, waiting, context);
            }
        }
    }

    static void Give(Decision<ImageState> decision, OpenImage open, RequestDocument document, DeciderContext context)
    {
        decision.Opened.Add(new Opened(open.Sequence, open.Queue, open.Repository));
        decision.Moved(document with
        {
            State = RequestState.Running,
            WaitingFor = null,
            ReleasedAt = context.Now,
            Phases = new Phases { WaitedSeconds = Math.Round((context.Now - document.AskedAt).TotalSeconds, 3) },
        });
    }

    static CdEvent Superseded(RequestDocument document, string tag, DeciderContext context)
    {
        var ask = RequestId.Parse(document.Id).Ask;
        return BridgeEvents.Make(ask.Then("end"), new WorkEnded(WorkResult.Superseded, WorkEffect.None), context.Now, document.ChainId, ask, new CustomData
        {
            App = document.App,
            RequestId = document.Id,
            WorkId = ask.ToString(),
            Image = document.Image,
            Category = FailureCategory.Image,
            Cause = $"A newer ask set the tag {tag} already; {document.Id} does not move it back.",
        });
    }

    static IEnumerable<string> Keys(OpenImage open) => open.Tags.Select(t => TagLane.Key(open.Repository, t));
}
