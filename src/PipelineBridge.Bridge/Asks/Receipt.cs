namespace PipelineBridge.Bridge.Asks;

/// <summary>The answer to a write: it is on disk, and this is where to follow it.</summary>
public sealed record Receipt(string Id, string ChainId, string State, long Revision, IReadOnlyList<string> Warnings, string StatusUrl, string TimelineUrl);
