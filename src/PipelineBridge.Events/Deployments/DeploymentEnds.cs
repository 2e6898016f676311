namespace PipelineBridge.Events;

/// <summary>The app serves the image (or is removed, when asked for that).</summary>
public sealed record DeploymentSucceeded : IEventContent
{
    /// <summary>What served before.</summary>
    public string? PreviousImage { get; init; }

    /// <summary>True when the specification has no health check, so that nothing can be told healthy.</summary>
    public bool? Unchecked { get; init; }

    /// <summary>True when the same image and specification ran already and nothing was done.</summary>
    public bool? AlreadyLive { get; init; }

    /// <summary>True when the app was removed.</summary>
    public bool? Removed { get; init; }

    /// <summary>True when it has host names and its zone has no front end, so that healthy is the end.</summary>
    public bool? NotRouted { get; init; }

    /// <summary>What a person should know all the same.</summary>
    public IReadOnlyList<string>? Warnings { get; init; }
}

/// <summary>A change began, and did not come to its good end.</summary>
/// <param name="Effect">One of <see cref="WorkEffect"/>: what it left.</param>
/// <param name="NowRunning">What runs now, when it is known.</param>
public sealed record DeploymentFailed(string Effect, string? NowRunning = null) : IEventContent;

/// <summary>A newer one of the same app and environment was released before this one came to its end.</summary>
public sealed record DeploymentSuperseded(string Effect, string? ByRequest = null) : IEventContent;

/// <summary>It became impossible before anything was changed on the cluster.</summary>
public sealed record DeploymentRefused : IEventContent;

/// <summary>Somebody took it back.</summary>
public sealed record DeploymentCancelled(string Effect) : IEventContent;

/// <summary>Somebody holds the deployments of an app in an environment: later ones wait.</summary>
/// <param name="Reason">Why, by whoever holds.</param>
/// <param name="Until">When it ends by itself.</param>
public sealed record DeploymentHeld(string Reason, DateTimeOffset Until) : IEventContent;

/// <summary>A hold ended: <c>lifted</c> by somebody, <c>expired</c>, or <c>replaced</c> by another.</summary>
public sealed record DeploymentHoldLifted(string Reason) : IEventContent;
