using System.Net;
using PipelineBridge.Simulators.Registry;

namespace PipelineBridge.Tests.Simulators.Registry;

public sealed class RegistryUploadTests : IAsyncLifetime
{
    static readonly byte[] Blob = "the bytes of a layer"u8.ToArray();
    static readonly string Digest = RegistryClient.DigestOf(Blob);

    RegistrySimulator registry = null!;
    RegistryClient client = null!;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await Begin(new RegistrySimulatorOptions());

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task A_blob_sent_in_chunks_is_stored_under_its_digest()
    {
        using var opened = await client.Send("POST", "/v2/team/app/blobs/uploads/");
        opened.StatusCode.Should().Be(HttpStatusCode.Accepted);
        opened.Header("Range").Should().Be("0-0");
        using var first = await client.Send("PATCH", opened.Header("Location"), Blob[..8], "application/octet-stream", ("Content-Range", "0-7"));
        first.StatusCode.Should().Be(HttpStatusCode.Accepted);
        first.Header("Range").Should().Be("0-7");
        using var asked = await client.Get(first.Header("Location"));
        asked.StatusCode.Should().Be(HttpStatusCode.NoContent);
        asked.Header("Range").Should().Be("0-7");
        using var second = await client.Send("PATCH", asked.Header("Location"), Blob[8..], "application/octet-stream");
        using var stored = await client.Send("PUT", $"{second.Header("Location")}&digest={Digest}");

        stored.StatusCode.Should().Be(HttpStatusCode.Created);
        stored.Header("Docker-Content-Digest").Should().Be(Digest);
        using var read = await client.Get(stored.Header("Location"));
        (await read.Content.ReadAsByteArrayAsync(Cancellation)).Should().Equal(Blob);
        registry.Traffic(Digest).Should().Be(new BlobTraffic(1, Blob.Length, 0, 1));
        registry.OpenUploads.Should().Be(0);
    }

    [Fact]
    public async Task A_blob_can_be_sent_in_one_request_and_read_in_part()
    {
        using var stored = await client.Send("POST", $"/v2/app/blobs/uploads/?digest={Digest}", Blob, "application/octet-stream");
        stored.StatusCode.Should().Be(HttpStatusCode.Created);

        using var part = await client.Send("GET", $"/v2/app/blobs/{Digest}", headers: ("Range", "bytes=4-8"));
        part.StatusCode.Should().Be(HttpStatusCode.PartialContent);
        (await part.Content.ReadAsStringAsync(Cancellation)).Should().Be("bytes");
        using var head = await client.Send("HEAD", $"/v2/app/blobs/{Digest}");
        head.Content.Headers.ContentLength.Should().Be(Blob.Length);
        head.Header("Docker-Content-Digest").Should().Be(Digest);
        using var beyond = await client.Send("GET", $"/v2/app/blobs/{Digest}", headers: ("Range", "bytes=400-"));
        beyond.StatusCode.Should().Be(HttpStatusCode.RequestedRangeNotSatisfiable);
    }

    [Fact]
    public async Task A_wrong_digest_is_refused_and_nothing_is_stored()
    {
        using var opened = await client.Send("POST", "/v2/app/blobs/uploads/");
        using var refused = await client.Send("PUT", $"{opened.Header("Location")}&digest={Digest}", "else"u8.ToArray(), "application/octet-stream");

        refused.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await refused.Errors()).Should().Be(("DIGEST_INVALID", "provided digest did not match uploaded content"));
        registry.HasBlob("app", Digest).Should().BeFalse();
        using var kept = await client.Get(opened.Header("Location"));
        kept.Header("Range").Should().Be("0-3", "the session and its bytes stay");
        using var atOnce = await client.Send("POST", $"/v2/app/blobs/uploads/?digest={Digest}", "else"u8.ToArray(), "application/octet-stream");
        (await atOnce.Errors()).Codes.Should().Be("DIGEST_INVALID");
        registry.OpenUploads.Should().Be(1, "an upload in one request leaves no session");
    }

    [Fact]
    public async Task A_session_is_continued_only_where_it_stands()
    {
        using var opened = await client.Send("POST", "/v2/app/blobs/uploads/");
        using var first = await client.Send("PATCH", opened.Header("Location"), Blob[..8], "application/octet-stream");

        using var stale = await client.Send("PATCH", opened.Header("Location"), Blob[8..], "application/octet-stream");
        (await stale.Errors()).Codes.Should().Be("BLOB_UPLOAD_INVALID");
        using var gap = await client.Send("PATCH", first.Header("Location"), Blob[9..], "application/octet-stream", ("Content-Range", "9-19"));
        gap.StatusCode.Should().Be(HttpStatusCode.RequestedRangeNotSatisfiable);
        gap.Header("Range").Should().Be("0-7");
    }

    [Fact]
    public async Task An_upload_can_be_given_up()
    {
        using var opened = await client.Send("POST", "/v2/app/blobs/uploads/");
        using var given = await client.Send("DELETE", opened.Header("Location"));
        given.StatusCode.Should().Be(HttpStatusCode.NoContent);
        using var late = await client.Send("PUT", $"{opened.Header("Location")}&digest={Digest}", Blob, "application/octet-stream");
        late.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_mount_moves_no_bytes_and_a_blob_that_is_not_there_must_be_uploaded()
    {
        await client.PutBlob("team/one", Blob);
        using var mounted = await client.Send("POST", $"/v2/team/two/blobs/uploads/?mount={Digest}&from=team/one");
        mounted.StatusCode.Should().Be(HttpStatusCode.Created);
        mounted.Header("Docker-Content-Digest").Should().Be(Digest);
        using var missing = await client.Send("POST", $"/v2/team/three/blobs/uploads/?mount={Digest}&from=team/none");
        missing.StatusCode.Should().Be(HttpStatusCode.Accepted);

        registry.HasBlob("team/two", Digest).Should().BeTrue();
        registry.HasBlob("team/three", Digest).Should().BeFalse("blobs belong to repositories");
        registry.TotalTraffic.Should().Be(new BlobTraffic(1, Blob.Length, 1, 0));
    }

    [Fact]
    public async Task The_docker_flavor_opens_a_session_where_the_specification_stores_at_once()
    {
        await DisposeAsync();
        await Begin(new RegistrySimulatorOptions { Flavor = RegistryFlavor.DockerRegistry282 });
        using var answer = await client.Send("POST", $"/v2/app/blobs/uploads/?digest={Digest}", Blob, "application/octet-stream");
        answer.StatusCode.Should().Be(HttpStatusCode.Accepted);
        registry.HasBlob("app", Digest).Should().BeFalse();
    }

    async Task Begin(RegistrySimulatorOptions options)
    {
        registry = await RegistrySimulator.Start(options with { Announce = _ => { } }, Cancellation);
        client = new RegistryClient(registry.Url);
    }
}
