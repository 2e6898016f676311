namespace PipelineBridge.Tests.Support;

/// <summary>The real time on a clock that is wrong by so much, and that a test may set ahead; waits are real ones.</summary>
sealed class ShiftedTime(TimeSpan by) : TimeProvider
{
    long ticks = by.Ticks;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Volatile.Read(ref ticks));

    /// <summary>Sets it ahead.</summary>
    public void Move(TimeSpan more) => Interlocked.Add(ref ticks, more.Ticks);
}
