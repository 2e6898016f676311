using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PipelineBridge.Simulators.Registry;

/// <summary>A small, valid OCI image made from a text: the same text gives the same digest.</summary>
/// <param name="Digest">The digest of the manifest.</param>
/// <param name="Manifest">The manifest, of type <see cref="MediaTypes.OciImage"/>.</param>
/// <param name="Blobs">The configuration first, then the layers, by digest.</param>
/// <param name="Platform">Operating system and architecture, such as <c>linux/amd64</c>.</param>
public sealed record SampleImage(
    string Digest,
    ReadOnlyMemory<byte> Manifest,
    IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> Blobs,
    string Platform)
{
    // Media types keep their plus sign, as every other tool writes them.
    static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Makes an image whose layers each hold one file with the text in it.</summary>
    public static SampleImage Of(string text, int layers = 1, string platform = "linux/amd64")
    {
        ArgumentNullException.ThrowIfNull(platform);
        var packed = Enumerable.Range(0, layers).Select(layer => Layer($"layer {layer} of {platform}: {text}\n", layer)).ToList();
        var parts = platform.Split('/');
        var config = Encoding.UTF8.GetBytes(new JsonObject
        {
            ["architecture"] = parts[1],
            ["os"] = parts[0],
            ["config"] = new JsonObject { ["Cmd"] = new JsonArray("/hello") },
            ["rootfs"] = new JsonObject
            {
                ["type"] = "layers",
                ["diff_ids"] = new JsonArray([.. packed.Select(layer => (JsonNode)RegistryContent.DigestOf(layer.Tar))]),
            },
        }.ToJsonString(Json));
        var manifest = Encoding.UTF8.GetBytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciImage,
            ["config"] = Descriptor(MediaTypes.OciConfig, config),
            ["layers"] = new JsonArray([.. packed.Select(layer => (JsonNode)Descriptor(MediaTypes.OciLayer, layer.Gzip))]),
        }.ToJsonString(Json));
        return new SampleImage(
            RegistryContent.DigestOf(manifest), manifest,
            [.. packed.Select(layer => layer.Gzip).Prepend(config).Select(blob =>
                KeyValuePair.Create(RegistryContent.DigestOf(blob), (ReadOnlyMemory<byte>)blob))],
            platform);
    }

    /// <summary>The bytes of an index over images, of type <see cref="MediaTypes.OciIndex"/>.</summary>
    public static byte[] IndexOf(params IReadOnlyList<SampleImage> images) => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = MediaTypes.OciIndex,
        ["manifests"] = new JsonArray([.. images.Select(image =>
        {
            var descriptor = Descriptor(MediaTypes.OciImage, image.Manifest.Span);
            descriptor["platform"] = new JsonObject
            {
                ["os"] = image.Platform.Split('/')[0],
                ["architecture"] = image.Platform.Split('/')[1],
            };
            return (JsonNode)descriptor;
        })]),
    }.ToJsonString(Json));

    static JsonObject Descriptor(string mediaType, ReadOnlySpan<byte> bytes) => new()
    {
        ["mediaType"] = mediaType,
        ["digest"] = RegistryContent.DigestOf(bytes),
        ["size"] = bytes.Length,
    };

    static (byte[] Tar, byte[] Gzip) Layer(string text, int number)
    {
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, TarEntryFormat.Ustar, leaveOpen: true))
        {
            writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, $"hello-{number}")
            {
                DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)),
                Mode = UnixFileMode.UserRead | UnixFileMode.UserExecute,
                ModificationTime = DateTimeOffset.UnixEpoch,
            });
        }

        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(tar.ToArray());
        }

        return (tar.ToArray(), packed.ToArray());
    }
}
