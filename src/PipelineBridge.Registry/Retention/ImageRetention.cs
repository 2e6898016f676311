using System.Collections.Concurrent;
using System.Text.Json;
using PipelineBridge.Events;
using PipelineBridge.Registry.Oci;

namespace PipelineBridge.Registry.Retention;

/// <summary>
/// Plans which images of a repository are deleted, and deletes them by the registry's API. What is needed stays, with what
/// belongs to it; so do the newest, and what nobody knows the age of.
/// </summary>
/// <param name="connections">The registries.</param>
public sealed class ImageRetention(RegistryConnections connections)
{
    const int AtOnce = 8;

    /// <summary>The plan for one repository. Nothing is changed.</summary>
    /// <param name="repository">The repository, <c>registry/repository</c>.</param>
    /// <param name="needed">What must stay; those of other repositories are passed over.</param>
    /// <param name="newest">How many stay in any case, the newest first.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="RetentionException">The registry cannot be read.</exception>
    public Task<RetentionPlan> Plan(ImageReference repository, IReadOnlyList<NeededImage> needed, int newest, CancellationToken cancellation) => Told(async () =>
    {
        ArgumentNullException.ThrowIfNull(repository);
        var source = new Repository(connections.To(repository.Registry), repository.Repository, isWritten: false);
        var images = await Images(source, cancellation);
        var reasons = Needed(images, [.. needed.Where(n => n.Image.Name == repository.Name)]);
        // What has no age may be the newest.
        var byAge = images.OrderByDescending(i => i.CreatedAt ?? DateTimeOffset.MaxValue).ThenByDescending(i => i.Tags[0], NumbersInside.Comparer).ToList();
        foreach (var image in byAge.Where(i => i.Subject is null).Take(newest))
        {
            reasons.TryAdd(image.Digest, newest == 1 ? "is the newest" : $"is one of the newest {newest}");
        }
        foreach (var image in byAge.Where(i => i.CreatedAt is null && i.Subject is null))
        {
            reasons.TryAdd(image.Digest, "does not say when it was made");
        }
        KeepParts(byAge, reasons);
        return new RetentionPlan(repository.Name, [.. byAge.Select(i => new PlannedImage(i.Digest, i.Tags, i.CreatedAt, !reasons.ContainsKey(i.Digest), reasons.GetValueOrDefault(i.Digest, "")))]);
    });

    /// <summary>Deletes one manifest with its tags; false when it was gone.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="image">As the plan has it.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="RetentionException">The registry does not delete it.</exception>
    public Task<bool> Delete(ImageReference repository, PlannedImage image, CancellationToken cancellation) => Told(async () =>
    {
        ArgumentNullException.ThrowIfNull(repository);
        ArgumentNullException.ThrowIfNull(image);
        return await new Repository(connections.To(repository.Registry), repository.Repository, Scope.PullAndDelete(repository.Repository)).Delete(image.Digest, cancellation);
    });

    static async Task<List<Found>> Images(Repository source, CancellationToken cancellation)
    {
        var all = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation };
        var behind = new ConcurrentDictionary<string, ConcurrentBag<string>>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(await source.Tags(cancellation), all, async (tag, stop) =>
        {
            if (await source.Find(tag, stop) is { } digest)
            {
                behind.GetOrAdd(digest, _ => []).Add(tag);
            }
        });
        var found = new ConcurrentBag<Found>();
        await Parallel.ForEachAsync(behind, all, async (image, stop) =>
        {
            if (await source.TryManifest(image.Key, stop) is { } manifest)
            {
                var parts = ManifestParts.Of(manifest, $"{source.Connection.Name}/{source.Name}");
                string[] tags = [.. image.Value.Order(NumbersInside.Comparer)];
                found.Add(new Found(image.Key, tags, [.. parts.Children.Select(c => c.Digest)], await CreatedAt(source, parts, stop), SubjectOf(tags)));
            }
        });
        return [.. found];
    }

    static async Task<DateTimeOffset?> CreatedAt(Repository source, ManifestParts parts, CancellationToken cancellation)
    {
        if (parts.Config is null)
        {
            var first = parts.Children.FirstOrDefault(c => MediaTypes.IsManifest(c.MediaType) && !MediaTypes.IsIndex(c.MediaType));
            return first is not null && await source.TryManifest(first.Digest, cancellation) is { } child ? await CreatedAt(source, ManifestParts.Of(child, source.Name), cancellation) : null;
        }
        if (await source.SmallBlob(parts.Config.Digest, cancellation) is not { } bytes)
        {
            return null;
        }
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return document.RootElement.TryGetProperty("created", out var created) && created.ValueKind == JsonValueKind.String && created.TryGetDateTimeOffset(out var time) ? time : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    static Dictionary<string, string> Needed(List<Found> images, IReadOnlyList<NeededImage> needed)
    {
        var reasons = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (image, reason) in needed)
        {
            // What runs by digest stays also where its tag moved on; what has no digest yet stays by its tag.
            var digest = image.Digest ?? images.Find(i => image.Tag is not null && i.Tags.Contains(image.Tag))?.Digest;
            if (digest is not null)
            {
                reasons.TryAdd(digest, reason);
            }
        }
        return reasons;
    }

    /// <summary>An index needs its images, signatures and the like (<c>sha256-….sig</c>) stay as long as what they are of.</summary>
    static void KeepParts(List<Found> images, Dictionary<string, string> reasons)
    {
        var have = images.ToDictionary(i => i.Digest, StringComparer.Ordinal);
        foreach (var index in images.Where(i => reasons.ContainsKey(i.Digest)).ToList())
        {
            foreach (var child in index.Children)
            {
                reasons.TryAdd(child, $"is part of {index.Tags[0]}");
            }
        }
        foreach (var companion in images.Where(i => i.Subject is not null))
        {
            // Of something that has no tag here: whether that is needed is known by its digest alone.
            if (!have.TryGetValue(companion.Subject!, out var subject) || reasons.ContainsKey(subject.Digest))
            {
                reasons.TryAdd(companion.Digest, $"belongs to {subject?.Tags[0] ?? companion.Subject}");
            }
        }
    }

    /// <summary>What a tag like <c>sha256-….sig</c> is of (cosign; OCI referrers tag schema); null for an image of its own.</summary>
    static string? SubjectOf(string[] tags)
    {
        var hex = tags[0].StartsWith("sha256-", StringComparison.Ordinal) ? tags[0]["sha256-".Length..].Split('.')[0] : "";
        return tags.Length == 1 && ImageReference.IsDigest($"sha256:{hex}") ? $"sha256:{hex}" : null;
    }

    static async Task<T> Told<T>(Func<Task<T>> act)
    {
        try
        {
            return await act();
        }
        catch (RegistryFailure e)
        {
            throw new RetentionException(e.Message, e.EvidenceText, e);
        }
        catch (RegistryUnavailable e)
        {
            throw new RetentionException(e.Message, null, e);
        }
    }

    /// <summary>A manifest that has a tag.</summary>
    sealed record Found(string Digest, string[] Tags, string[] Children, DateTimeOffset? CreatedAt, string? Subject);
}
