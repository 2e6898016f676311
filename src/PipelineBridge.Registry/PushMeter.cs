using System.Collections.Concurrent;

namespace PipelineBridge.Registry;

/// <summary>How far a push is, for who looks on while it goes on.</summary>
public sealed class PushMeter
{
    readonly ConcurrentDictionary<string, (long Bytes, bool WasThere)> blobs = new(StringComparer.Ordinal);
    long total;

    /// <summary>How large the image is; 0 while that is not known.</summary>
    public long TotalBytes => Interlocked.Read(ref total);

    /// <summary>How much of it was sent from here.</summary>
    public long SentBytes => blobs.Values.Where(b => !b.WasThere).Sum(b => b.Bytes);

    /// <summary>How much of it was found in the registry, as far as that was looked for.</summary>
    public long ThereBytes => blobs.Values.Where(b => b.WasThere).Sum(b => b.Bytes);

    /// <summary>Takes how large the image is.</summary>
    public void Measured(long bytes) => Interlocked.Exchange(ref total, bytes);

    /// <summary>Takes how far a blob is sent. One that broke goes on where the registry has it: what counts is where it stands, not what left here.</summary>
    public void Sent(string digest, long bytes) => blobs[digest] = (bytes, false);

    /// <summary>Takes that a blob was found in the registry.</summary>
    public void WasThere(string digest, long bytes) => blobs[digest] = (bytes, true);
}
