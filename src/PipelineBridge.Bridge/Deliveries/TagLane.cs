namespace PipelineBridge.Bridge.Deliveries;

/// <summary>The pushes and tag asks that set one tag of one repository: one is with the registry stage at a time, in the order of the journal.</summary>
public sealed record TagLane
{
    /// <summary>Those without an end, oldest first; the first may be with its stage.</summary>
    public IReadOnlyList<OpenImage> Open { get; init; } = [];

    /// <summary>The sequence of the newest that set the tag; an older one never moves it back.</summary>
    public long NewestSet { get; init; }

    /// <summary>The key of a tag's lane in the journal's state.</summary>
    public static string Key(string repository, string tag) => $"tag/{repository}:{tag}";
}

/// <summary>A push or a tag ask without an end.</summary>
/// <param name="Sequence">The sequence of its event.</param>
/// <param name="Order">The sequence by which it wins or loses; a replay's is that of its original.</param>
/// <param name="RequestId">Its whole name.</param>
/// <param name="Queue">The queue of its work.</param>
/// <param name="Repository">The repository, with registry.</param>
/// <param name="Tags">All the tags that it sets.</param>
public sealed record OpenImage(long Sequence, long Order, string RequestId, string Queue, string Repository, IReadOnlyList<string> Tags);

/// <summary>The lanes and documents that a decision about images may read; what it changes is kept apart.</summary>
public sealed class ImageState(Func<string, TagLane?> lane, Func<long, RequestDocument?> document)
{
    /// <summary>The lanes that changed.</summary>
    public Dictionary<string, TagLane> Changed { get; } = new(StringComparer.Ordinal);

    /// <summary>The lane of a tag.</summary>
    public TagLane this[string key]
    {
        get => Changed.TryGetValue(key, out var changed) ? changed : lane(key) ?? new TagLane();
        set => Changed[key] = value;
    }

    /// <summary>The document of a request, by the sequence of its ask.</summary>
    public RequestDocument Document(long sequence) => document(sequence) ?? throw new InvalidOperationException($"The journal has no request of sequence {sequence}.");
}
