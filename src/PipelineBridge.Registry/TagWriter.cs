using System.Collections.Concurrent;
using PipelineBridge.Events;
using PipelineBridge.Registry.Oci;

namespace PipelineBridge.Registry;

/// <summary>Sets tags of one repository to a digest, and knows what stands when it does not get to the end.</summary>
/// <param name="attempts">How often the work was given: above 1, tags may have been set before.</param>
sealed class TagWriter(int attempts)
{
    const int AtOnce = 4;

    readonly ConcurrentBag<string> set = [];
    int begun;
    int refused;

    /// <summary>What the work left behind, one of <see cref="WorkEffect"/>.</summary>
    public string Effect => !set.IsEmpty ? WorkEffect.Made
        : begun > refused || attempts > 1 ? WorkEffect.Unknown
        : WorkEffect.None;

    /// <summary>The tags that were set, as a sentence to add to a cause; empty for none.</summary>
    public string Set => set.IsEmpty ? "" : $" Set already: {string.Join(", ", set.Order(StringComparer.Ordinal))}.";

    /// <summary>Sets those of the tags that are elsewhere. All are tried, so that an end says what stands.</summary>
    /// <param name="where">For tags that were looked up already: the digest that they were found at.</param>
    public async Task Write(Repository repository, Manifest manifest, IReadOnlyList<string> tags, IReadOnlyDictionary<string, string?> where, CancellationToken cancellation)
    {
        var failures = new ConcurrentBag<Exception>();
        await Parallel.ForEachAsync(tags.Where(t => where[t] != manifest.Digest), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation }, async (tag, stop) =>
        {
            Interlocked.Increment(ref begun);
            try
            {
                await repository.Put(manifest, tag, stop);
                set.Add(tag);
            }
            catch (RegistryFailure e)
            {
                Interlocked.Increment(ref refused);
                failures.Add(e);
            }
            catch (RegistryUnavailable e)
            {
                failures.Add(e);
            }
        });
        // What may pass is tried again, also when another tag was refused: then the end is exact.
        if (failures.FirstOrDefault(f => f is RegistryUnavailable) is { } unavailable)
        {
            throw unavailable;
        }
        if (failures.FirstOrDefault() is { } failure)
        {
            throw failure;
        }
    }

    /// <summary>Somebody else begins to set a tag of the ask.</summary>
    public void Begins() => Interlocked.Increment(ref begun);

    /// <summary>Somebody else set it.</summary>
    public void IsSet(string tag) => set.Add(tag);

    /// <summary>Where tags stand now; null for one that is not there.</summary>
    public static async Task<IReadOnlyDictionary<string, string?>> Look(Repository repository, IReadOnlyList<string> tags, CancellationToken cancellation)
    {
        var found = new ConcurrentDictionary<string, string?>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(tags, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation },
            async (tag, stop) => found[tag] = await repository.Find(tag, stop));
        return found;
    }
}
