using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using PipelineBridge.Events;

namespace PipelineBridge.Registry.Oci;

/// <summary>An OCI image layout: <c>index.json</c> and blobs by digest (image-spec, image-layout.md). What it says is believed only as far as digests prove it.</summary>
/// <param name="root">The directory that nothing may lead out of.</param>
/// <param name="directory">The layout's directory.</param>
/// <param name="name">How the push named it.</param>
sealed class ImageLayout(string root, string directory, string name)
{
    const int MostLinks = 40;

    /// <summary>How a sentence of ours names it.</summary>
    public string Name => $"the layout {name}";

    /// <summary>The image or index that is meant: the only one, else the one whose name is the tag or the image.</summary>
    public Descriptor Choose(ImageReference image)
    {
        var all = Index().Where(d => MediaTypes.IsManifest(d.MediaType)).ToList();
        var found = image.Digest is not null ? all.Where(d => d.Digest == image.Digest).ToList()
            : all.Count == 1 ? all
            : [.. all.Where(d => d.RefName is { } named && (named == image.Tag || named == $"{image.Name}:{image.Tag}" || named == $"{image.Repository}:{image.Tag}"))];
        if (found.DistinctBy(d => d.Digest).Count() == 1)
        {
            return found[0];
        }
        var wanted = image.Digest ?? $"org.opencontainers.image.ref.name {image.Tag}";
        throw new RegistryFailure(
            FailureCategory.Image,
            $"{Capitalized} holds {(all.Count == 1 ? "1 image" : $"{all.Count} images")}, and {(found.Count == 0 ? "none" : "more than one")} is {wanted}.",
            string.Join('\n', all.Take(50).Select(d => $"{d.Digest} {d.RefName}")))
        { NothingMade = true };
    }

    /// <summary>A manifest of the layout, which matches its digest; null when the layout does not have it.</summary>
    public Manifest? Manifest(Descriptor descriptor)
    {
        if (descriptor.SizeBytes > RegistryConnection.LargestManifestBytes)
        {
            throw new RegistryFailure(FailureCategory.Image, $"The manifest {descriptor.Digest} in {Name} is larger than {RegistryConnection.LargestManifestBytes} bytes.") { NothingMade = true };
        }
        using var handle = Open(descriptor);
        if (handle is null)
        {
            return null;
        }
        var manifest = new Manifest(descriptor.MediaType, Bytes(handle, descriptor.SizeBytes));
        return manifest.Digest == descriptor.Digest ? manifest : throw Broken(descriptor.Digest);
    }

    /// <summary>The file of a blob, of the length that its descriptor says; null when the layout does not have it.</summary>
    public SafeFileHandle? Open(Descriptor descriptor)
    {
        var handle = Open(Path.Combine(directory, "blobs", "sha256", descriptor.Digest["sha256:".Length..]));
        if (handle is not null && RandomAccess.GetLength(handle) != descriptor.SizeBytes)
        {
            handle.Dispose();
            throw Broken(descriptor.Digest);
        }
        return handle;
    }

    /// <summary>What to say of content that is not what its digest says.</summary>
    public RegistryFailure Broken(string digest) =>
        new(FailureCategory.Image, $"{Capitalized} is broken: its blob {digest} does not match its digest or its size.");

    /// <summary>What to say when the disk or its rights are in the way.</summary>
    public RegistryFailure Unreadable(Exception e) =>
        new(FailureCategory.Configuration, $"{Capitalized} cannot be read by the registry stage.", e.GetType().Name);

    string Capitalized => "T" + Name[1..];

    IReadOnlyList<Descriptor> Index()
    {
        using var handle = Open(Path.Combine(directory, "index.json"))
            ?? throw new RegistryFailure(FailureCategory.Image, $"{Capitalized} is not there: it has no index.json.") { NothingMade = true };
        var length = RandomAccess.GetLength(handle);
        if (length > RegistryConnection.LargestManifestBytes)
        {
            throw new RegistryFailure(FailureCategory.Image, $"The index.json of {Name} is larger than {RegistryConnection.LargestManifestBytes} bytes.") { NothingMade = true };
        }
        try
        {
            using var document = JsonDocument.Parse(Bytes(handle, length));
            return ManifestParts.Descriptors(document.RootElement, "manifests");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new RegistryFailure(FailureCategory.Image, $"The index.json of {Name} cannot be read.", e.Message) { NothingMade = true };
        }
    }

    SafeFileHandle? Open(string path)
    {
        SafeFileHandle handle;
        try
        {
            // A pipe would wait for its writer for ever; it has no length, nothing of a layout is empty.
            var file = new FileInfo(path);
            if (!file.Exists || ((FileInfo?)file.ResolveLinkTarget(returnFinalTarget: true) ?? file) is not { Exists: true, Length: > 0 })
            {
                return null;
            }
            handle = File.OpenHandle(path, options: FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(e);
        }
        // Asked of the file that is open, so that no link can be turned between the question and the reading.
        var real = Real(handle);
        if (!real.StartsWith(Real(root) + "/", StringComparison.Ordinal))
        {
            handle.Dispose();
            throw new RegistryFailure(FailureCategory.Configuration, $"{Capitalized} leads out of its root by a link.") { NothingMade = true };
        }
        return handle;
    }

    static string Real(SafeFileHandle handle) => new FileInfo($"/proc/self/fd/{handle.DangerousGetHandle()}").LinkTarget
        ?? throw new PlatformNotSupportedException("OCI layouts are read on Linux, where /proc tells which file is open.");

    // Every link on the way resolved, as the kernel does.
    static string Real(string path, int links = 0)
    {
        var real = "/";
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var next = Path.Combine(real, part);
            real = links < MostLinks && new DirectoryInfo(next).LinkTarget is { } target ? Real(Path.GetFullPath(target, real), links + 1) : next;
        }
        return real;
    }

    static byte[] Bytes(SafeFileHandle handle, long length)
    {
        var bytes = new byte[length];
        var at = 0;
        while (at < bytes.Length && RandomAccess.Read(handle, bytes.AsSpan(at), at) is var read and > 0)
        {
            at += read;
        }
        return bytes[..at];
    }
}
