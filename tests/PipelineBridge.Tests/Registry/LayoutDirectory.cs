using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Registry;
using PipelineBridge.Simulators.Registry;

namespace PipelineBridge.Tests.Registry;

/// <summary>A root with OCI layouts in it, on the disk for one test.</summary>
sealed class LayoutDirectory : IDisposable
{
    readonly DirectoryInfo home = Directory.CreateTempSubdirectory("pipelinebridge-layouts-");

    public LayoutDirectory() => Directory.CreateDirectory(Root);

    public string Root => Path.Combine(home.FullName, "root");

    /// <summary>A directory beside the root.</summary>
    public string Outside => home.FullName;

    public RegistryStageOptions Options => new() { Roots = new Dictionary<string, string> { ["builds"] = Root } };

    public string PathOf(string layout, string digest) => Path.Combine(Root, layout, "blobs", "sha256", digest["sha256:".Length..]);

    /// <summary>Writes a layout of images, each with its name or null.</summary>
    public void Write(string layout, params (SampleImage Image, string? Name)[] images)
    {
        foreach (var (image, _) in images)
        {
            Put(layout, image);
        }
        WriteIndex(layout, [.. images.Select(i => Descriptor(MediaTypes.OciImage, i.Image.Manifest.ToArray(), i.Name))]);
    }

    /// <summary>Writes a layout of one index over images; answers the index's digest.</summary>
    public string WriteMany(string layout, params SampleImage[] images)
    {
        foreach (var image in images)
        {
            Put(layout, image);
        }
        var index = SampleImage.IndexOf(images);
        WriteIndex(layout, Descriptor(MediaTypes.OciIndex, index, null));
        return PutBlob(layout, index);
    }

    /// <summary>Writes a layout of one image with one layer of random bytes; answers the digests of image and layer.</summary>
    public (string Image, string Layer) WriteLarge(string layout, long bytes, string imageType = MediaTypes.OciImage)
    {
        var temporary = Path.Combine(home.FullName, "layer");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using (var file = File.Create(temporary))
        {
            var random = new Random(412);
            var piece = new byte[1024 * 1024];
            for (long at = 0; at < bytes; at += piece.Length)
            {
                random.NextBytes(piece);
                var length = (int)Math.Min(piece.Length, bytes - at);
                file.Write(piece, 0, length);
                hash.AppendData(piece, 0, length);
            }
        }
        var layer = "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(layout, layer))!);
        File.Move(temporary, PathOf(layout, layer));
        var config = Encoding.UTF8.GetBytes($$"""{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["{{layer}}"]} }""");
        PutBlob(layout, config);
        var manifest = Encoding.UTF8.GetBytes($$"""
            {"schemaVersion":2,"mediaType":"{{imageType}}",
             "config":{"mediaType":"{{MediaTypes.OciConfig}}","digest":"{{Digest(config)}}","size":{{config.Length}}},
             "layers":[{"mediaType":"{{MediaTypes.OciLayer}}","digest":"{{layer}}","size":{{bytes}}}]}
            """);
        PutBlob(layout, manifest);
        WriteIndex(layout, Descriptor(imageType, manifest, null));
        return (Digest(manifest), layer);
    }

    /// <summary>The bytes of an image's configuration.</summary>
    public byte[] Config(string layout, string image) =>
        File.ReadAllBytes(PathOf(layout, JsonNode.Parse(File.ReadAllBytes(PathOf(layout, image)))!["config"]!["digest"]!.GetValue<string>()));

    public void WriteIndex(string layout, params JsonObject[] descriptors)
    {
        Directory.CreateDirectory(Path.Combine(Root, layout));
        File.WriteAllText(Path.Combine(Root, layout, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
        File.WriteAllText(Path.Combine(Root, layout, "index.json"), new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray([.. descriptors]) }.ToJsonString());
    }

    public string PutBlob(string layout, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(layout, Digest(bytes)))!);
        File.WriteAllBytes(PathOf(layout, Digest(bytes)), bytes);
        return Digest(bytes);
    }

    public static JsonObject Descriptor(string type, byte[] bytes, string? name)
    {
        var descriptor = new JsonObject { ["mediaType"] = type, ["digest"] = Digest(bytes), ["size"] = bytes.Length };
        if (name is not null)
        {
            descriptor["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = name };
        }
        return descriptor;
    }

    public static string Digest(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    public void Dispose() => home.Delete(recursive: true);

    void Put(string layout, SampleImage image)
    {
        foreach (var (_, bytes) in image.Blobs)
        {
            PutBlob(layout, bytes.ToArray());
        }
        PutBlob(layout, image.Manifest.ToArray());
    }
}
