namespace PipelineBridge.Journal;

public sealed partial class JournalTransaction
{
    /// <summary>Marks an event sent: it is published no more. One that is marked already stays so.</summary>
    public void Sent(long sequence)
    {
        StillOpen();
        change.Sendings[sequence] = null;
    }

    /// <summary>Keeps an event that could not be sent, with an attempt more; what follows it of the same app and environment waits with it.</summary>
    public void NotSent(long sequence, DateTimeOffset waitUntil)
    {
        StillOpen();
        change.Sendings[sequence] = waitUntil.ToUnixTimeMilliseconds();
    }
}
