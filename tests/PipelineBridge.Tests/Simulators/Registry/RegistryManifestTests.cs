using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Simulators.Registry;

namespace PipelineBridge.Tests.Simulators.Registry;

public sealed class RegistryManifestTests : IAsyncLifetime
{
    static readonly SampleImage Image = SampleImage.Of("hello");

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
    public async Task A_pushed_image_is_read_back_by_tag_and_by_digest_with_the_same_bytes()
    {
        await client.PutImage("team/app", "1.0", Image);

        foreach (var reference in new[] { "1.0", Image.Digest })
        {
            using var answer = await client.Get($"/v2/team/app/manifests/{reference}", MediaTypes.OciImage);
            (await answer.Content.ReadAsByteArrayAsync(Cancellation)).Should().Equal(Image.Manifest.ToArray());
            answer.Header("Docker-Content-Digest").Should().Be(Image.Digest);
            answer.Header("Content-Type").Should().Be(MediaTypes.OciImage);
        }

        using var charset = await client.Send("PUT", "/v2/team/app/manifests/1.0", Image.Manifest.ToArray(), MediaTypes.OciImage + "; charset=utf-8");
        charset.StatusCode.Should().Be(HttpStatusCode.Created);
        registry.Tags("team/app").Should().Equal(new Dictionary<string, string> { ["1.0"] = Image.Digest });
        using var head = await client.Send("HEAD", "/v2/team/app/manifests/1.0", headers: ("Accept", MediaTypes.OciImage));
        head.Content.Headers.ContentLength.Should().Be(Image.Manifest.Length);
        using var known = await client.Send("GET", "/v2/team/app/manifests/1.0", headers: [("Accept", MediaTypes.OciImage), ("If-None-Match", $"\"{Image.Digest}\"")]);
        known.StatusCode.Should().Be(HttpStatusCode.NotModified);
    }

