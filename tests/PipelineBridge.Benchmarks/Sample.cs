using System.Diagnostics;

namespace PipelineBridge.Benchmarks;

/// <summary>What one round showed: how long each of its operations took, and all of them together.</summary>
sealed record Sample(long[] Ticks, TimeSpan Elapsed)
{
    /// <summary>The processor time that the measured process used meanwhile.</summary>
    public TimeSpan Processor { get; init; }

    public double PerSecond => Ticks.Length / Elapsed.TotalSeconds;

    /// <summary>The rounds of one case as one.</summary>
    public static Sample All(IReadOnlyCollection<Sample> rounds) =>
        new([.. rounds.SelectMany(r => r.Ticks).Order()], TimeSpan.FromTicks(rounds.Sum(r => r.Elapsed.Ticks)))
        {
            Processor = TimeSpan.FromTicks(rounds.Sum(r => r.Processor.Ticks)),
        };

    /// <summary>Processor time of the measured process for one operation.</summary>
    public double ProcessorMicroseconds => Processor.TotalMicroseconds / Ticks.Length;

    /// <summary>The time, in milliseconds, within which this share of the operations was done; of ordered ticks.</summary>
    public double Milliseconds(double share) =>
        Ticks[Math.Min(Ticks.Length - 1, (int)(share * Ticks.Length))] * 1000.0 / Stopwatch.Frequency;
}
