using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Simulators.Registry;

namespace PipelineBridge.Tests.Registry;

/// <summary>A tar archive of images, written entry by entry for one test.</summary>
sealed class ArchiveFile(string path) : IDisposable
{
    readonly MemoryStream bytes = new();
    readonly List<JsonObject> saved = [];
    TarWriter? writer;

    TarWriter Writer => writer ??= new TarWriter(bytes, TarEntryFormat.Pax, leaveOpen: true);

    /// <summary>The archive of an OCI layout in a directory, as <c>tar -C layout -cf x.tar .</c> writes it.</summary>
    public static void OfLayout(string directory, string path) => TarFile.CreateFromDirectory(directory, path, includeBaseDirectory: false);

    public ArchiveFile Put(string name, byte[] content)
    {
        Writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
        return this;
    }

    public ArchiveFile Link(string name, string target)
    {
        Writer.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, name) { LinkName = target });
        return this;
    }

    /// <summary>An image as docker save writes it: configuration, and layers that are plain tars.</summary>
    /// <param name="image">The image.</param>
    /// <param name="names">Its names in the archive.</param>
    /// <param name="keepsCompression">Whether layers stay compressed, as builders without an engine write them.</param>
    public ArchiveFile Save(SampleImage image, string[] names, bool keepsCompression = false)
    {
        var config = image.Blobs[0].Value.ToArray();
        var layers = new JsonArray();
        foreach (var (digest, content) in image.Blobs.Skip(1))
        {
            var layer = $"{digest["sha256:".Length..]}/layer.tar";
            Put(layer, keepsCompression ? content.ToArray() : Plain(content.ToArray()));
            layers.Add(layer);
        }
        return Save(config, names, layers);
    }

    public ArchiveFile Save(byte[] config, string[] names, JsonArray layers)
    {
        var name = $"{LayoutDirectory.Digest(config)["sha256:".Length..]}.json";
        Put(name, config);
        saved.Add(new JsonObject { ["Config"] = name, ["RepoTags"] = new JsonArray([.. names.Select(n => (JsonNode)n)]), ["Layers"] = layers });
        return this;
    }

    public static byte[] Plain(byte[] gzip)
    {
        using var plain = new MemoryStream();
        using (var stream = new GZipStream(new MemoryStream(gzip), CompressionMode.Decompress))
        {
            stream.CopyTo(plain);
        }
        return plain.ToArray();
    }

    public string Write(int cutBytes = 0)
    {
        if (saved.Count > 0)
        {
            Put("manifest.json", Encoding.UTF8.GetBytes(new JsonArray([.. saved]).ToJsonString()));
        }
        writer?.Dispose();
        File.WriteAllBytes(path, bytes.ToArray()[..^cutBytes]);
        return path;
    }

    public void Dispose() => bytes.Dispose();
}
