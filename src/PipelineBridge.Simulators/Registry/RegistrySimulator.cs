using Microsoft.AspNetCore.Builder;

namespace PipelineBridge.Simulators.Registry;

/// <summary>A registry written from the OCI distribution specification 1.1, with the behaviour of docker-registry where that is looser.</summary>
/// <remarks>It knows sha256 digests only, and stores no schema 1 manifests. It is no place to keep images: a restart forgets them.</remarks>
public sealed class RegistrySimulator : IAsyncDisposable
{
    readonly SimulatorServer server;
    readonly RegistryContent content;

    RegistrySimulator(SimulatorServer server, RegistryContent content)
    {
        this.server = server;
        this.content = content;
    }

    /// <summary>The root of the server, such as <c>http://127.0.0.1:41003/</c>.</summary>
    public Uri Url => server.Url;

    /// <summary>The registry part of an image's name, such as <c>127.0.0.1:41003</c>.</summary>
    public string Host => server.Url.Authority;

    /// <summary>The requests received.</summary>
    public RequestLog Log => server.Log;

    /// <summary>The faults still to be shown.</summary>
    public FaultScript Faults => server.Faults;

    /// <summary>The repositories, in the order of their names.</summary>
    public IReadOnlyList<string> Repositories => content.Names();

    /// <summary>What moved over the network for all blobs together.</summary>
    public BlobTraffic TotalTraffic => content.TotalTraffic();

    /// <summary>How many upload sessions are open.</summary>
    public int OpenUploads => content.Uploads.Count;

    /// <summary>Starts a registry; it returns once the registry listens.</summary>
    public static async Task<RegistrySimulator> Start(RegistrySimulatorOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        var content = new RegistryContent(new BlobStore(options.BlobDirectory));
        SimulatorServer? server = null;
        var api = new RegistryApi(content, new RegistryAccess(options, () => server!.Url), options);
        server = await SimulatorServer.Start(
            new SimulatorServerOptions
            {
                Name = "registry",
                Description = "It speaks the OCI distribution API below /v2/.",
                Port = options.Port,
                Address = options.Address,
                Time = options.Time,
                Announce = options.Announce,
            },
            app => app.Run(api.Handle),
            cancellation);
        return new RegistrySimulator(server, content);
    }

    /// <summary>Puts an image in without a request; answers its digest.</summary>
    public string Seed(string repository, string? tag, SampleImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        foreach (var (digest, bytes) in image.Blobs)
        {
            content.Blobs.Put(digest, bytes.ToArray());
        }

        content.Write(repository, found =>
        {
            found.Blobs.UnionWith(image.Blobs.Select(blob => blob.Key));
            found.Manifests[image.Digest] = new StoredManifest(MediaTypes.OciImage, image.Manifest);
            if (tag is not null)
            {
                found.Tags[tag] = image.Digest;
            }
        });
        return image.Digest;
    }

    /// <summary>Puts a small image made from a text in without a request; answers its digest.</summary>
    public string SeedImage(string repository, string? tag, string text = "hello") =>
        Seed(repository, tag, SampleImage.Of(text));

    /// <summary>Puts an index over two images, for linux/amd64 and linux/arm64, in without a request; answers its digest.</summary>
    public string SeedIndex(string repository, string? tag, string text = "hello")
    {
        SampleImage[] images = [SampleImage.Of(text), SampleImage.Of(text, platform: "linux/arm64")];
        foreach (var image in images)
        {
            Seed(repository, null, image);
        }

        var index = SampleImage.IndexOf(images);
        var digest = RegistryContent.DigestOf(index);
        content.Write(repository, found =>
        {
            found.Manifests[digest] = new StoredManifest(MediaTypes.OciIndex, index);
            if (tag is not null)
            {
                found.Tags[tag] = digest;
            }
        });
        return digest;
    }

    /// <summary>Takes a tag, or a manifest with its tags, away without a request.</summary>
    public void Remove(string repository, string reference) => content.Write(repository, found =>
    {
        found.Manifests.Remove(reference);
        foreach (var tag in found.Tags.Where(tag => tag.Key == reference || tag.Value == reference).Select(tag => tag.Key).ToList())
        {
            found.Tags.Remove(tag);
        }
    });

    /// <summary>The tags of a repository and the digests they stand for; empty for an unknown repository.</summary>
    public IReadOnlyDictionary<string, string> Tags(string repository) =>
        content.Read(repository, found => new SortedDictionary<string, string>(found.Tags, StringComparer.Ordinal));

    /// <summary>The digest behind a tag; null when there is none.</summary>
    public string? Digest(string repository, string tag) =>
        content.Read(repository, found => found.Tags.GetValueOrDefault(tag));

    /// <summary>The manifest of a digest; null when the repository has none.</summary>
    public StoredManifest? Manifest(string repository, string digest) =>
        content.Read(repository, found => found.Manifests.GetValueOrDefault(digest));

    /// <summary>Whether a blob can be read from a repository.</summary>
    public bool HasBlob(string repository, string digest) => content.Read(repository, found => found.Blobs.Contains(digest));

    /// <summary>What moved over the network for one blob.</summary>
    public BlobTraffic Traffic(string digest) => content.Traffic(digest);

    /// <summary>Stops the registry.</summary>
    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        foreach (var upload in content.Uploads.Values)
        {
            if (content.Uploads.TryRemove(upload.Id, out _))
            {
                await content.Blobs.Discard(upload.Id, upload.Content);
                upload.Dispose();
            }
        }
    }
}
