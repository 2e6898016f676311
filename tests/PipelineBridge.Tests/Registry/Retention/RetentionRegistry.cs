using System.Net;
using System.Text;
using System.Text.Json;
using PipelineBridge.Events;
using PipelineBridge.Registry;
using PipelineBridge.Registry.Retention;
using PipelineBridge.Tests.Simulators.Registry;

namespace PipelineBridge.Tests.Registry.Retention;

/// <summary>A repository of a registry with images whose age a test says.</summary>
sealed class RetentionRegistry(Uri url, string host) : IDisposable
{
    const string Image = "application/vnd.oci.image.manifest.v1+json";
    const string Index = "application/vnd.oci.image.index.v1+json";

    readonly RegistryClient client = new(url);
    readonly RegistryConnections connections = new([new RegistryOptions(host, url)], TimeProvider.System);

    public static DateTimeOffset Day(int day) => new(2026, 11, day, 12, 0, 0, TimeSpan.Zero);

    public ImageReference Repository { get; } = ImageReference.Parse($"{host}/portal");

    /// <summary>Puts an image under tags; its digest.</summary>
    public async Task<string> Put(DateTimeOffset? created, params string[] tags)
    {
        var config = JsonSerializer.SerializeToUtf8Bytes(created is null ? new Dictionary<string, object> { ["of"] = tags } : new Dictionary<string, object> { ["created"] = created, ["of"] = tags });
        var digest = await client.PutBlob("portal", config);
        return await Put(Image, new { schemaVersion = 2, mediaType = Image, config = new { mediaType = "application/vnd.oci.image.config.v1+json", digest, size = config.Length }, layers = Array.Empty<object>() }, tags);
    }

    public Task<string> PutIndex(string[] children, params string[] tags) =>
        Put(Index, new { schemaVersion = 2, mediaType = Index, manifests = children.Select(c => new { mediaType = Image, digest = c, size = 1 }) }, tags);

    public NeededImage Needed(string digestOrTag, string reason) =>
        new(ImageReference.Parse($"{Repository.Name}{(digestOrTag.StartsWith("sha256:", StringComparison.Ordinal) ? "@" : ":")}{digestOrTag}"), reason);

    public Task<RetentionPlan> Plan(int newest, params NeededImage[] needed) =>
        new ImageRetention(connections).Plan(Repository, needed, newest, TestContext.Current.CancellationToken);

    /// <summary>Deletes what the plan says.</summary>
    public async Task Apply(RetentionPlan plan)
    {
        foreach (var image in plan.Images.Where(i => i.IsDeleted))
        {
            (await new ImageRetention(connections).Delete(Repository, image, TestContext.Current.CancellationToken)).Should().BeTrue();
        }
    }

    public async Task<bool> Has(string reference)
    {
        using var answer = await client.Get($"/v2/portal/manifests/{reference}", Image, Index);
        return answer.StatusCode == HttpStatusCode.OK;
    }

    public void Dispose()
    {
        client.Dispose();
        connections.Dispose();
    }

    async Task<string> Put(string type, object manifest, string[] tags)
    {
        var bytes = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(manifest));
        foreach (var tag in tags)
        {
            using var put = await client.Send("PUT", $"/v2/portal/manifests/{tag}", bytes, type);
            put.StatusCode.Should().Be(HttpStatusCode.Created);
        }
        return RegistryClient.DigestOf(bytes);
    }
}
