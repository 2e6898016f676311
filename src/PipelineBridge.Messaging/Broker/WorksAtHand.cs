using PipelineBridge.Events;

namespace PipelineBridge.Messaging.Broker;

/// <summary>
/// The works that one process has at hand. The relay publishes a work again when the bridge died before it had marked it,
/// so two copies may arrive at once: the second waits here until the first is over, and then finds its effect or its end.
/// </summary>
public sealed class WorksAtHand
{
    readonly Lock gate = new();
    readonly Dictionary<EventId, Turn> turns = [];

    /// <summary>Waits until no other copy of a work is at hand; disposing of what is returned lets the next one go on.</summary>
    /// <exception cref="OperationCanceledException">It was not waited for to the end.</exception>
    public async Task<IDisposable> Take(EventId work, CancellationToken cancellation)
    {
        Turn turn;
        lock (gate)
        {
            if (!turns.TryGetValue(work, out turn!))
            {
                turns[work] = turn = new Turn(this, work);
            }
            turn.Copies++;
        }
        try
        {
            await turn.Free.WaitAsync(cancellation);
        }
        catch
        {
            Leave(turn);
            throw;
        }
        return turn;
    }

    void Leave(Turn turn)
    {
        lock (gate)
        {
            if (--turn.Copies == 0)
            {
                turns.Remove(turn.Work);
                turn.Free.Dispose();
            }
        }
    }

    sealed class Turn(WorksAtHand all, EventId work) : IDisposable
    {
        public EventId Work => work;

        public SemaphoreSlim Free { get; } = new(1, 1);

        /// <summary>How many have it or wait for it.</summary>
        public int Copies { get; set; }

        public void Dispose()
        {
            Free.Release();
            all.Leave(this);
        }
    }
}
