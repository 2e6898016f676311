using System.Collections.Concurrent;
using Docker.DotNet.Models;
using PipelineBridge.Events;
using PipelineBridge.Registry.Oci;

namespace PipelineBridge.Registry.Engine;

/// <summary>What an engine says while it pushes: one message a line, after a 200 that promises nothing. Each is heard where it is read, so that none is late.</summary>
sealed class PushMessages : IProgress<JSONMessage>
{
    readonly IdleTimeout idle;
    readonly ConcurrentDictionary<string, long> moved = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, bool> done = new(StringComparer.Ordinal);

    public PushMessages(IdleTimeout idle)
    {
        this.idle = idle;
        idle.AllSent();
    }

    /// <summary>What went wrong, in the engine's words.</summary>
    public string? Error { get; private set; }

    /// <summary>The digest of what was pushed.</summary>
    public string? Digest { get; private set; }

    /// <summary>How many layers are in the registry.</summary>
    public int Layers => done.Count;

    /// <summary>How many bytes were moved, before compression.</summary>
    public long Bytes => moved.Values.Sum();

    public void Report(JSONMessage value)
    {
        // A registry may take long to store a layer, and the engine is silent then.
        idle.AllSent();
        if (value.Error is { } error)
        {
            Error ??= error.Message;
        }
        if (value.Aux?.ExtensionData is { } more && more.TryGetValue("Digest", out var digest) && digest.ToString() is { } text && ImageReference.IsDigest(text))
        {
            Digest = text;
        }
        if (value.ID is not { Length: > 0 } layer)
        {
            return;
        }
        switch (value.Status)
        {
            case "Pushing" when value.Progress?.Current is { } current:
                moved[layer] = current;
                break;
            case "Pushed":
                moved.TryAdd(layer, 0);
                done[layer] = true;
                break;
            case { } status when status == "Layer already exists" || status.StartsWith("Mounted from", StringComparison.Ordinal):
                done[layer] = true;
                break;
        }
    }

    /// <summary>How much there is, and how much of it moved. The engine names a layer by the first digits of its DiffID.</summary>
    public PushedSize? Size(EngineImage image, ManifestParts parts)
    {
        if (image.DiffIds.Count != parts.Layers.Count)
        {
            return null;
        }
        var sent = image.DiffIds.Zip(parts.Layers).Where(p => moved.ContainsKey(p.First["sha256:".Length..][..12])).Select(p => p.Second).DistinctBy(b => b.Digest).Sum(b => b.SizeBytes);
        return new PushedSize(parts.Blobs.DistinctBy(b => b.Digest).Sum(b => b.SizeBytes), sent + (parts.Config?.SizeBytes ?? 0));
    }
}
