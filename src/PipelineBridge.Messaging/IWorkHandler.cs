using PipelineBridge.Events;

namespace PipelineBridge.Messaging;

/// <summary>
/// Does the work of one queue. A handler knows neither broker nor journal; an adapter gives it work and carries away
/// what comes of it. It may be killed between any two lines and is then given the same work again: it looks for the
/// mark of its effect before it makes it again.
/// </summary>
public interface IWorkHandler
{
    /// <summary>
    /// Does the work. The events returned are journaled together; the last of them is the work's end
    /// (<see cref="WorkItem.Done"/>, <see cref="WorkItem.Ended"/>) or its deferral (<see cref="WorkItem.Deferred"/>).
    /// Nothing is returned only for a work that <see cref="IBridgeClient.Standing"/> says is closed.
    /// An exception means a mistake of ours: the work is given again some times, then it is a dead letter.
    /// </summary>
    /// <param name="work">What is to be done.</param>
    /// <param name="bridge">What may be asked of the bridge, and told to it on the way.</param>
    /// <param name="cancellation">Set when the process stops: leave at once, without an end; the work is given again.</param>
    Task<IReadOnlyList<CdEvent>> Handle(WorkItem work, IBridgeClient bridge, CancellationToken cancellation);
}

/// <summary>A standing watcher of a stage, run by exactly one process at a time, from start to stop.</summary>
public interface IWatcher
{
    /// <summary>Its name, for the log and for the exclusive queue that makes it the only one, e.g. <c>cluster.main.watcher</c>.</summary>
    string Name { get; }

    /// <summary>Watches until cancelled; it lives through everything that may happen outside.</summary>
    Task Watch(IBridgeClient bridge, CancellationToken cancellation);
}
