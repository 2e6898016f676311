namespace PipelineBridge.Messaging;

/// <summary>A queue of work, the handler that does it here, and the stage whose name its events carry.</summary>
/// <param name="Queue">The queue's name, one of <see cref="Queues"/>.</param>
/// <param name="Stage">The stage, the last part of its events' source, e.g. <c>registry</c>.</param>
/// <param name="Handler">Does its work.</param>
public sealed record StageQueue(string Queue, string Stage, IWorkHandler Handler);