    [Fact]
    public async Task Without_the_accept_type_an_oci_manifest_or_index_is_not_found_and_the_message_says_why()
    {
        registry.SeedImage("app", "image");
        registry.SeedIndex("app", "index");

        using var image = await client.Get("/v2/app/manifests/image", "*/*");
        image.StatusCode.Should().Be(HttpStatusCode.NotFound);
        (await image.Errors()).Should().Be(("MANIFEST_UNKNOWN", "OCI manifest found, but accept header does not support OCI manifests"));
        using var index = await client.Get("/v2/app/manifests/index", MediaTypes.OciImage, MediaTypes.DockerList);
        index.StatusCode.Should().Be(HttpStatusCode.NotFound);
        (await index.Errors()).Should().Be(("MANIFEST_UNKNOWN", "OCI index found, but accept header does not support OCI indexes"));
        using var both = await client.Get("/v2/app/manifests/index", $"{MediaTypes.OciImage}, {MediaTypes.OciIndex};q=0.5");
        both.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_docker_list_asked_by_tag_without_its_type_answers_the_image_for_linux_amd64()
    {
        var image = AsDocker(Image.Manifest);
        var list = AsDocker(SampleImage.IndexOf(Image with { Digest = RegistryClient.DigestOf(image), Manifest = image }));
        registry.Seed("app", null, Image);
        using var child = await client.Send("PUT", $"/v2/app/manifests/{RegistryClient.DigestOf(image)}", image, MediaTypes.DockerImage);
        child.StatusCode.Should().Be(HttpStatusCode.Created);
        using var put = await client.Send("PUT", "/v2/app/manifests/1", list, MediaTypes.DockerList);
        put.StatusCode.Should().Be(HttpStatusCode.Created);

        using var answer = await client.Get("/v2/app/manifests/1", MediaTypes.DockerImage);
        answer.Header("Docker-Content-Digest").Should().Be(RegistryClient.DigestOf(image)).And.NotBe(registry.Digest("app", "1"));

        static byte[] AsDocker(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes.Span)
            .Replace(MediaTypes.OciImage, MediaTypes.DockerImage, StringComparison.Ordinal)
            .Replace(MediaTypes.OciIndex, MediaTypes.DockerList, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_manifest_whose_blobs_or_children_are_missing_is_refused_naming_each()
    {
        await client.PutBlob("app", Image.Blobs[0].Value.ToArray());
        using var refused = await client.PutManifest("app", "1.0", Image);
        refused.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await refused.Errors()).Should().Be(("MANIFEST_BLOB_UNKNOWN", "blob unknown to registry"));
        (await refused.Content.ReadAsStringAsync(Cancellation)).Should().Contain(Image.Blobs[1].Key).And.NotContain(Image.Blobs[0].Key);

        using var index = await client.Send("PUT", "/v2/app/manifests/1.0", SampleImage.IndexOf(Image, SampleImage.Of("other")), MediaTypes.OciIndex);
        (await index.Errors()).Codes.Should().Be("MANIFEST_BLOB_UNKNOWN MANIFEST_BLOB_UNKNOWN");
        registry.Tags("app").Should().BeEmpty();
    }

    [Theory]
    [InlineData("not json", MediaTypes.OciImage, "MANIFEST_INVALID")]
    [InlineData("""{"schemaVersion":2}""", MediaTypes.OciImage, "MANIFEST_INVALID")]
    [InlineData("""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","config":{},"layers":[]}""", MediaTypes.OciImage, "MANIFEST_INVALID")]
    [InlineData("""{"schemaVersion":2}""", "text/plain", "MANIFEST_INVALID")]
    public async Task A_manifest_that_is_none_is_refused(string body, string type, string code)
    {
        using var answer = await client.Send("PUT", "/v2/app/manifests/1.0", Encoding.UTF8.GetBytes(body), type);
        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await answer.Errors()).Codes.Should().Be(code);
    }

    [Fact]
    public async Task A_manifest_put_under_another_digest_is_refused()
    {
        registry.Seed("app", null, Image);
        using var answer = await client.PutManifest("app", RegistryClient.DigestOf("x"u8.ToArray()), Image);
        (await answer.Errors()).Codes.Should().Be("DIGEST_INVALID");
    }

    [Theory]
    [InlineData(RegistryFlavor.DistributionSpec11, "a, b", 2)]
    [InlineData(RegistryFlavor.DockerRegistry282, "", 0)]
    public async Task Tags_in_the_query_are_set_and_answered_by_one_flavor_and_ignored_in_silence_by_the_other(
        RegistryFlavor flavor, string answered, int set)
    {
        await DisposeAsync();
        await Begin(new RegistrySimulatorOptions { Flavor = flavor });
        registry.Seed("app", null, Image);
        using var answer = await client.PutManifest("app", $"{Image.Digest}?tag=a&tag=b", Image);

        answer.StatusCode.Should().Be(HttpStatusCode.Created);
        answer.Header("OCI-Tag").Should().Be(answered);
        registry.Tags("app").Should().HaveCount(set);
    }

    [Fact]
    public async Task The_docker_flavor_has_no_route_for_referrers_and_wrong_names_and_deletes_no_tag()
    {
        await DisposeAsync();
        await Begin(new RegistrySimulatorOptions { Flavor = RegistryFlavor.DockerRegistry282 });
        registry.Seed("app", "1", Image);
        foreach (var path in new[] { $"/v2/app/referrers/{Image.Digest}", "/v2/App/tags/list", "/v2/app/manifests/-1" })
        {
            using var none = await client.Get(path);
            none.StatusCode.Should().Be(HttpStatusCode.NotFound);
            (await none.Content.ReadAsStringAsync(Cancellation)).Should().Be("404 page not found\n");
        }

        using var kept = await client.Send("DELETE", "/v2/app/manifests/1");
        (await kept.Errors()).Codes.Should().Be("DIGEST_INVALID");
        registry.Digest("app", "1").Should().Be(Image.Digest);
    }

    [Fact]
    public async Task Deleting_a_tag_keeps_the_manifest_and_deleting_a_manifest_takes_its_tags()
    {
        registry.Seed("app", "1", Image);
        registry.Seed("app", "2", Image);
        using var tag = await client.Send("DELETE", "/v2/app/manifests/1");
        tag.StatusCode.Should().Be(HttpStatusCode.Accepted);
        registry.Manifest("app", Image.Digest).Should().NotBeNull();
        using var manifest = await client.Send("DELETE", $"/v2/app/manifests/{Image.Digest}");
        manifest.StatusCode.Should().Be(HttpStatusCode.Accepted);
        registry.Tags("app").Should().BeEmpty();
        using var gone = await client.Get("/v2/app/manifests/2", MediaTypes.OciImage);
        (await gone.Errors()).Codes.Should().Be("MANIFEST_UNKNOWN");
    }

    [Fact]
    public async Task Lists_come_in_pages()
    {
        foreach (var tag in new[] { "c", "a", "b" })
        {
            registry.Seed("team/app", tag, Image);
        }

        registry.Seed("other", "1", Image);
        using var first = await client.Get("/v2/team/app/tags/list?n=2");
        (await Names(first, "tags")).Should().Equal("a", "b");
        var next = first.Header("Link");
        next.Should().Be("</v2/team/app/tags/list?last=b&n=2>; rel=\"next\"");
        using var second = await client.Get(next[1..next.IndexOf('>', StringComparison.Ordinal)]);
        (await Names(second, "tags")).Should().Equal("c");
        second.Header("Link").Should().BeEmpty();
        using var catalog = await client.Get("/v2/_catalog?n=1");
        (await Names(catalog, "repositories")).Should().Equal("other");
        catalog.Header("Link").Should().Contain("last=other");
        using var unknown = await client.Get("/v2/none/tags/list");
        (await unknown.Errors()).Codes.Should().Be("NAME_UNKNOWN");
    }

    [Fact]
    public async Task Referrers_are_listed_by_their_subject()
    {
        registry.Seed("app", "1", Image);
        var about = JsonNode.Parse(Image.Manifest.Span)!.AsObject();
        about["artifactType"] = "application/example";
        about["subject"] = new JsonObject { ["mediaType"] = MediaTypes.OciImage, ["digest"] = Image.Digest, ["size"] = Image.Manifest.Length };
        using var put = await client.Send("PUT", "/v2/app/manifests/about", Encoding.UTF8.GetBytes(about.ToJsonString()), MediaTypes.OciImage);
        put.Header("OCI-Subject").Should().Be(Image.Digest);

        using var answer = await client.Get($"/v2/app/referrers/{Image.Digest}?artifactType=application/example");
        var found = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!["manifests"]!.AsArray();
        found.Should().ContainSingle().Which!["digest"]!.GetValue<string>().Should().Be(put.Header("Docker-Content-Digest"));
    }

    static async Task<IEnumerable<string>> Names(HttpResponseMessage answer, string list) =>
        JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))![list]!.AsArray().Select(name => name!.GetValue<string>());

    async Task Begin(RegistrySimulatorOptions options)
    {
        registry = await RegistrySimulator.Start(options with { Announce = _ => { } }, Cancellation);
        client = new RegistryClient(registry.Url);
    }
}
