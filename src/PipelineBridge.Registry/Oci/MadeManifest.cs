using System.Text.Json;

namespace PipelineBridge.Registry.Oci;

/// <summary>The manifest of an image that comes without one, as an engine's own push writes it (Docker image manifest version 2, schema 2).</summary>
static class MadeManifest
{
    public static Manifest Of((string Digest, long SizeBytes) config, IEnumerable<(string Digest, long SizeBytes)> layers)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("schemaVersion", 2);
            json.WriteString("mediaType", MediaTypes.DockerImage);
            json.WritePropertyName("config");
            Write(json, MediaTypes.DockerConfig, config.Digest, config.SizeBytes);
            json.WriteStartArray("layers");
            foreach (var (digest, size) in layers)
            {
                Write(json, MediaTypes.DockerLayer, digest, size);
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return new Manifest(MediaTypes.DockerImage, bytes.ToArray());
    }

    static void Write(Utf8JsonWriter json, string type, string digest, long size)
    {
        json.WriteStartObject();
        json.WriteString("mediaType", type);
        json.WriteNumber("size", size);
        json.WriteString("digest", digest);
        json.WriteEndObject();
    }
}
