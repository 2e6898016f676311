namespace PipelineBridge.Tests.Support;

/// <summary>The real time on a clock that is wrong by so much.</summary>
sealed class ShiftedTime(TimeSpan by) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
}
