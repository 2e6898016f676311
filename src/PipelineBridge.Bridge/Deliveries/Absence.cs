namespace PipelineBridge.Bridge.Deliveries;

/// <summary>The words for what is not there to do a work.</summary>
public static class Absence
{
    const string OfWorker = "a worker of ";

    /// <summary>The broker cannot be reached.</summary>
    public const string OfBroker = "the broker, which cannot be reached";

    /// <summary>The broker is full.</summary>
    public const string OfRoom = "the broker, which takes nothing for now";

    /// <summary>No process consumes a queue.</summary>
    public static string OfWorkerOf(string stage) => $"{OfWorker}{stage}; none is running";

    /// <summary>Whether a document has to be moved to say it, or not to say it any more.</summary>
    internal static bool Moves(RequestDocument document, string? waitingFor) => waitingFor is not null
        ? document.WaitingFor != waitingFor
        : document.WaitingFor is { } said && (said is OfBroker or OfRoom || said.StartsWith(OfWorker, StringComparison.Ordinal));
}
