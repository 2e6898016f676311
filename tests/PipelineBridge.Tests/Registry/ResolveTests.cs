using PipelineBridge.Events;
using PipelineBridge.Simulators;
using PipelineBridge.Simulators.Registry;

namespace PipelineBridge.Tests.Registry;

public sealed class ResolveTests : IAsyncLifetime
{
    readonly RegistryStage stage = new();
    RegistrySimulator registry = null!;

    public async ValueTask InitializeAsync() =>
        registry = await RegistrySimulator.Start(new RegistrySimulatorOptions { Announce = _ => { } }, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        stage.Dispose();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task A_tag_resolves_to_its_digest_in_one_request()
    {
        var digest = registry.SeedImage("team/portal", "412");

        var end = await stage.Resolve($"{registry.Host}/team/portal:412");

        end.Read<ImageResolved>().Image.Should().Be($"{registry.Host}/team/portal:412@{digest}");
        end.Custom!.Image.Should().Be($"{registry.Host}/team/portal:412@{digest}");
        registry.Log.Requests.Should().ContainSingle().Which.Method.Should().Be("HEAD");
    }

    [Fact]
    public async Task A_tag_on_an_index_resolves_to_the_index()
    {
        var digest = registry.SeedIndex("portal", "412");
        (await stage.Resolve($"{registry.Host}/portal:412")).Read<ImageResolved>().Image.Should().EndWith("@" + digest);
    }

    [Fact]
    public async Task A_docker_list_resolves_to_the_list_and_not_to_one_of_its_images()
    {
        var image = SampleImage.Of("hello");
        registry.Seed("portal", null, image);
        using var client = new Simulators.Registry.RegistryClient(registry.Url);
        var list = System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(SampleImage.IndexOf(image)).Replace(MediaTypes.OciIndex, MediaTypes.DockerList, StringComparison.Ordinal));
        (await client.Send("PUT", "/v2/portal/manifests/412", list, MediaTypes.DockerList)).IsSuccessStatusCode.Should().BeTrue();

        (await stage.Resolve($"{registry.Host}/portal:412")).Read<ImageResolved>().Image.Should().EndWith("@" + Simulators.Registry.RegistryClient.DigestOf(list));
    }

    [Fact]
    public async Task A_digest_that_is_there_is_confirmed()
    {
        var digest = registry.SeedImage("portal", "412");
        var end = await stage.Resolve($"{registry.Host}/portal@{digest}");
        end.Read<ImageResolved>().Image.Should().Be($"{registry.Host}/portal@{digest}");
    }

    [Fact]
    public async Task A_digest_that_is_not_there_fails_with_its_name_and_the_registrys_words_as_evidence()
    {
        registry.SeedImage("portal", "412");
        var digest = "sha256:" + new string('a', 64);

        var end = await stage.Resolve($"{registry.Host}/portal:412@{digest}");

        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Image);
        end.Custom!.Cause.Should().Be($"{registry.Host}/portal has no image {digest}.");
        end.Custom.Evidence.Should().ContainSingle().Which.Blob.Should().StartWith("sha256:");
        stage.Bridge.EvidencePut.Should().ContainSingle().Which.Text.Should().Contain("answered 404").And.Contain("MANIFEST_UNKNOWN: manifest unknown");
    }

    [Fact]
    public async Task A_tag_that_is_not_there_fails()
    {
        var end = await stage.Resolve($"{registry.Host}/nowhere:1");
        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Image);
        end.Custom!.Cause.Should().Be($"{registry.Host}/nowhere has no tag 1.");
    }

    [Theory]
    [InlineData("portal", "\"portal\" names no registry")]
    [InlineData("portal:412", "\"portal:412\" names no registry")]
    [InlineData("registry.internal/Portal:412", "lower-case")]
    [InlineData("registry.internal/portal@sha256:12", "digest that is none")]
    [InlineData("registry.internal/portal", "neither a tag nor a digest")]
    public async Task A_name_that_is_none_fails_and_says_what_would_be_right(string image, string cause)
    {
        var end = await stage.Resolve(image);
        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Image);
        end.Custom!.Cause.Should().Contain(cause);
    }

    [Fact]
    public async Task A_registry_whose_head_has_no_digest_or_is_refused_is_asked_for_the_bytes()
    {
        var digest = registry.SeedImage("portal", "412");
        foreach (var status in new[] { 200, 405 })
        {
            registry.Faults.Add(new Fault { PathPrefix = "/v2/", Method = "HEAD", Status = status });
            (await stage.Resolve($"{registry.Host}/portal:412")).Read<ImageResolved>().Image.Should().EndWith(digest);
        }
    }

    [Fact]
    public async Task A_manifest_that_does_not_match_its_digest_is_not_believed()
    {
        var digest = registry.SeedImage("portal", "412");
        registry.Faults.Add(new Fault { PathPrefix = "/v2/", Method = "HEAD", Status = 405 });
        registry.Faults.Add(new Fault { PathPrefix = "/v2/", Method = "GET", Status = 200, Body = "{}", Headers = new Dictionary<string, string> { ["Content-Type"] = MediaTypes.OciImage } });

        var end = await stage.Resolve($"{registry.Host}/portal@{digest}");
        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Registry);
        end.Custom!.Cause.Should().Contain("does not match its digest");
    }

    [Fact]
    public async Task A_manifest_over_4_MiB_or_of_an_unknown_type_fails()
    {
        registry.SeedImage("portal", "412");
        foreach (var (body, type, cause) in new[]
        {
            (new string(' ', (4 * 1024 * 1024) + 1), MediaTypes.OciImage, "larger than 4194304 bytes"),
            ("{}", "application/vnd.docker.distribution.manifest.v1+prettyjws", "neither an image nor an index"),
        })
        {
            registry.Faults.Add(new Fault { PathPrefix = "/v2/", Method = "HEAD", Status = 405 });
            registry.Faults.Add(new Fault { PathPrefix = "/v2/", Method = "GET", Status = 200, Body = body, Headers = new Dictionary<string, string> { ["Content-Type"] = type } });
            var end = await stage.Resolve($"{registry.Host}/portal:412");
            end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Image);
            end.Custom!.Cause.Should().Contain(cause);
        }
    }
}
