using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using PipelineBridge.Events;

namespace PipelineBridge.Registry.Oci;

/// <summary>The manifests and blobs of one repository of a registry (distribution-spec 1.1).</summary>
sealed class Repository
{
    const int TagsAtOnce = 1000;
    const int MostPages = 100;

    readonly string scope;

    /// <param name="connection">The registry.</param>
    /// <param name="name">The repository's name in it.</param>
    /// <param name="isWritten">Whether something will be put; then one token is asked for that allows all of it.</param>
    public Repository(RegistryConnection connection, string name, bool isWritten)
        : this(connection, name, isWritten ? Scope.PullAndPush(name) : Scope.Pull(name))
    {
    }

    /// <param name="connection">The registry.</param>
    /// <param name="name">The repository's name in it.</param>
    /// <param name="scope">What a token must allow.</param>
    public Repository(RegistryConnection connection, string name, string scope)
    {
        Connection = connection;
        Name = name;
        this.scope = scope;
    }

    public RegistryConnection Connection { get; }

    public string Name { get; }

    public string Scopes => scope;

    /// <summary>The digest behind a tag or of a digest; null when it is not there.</summary>
    public async Task<string?> Find(string reference, CancellationToken cancellation)
    {
        var answer = await Connection.Send(Read(HttpMethod.Head, reference), cancellation);
        if (answer.Status == HttpStatusCode.NotFound)
        {
            return null;
        }
        if (answer.IsGood && answer.Header("Docker-Content-Digest") is { } digest && ImageReference.IsDigest(digest)
            && (!ImageReference.IsDigest(reference) || digest == reference))
        {
            return digest;
        }
        // The header is optional, and so is HEAD for some registries: the bytes tell.
        return (await Get(reference, cancellation)).Manifest?.Digest;
    }

    /// <summary>The manifest behind a tag or of a digest.</summary>
    /// <exception cref="RegistryFailure">It is not there.</exception>
    public async Task<Manifest> Manifest(string reference, CancellationToken cancellation)
    {
        var (manifest, answer) = await Get(reference, cancellation);
        return manifest ?? throw new RegistryFailure(
            FailureCategory.Image,
            ImageReference.IsDigest(reference) ? $"{Connection.Name}/{Name} has no image {reference}." : $"{Connection.Name}/{Name} has no tag {reference}.",
            answer.Describe(Read(HttpMethod.Get, reference)))
        { NothingMade = true };
    }

    /// <summary>The manifest behind a tag or of a digest; null when it is not there.</summary>
    public async Task<Manifest?> TryManifest(string reference, CancellationToken cancellation) => (await Get(reference, cancellation)).Manifest;

    /// <summary>Puts a manifest under a tag or its digest; what it refers to must be there.</summary>
    public async Task Put(Manifest manifest, string reference, CancellationToken cancellation)
    {
        var request = new RegistryRequest(HttpMethod.Put, ManifestUrl(reference), ImageReference.IsDigest(reference) ? $"store {Shown(reference)}" : $"set the tag {Shown(reference)}", scope)
        {
            Content = _ => new ByteArrayContent(manifest.Bytes) { Headers = { ContentType = new MediaTypeHeaderValue(manifest.MediaType) } },
        };
        var answer = await Connection.Send(request, cancellation);
        if (!answer.IsGood)
        {
            throw Connection.Refused(request, answer);
        }
        if (answer.Header("Docker-Content-Digest") is { } digest && digest != manifest.Digest)
        {
            throw new RegistryFailure(FailureCategory.Registry, $"The registry {Connection.Name} stored {Shown(reference)} under another digest than {manifest.Digest}.", answer.Describe(request));
        }
    }

    /// <summary>All tags; none for a repository that is not there.</summary>
    public async Task<IReadOnlyList<string>> Tags(CancellationToken cancellation)
    {
        var tags = new List<string>();
        var url = Connection.Url($"v2/{Name}/tags/list?n={TagsAtOnce}");
        for (var page = 0; page < MostPages; page++)
        {
            var request = new RegistryRequest(HttpMethod.Get, url, $"list the tags of {Name}", scope) { KeepsBody = true };
            var answer = await Connection.Send(request, cancellation);
            if (answer.Status == HttpStatusCode.NotFound)
            {
                return [];
            }
            if (!answer.IsGood || answer.IsCut)
            {
                throw Connection.Refused(request, answer);
            }
            try
            {
                using var document = JsonDocument.Parse(answer.Body);
                // A repository without tags is null for some registries.
                if (document.RootElement.TryGetProperty("tags", out var list) && list.ValueKind == JsonValueKind.Array)
                {
                    tags.AddRange(list.EnumerateArray().Select(t => t.GetString() ?? "").Where(ImageReference.IsTag));
                }
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                throw new RegistryFailure(FailureCategory.Registry, $"The registry {Connection.Name} gave no list of the tags of {Name}.", e.Message);
            }
            // RFC 5988: <url>; rel="next"
            if (answer.Header("Link") is not { } link || link.IndexOf('>', StringComparison.Ordinal) is not (> 1 and var end) || link[0] != '<')
            {
                return tags;
            }
            url = Connection.Location(url, link[1..end]);
        }
        throw new RegistryFailure(FailureCategory.Registry, $"The registry {Connection.Name} lists more than {MostPages * TagsAtOnce} tags of {Name}.");
    }

