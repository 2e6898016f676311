using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Notifications.Chat;

namespace PipelineBridge.Notifications;

/// <summary>
/// Tells one target. A chat that does not answer is tried again some times within half a minute, then the work is
/// deferred; a chat that refuses ends it, with a cause that names the target.
/// </summary>
public sealed class NotificationHandler(SlackChat chat, TimeProvider clock) : IWorkHandler
{
    const int Rounds = 4;
    const int MostQuotes = 4;
    static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    static readonly TimeSpan FirstDeferral = TimeSpan.FromSeconds(30);
    static readonly TimeSpan LongestDeferral = TimeSpan.FromMinutes(5);

    /// <summary>The queue whose work it does.</summary>
    public string Queue => Queues.Notify(chat.Name);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CdEvent>> Handle(WorkItem work, IBridgeClient bridge, CancellationToken cancellation)
    {
        var word = work.Content<NotificationRequested>();
        if (word.Target != chat.Name)
        {
            throw new InvalidOperationException($"The work {work.Id} is for the target {word.Target}, and this is {chat.Name}.");
        }
        var standing = await bridge.Standing(work.Id, cancellation);
        if (standing.State == WorkState.Closed)
        {
            // Its end is journaled: another one would only contradict it.
            return [];
        }
        if (standing.State != WorkState.Open)
        {
            return
            [
                work.Ended(
                    standing.State == WorkState.Cancelled ? WorkResult.Cancelled : WorkResult.Superseded,
                    work.Attempts > 1 ? WorkEffect.Unknown : WorkEffect.None,
                    FailureCategory.Notification,
                    $"The target {chat.Name} was not told: this word was taken back before."),
            ];
        }

        var telling = new Telling(word, Born(work, word))
        {
            Effect = work.Attempts > 1 ? WorkEffect.Unknown : WorkEffect.None,
            Quotes = async c => await Task.WhenAll((word.Reply?.Evidence ?? []).Take(MostQuotes).Select(async e => new Quote(e.Name, await bridge.ReadEvidence(e, c)))),
        };
        var waited = TimeSpan.Zero;
        for (var round = 1; ; round++)
        {
            try
            {
                var handle = await chat.Tell(telling, cancellation);
                return [work.Done(new NotificationDelivered(chat.Name, handle), work.Event.SubjectId)];
            }
            catch (ChatRefusedException refused)
            {
                Evidence[] evidence = refused.Answer is { } answer
                    ? [await bridge.PutEvidence("last answer", answer, cancellation)]
                    : [];
                return [work.Ended(WorkResult.Failed, telling.Effect, FailureCategory.Notification, refused.Message, evidence)];
            }
            catch (ChatUnavailableException unavailable)
            {
                // Every round begins with a look at what stands, so that a post whose answer was lost is not made twice.
                var wait = unavailable.RetryAfter ?? TimeSpan.FromSeconds(1 << (round - 1));
                if (round == Rounds || waited + wait > LongestWait)
                {
                    var until = clock.GetUtcNow() + Longer(wait, Deferral(work.Attempts));
                    return [work.Deferred(until, FailureCategory.Notification, unavailable.Message)];
                }
                await Task.Delay(wait, clock, cancellation);
                waited += wait;
            }
        }
    }

    // A replayed word is born later than the request whose message it may have posted before.
    static DateTimeOffset Born(WorkItem work, NotificationRequested word) => DateTimeOffset.FromUnixTimeMilliseconds(
        RequestId.TryParse(word.Thread, out var request)
            ? Math.Min(work.Id.BirthMilliseconds, request.Ask.BirthMilliseconds)
            : work.Id.BirthMilliseconds);

    static TimeSpan Deferral(int attempts) =>
        FirstDeferral * (1 << Math.Clamp(attempts - 1, 0, 10)) is var wait && wait < LongestDeferral ? wait : LongestDeferral;

    static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
