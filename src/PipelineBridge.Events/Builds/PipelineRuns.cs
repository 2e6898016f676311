namespace PipelineBridge.Events;

/// <summary>A build stands in the build server's queue.</summary>
public sealed record PipelineRunQueued(string? PipelineName = null, string? Uri = null) : IEventContent;

/// <summary>A build runs.</summary>
public sealed record PipelineRunStarted(string PipelineName, string Uri) : IEventContent;

/// <summary>A build ended; its outcome is <c>success</c>, <c>failure</c>, <c>cancel</c> or <c>error</c>.</summary>
public sealed record PipelineRunFinished(string? PipelineName = null, string? Uri = null, string? Outcome = null, string? Errors = null) : IEventContent;
