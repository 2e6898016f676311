using System.Text.Json.Serialization;
using PipelineBridge.Journal;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Journal;

/// <summary>Keeps the writer busy with a change of its own, so that the changes after it wait and go into one commit.</summary>
sealed class HeldWriter : IDisposable
{
    readonly ManualResetEventSlim release = new();

    public HeldWriter(EventJournal journal)
    {
        using var begun = new ManualResetEventSlim();
        _ = journal.Write(_ =>
        {
            begun.Set();
            return release.Wait(Patience.Bound);
        });
        if (!begun.Wait(Patience.Bound))
        {
            throw new TimeoutException("The writer did not begin.");
        }
    }

    public void Release() => release.Set();

    public void Dispose() => release.Set();
}

sealed record Lane(int Newest)
{
    public double Rate { get; init; }
}

[JsonSerializable(typeof(Lane))]
sealed partial class LaneJson : JsonSerializerContext;