    /// <summary>Deletes a manifest, and with it the tags that name it; false when it was gone already.</summary>
    public async Task<bool> Delete(string digest, CancellationToken cancellation)
    {
        var request = new RegistryRequest(HttpMethod.Delete, ManifestUrl(digest), $"delete {Shown(digest)}", scope);
        var answer = await Connection.Send(request, cancellation);
        return answer.Status switch
        {
            HttpStatusCode.NotFound => false,
            HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented => throw new RegistryFailure(
                FailureCategory.Registry, $"The registry {Connection.Name} deletes nothing. For docker-registry it has to be allowed in its own configuration: storage.delete.enabled: true.", answer.Describe(request)),
            _ => answer.IsGood ? true : throw Connection.Refused(request, answer),
        };
    }

    /// <summary>Whether a blob is there.</summary>
    public async Task<bool> HasBlob(string digest, CancellationToken cancellation)
    {
        var request = new RegistryRequest(HttpMethod.Head, Connection.Url($"v2/{Name}/blobs/{digest}"), $"look for the blob {digest}", scope);
        var answer = await Connection.Send(request, cancellation);
        if (answer.Status == HttpStatusCode.NotFound)
        {
            return false;
        }
        // A redirect to the storage says that it is there, too.
        return answer.IsGood || answer.IsRedirect ? true : throw Connection.Refused(request, answer);
    }

    /// <summary>A small blob, such as an image's configuration; null when it is not there or elsewhere.</summary>
    public async Task<byte[]?> SmallBlob(string digest, CancellationToken cancellation)
    {
        var request = new RegistryRequest(HttpMethod.Get, Connection.Url($"v2/{Name}/blobs/{digest}"), $"read the blob {digest}", scope) { KeepsBody = true };
        var answer = await Connection.Send(request, cancellation);
        return answer.IsGood && !answer.IsCut && Oci.Manifest.DigestOf(answer.Body) == digest ? answer.Body : null;
    }

    /// <summary>The end of a blob; null when it is not there, elsewhere, or not given in parts.</summary>
    public async Task<byte[]?> EndOfBlob(string digest, int lastBytes, CancellationToken cancellation)
    {
        var request = new RegistryRequest(HttpMethod.Get, Connection.Url($"v2/{Name}/blobs/{digest}"), $"read the blob {digest}", scope) { KeepsBody = true, LastBytes = lastBytes };
        var answer = await Connection.Send(request, cancellation);
        return answer.Status == HttpStatusCode.PartialContent && answer.Body.Length == lastBytes ? answer.Body : null;
    }

    /// <summary>Takes a blob over from another repository of the same registry; false when that is not done, for whatever reason.</summary>
    public async Task<bool> Mount(string digest, string home, CancellationToken cancellation)
    {
        var request = new RegistryRequest(HttpMethod.Post, Connection.Url($"v2/{Name}/blobs/uploads/?mount={Uri.EscapeDataString(digest)}&from={Uri.EscapeDataString(home)}"),
            $"take the blob {digest} into {Name}", scope, Scope.Pull(home));
        try
        {
            var answer = await Connection.Send(request, cancellation);
            if (answer.IsGood && answer.Status != HttpStatusCode.Created && answer.Header("Location") is { } upload)
            {
                // An upload was opened instead.
                await Connection.Try(new RegistryRequest(HttpMethod.Delete, Connection.Location(request.Url, upload), request.Doing, scope), cancellation);
            }
            return answer.Status == HttpStatusCode.Created;
        }
        catch (RegistryFailure)
        {
            // Who may not read there may still upload here.
            return false;
        }
    }

    async Task<(Manifest? Manifest, RegistryAnswer Answer)> Get(string reference, CancellationToken cancellation)
    {
        var request = Read(HttpMethod.Get, reference) with { KeepsBody = true };
        var answer = await Connection.Send(request, cancellation);
        if (answer.Status == HttpStatusCode.NotFound)
        {
            return (null, answer);
        }
        if (!answer.IsGood)
        {
            throw Connection.Refused(request, answer);
        }
        if (answer.IsCut)
        {
            throw new RegistryFailure(FailureCategory.Image, $"The manifest of {Shown(reference)} is larger than {RegistryConnection.LargestManifestBytes} bytes.");
        }
        if (answer.ContentType is not { } type || !MediaTypes.IsManifest(type))
        {
            throw new RegistryFailure(FailureCategory.Image, $"{Shown(reference)} is of a type that is neither an image nor an index of Docker's or OCI's.", answer.ContentType);
        }
        var manifest = new Manifest(type, answer.Body);
        var said = ImageReference.IsDigest(reference) ? reference : answer.Header("Docker-Content-Digest");
        if (said is not null && ImageReference.IsDigest(said) && said != manifest.Digest)
        {
            throw new RegistryFailure(FailureCategory.Registry, $"The registry {Connection.Name} gave a manifest of {Shown(reference)} that does not match its digest.", $"asked for {said}\ngot {manifest.Digest}");
        }
        return (manifest, answer);
    }

    RegistryRequest Read(HttpMethod method, string reference) =>
        new(method, ManifestUrl(reference), $"read {Shown(reference)}", scope) { Accept = MediaTypes.Manifests };

    Uri ManifestUrl(string reference) => Connection.Url($"v2/{Name}/manifests/{reference}");

    string Shown(string reference) => ImageReference.IsDigest(reference) ? $"{Name}@{reference}" : $"{Name}:{reference}";
}
