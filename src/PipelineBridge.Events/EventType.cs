using System.Text.Json.Serialization.Metadata;

namespace PipelineBridge.Events;

/// <summary>What an event is to us: see <c>docs/events.md</c>.</summary>
public enum EventRole
{
    /// <summary>Something happened; being journaled is its end.</summary>
    Fact,

    /// <summary>Something somebody posted; it has a receipt and exactly one end.</summary>
    Ask,

    /// <summary>One thing for one stage's queue, with exactly one end. An ask that a stage can do at once is its own work.</summary>
    Work,

    /// <summary>How a work or an ask ended.</summary>
    End,

    /// <summary>A fact that may come again later and differ: its id adds the time observed.</summary>
    Observation,
}

/// <summary>A type of the vocabulary: its full CDEvents name, its two words, what it is to us, and how its content is written.</summary>
public sealed class EventType
{
    internal EventType(string name, EventRole role, bool fromStage, JsonTypeInfo content)
    {
        Name = name;
        Role = role;
        FromStage = fromStage;
        Content = content;
        // dev.cdevents.service.deployed.0.3.0 and dev.cdeventsx.pipelinebridge-deployment.requested.0.1.0
        var parts = name.Split('.');
        var dash = parts[2].IndexOf('-', StringComparison.Ordinal);
        Subject = parts[2][(dash + 1)..];
        Predicate = parts[3];
        IsOurs = dash >= 0;
    }

    /// <summary>The full name, e.g. <c>dev.cdevents.service.deployed.0.3.0</c>.</summary>
    public string Name { get; }

    /// <summary>The first word, without our tool's name: <c>service</c>, <c>deployment</c>.</summary>
    public string Subject { get; }

    /// <summary>The second word: <c>deployed</c>, <c>requested</c>.</summary>
    public string Predicate { get; }

    /// <summary>What the event is to us.</summary>
    public EventRole Role { get; }

    /// <summary>Whether stages write it: an outcome of their work, or what their watchers see. What else comes from a stage is not believed.</summary>
    public bool FromStage { get; }

    /// <summary>Whether it is a type of our own, under <c>dev.cdeventsx.pipelinebridge-</c>.</summary>
    public bool IsOurs { get; }

    /// <summary>The two words with a dot between, as people say it: <c>deployment.requested</c>.</summary>
    public string ShortName => $"{Subject}.{Predicate}";

    /// <summary>The record of <c>subject.content</c>.</summary>
    public Type ContentType => Content.Type;

    internal JsonTypeInfo Content { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
