using System.Text.RegularExpressions;
using PipelineBridge.Events;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Registry;

/// <summary>The same promises on a real registry.</summary>
[Trait("Needs", "service")]
public sealed partial class DockerRegistryTests : IDisposable
{
    readonly LayoutDirectory layouts = new();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static SampleImage Amd => SampleImage.Of("hello", layers: 6);

    static SampleImage Arm => SampleImage.Of("hello", layers: 2, platform: "linux/arm64");

    public void Dispose() => layouts.Dispose();

    [Theory]
    [InlineData("none")]
    [InlineData("htpasswd")]
    [InlineData("token")]
    public async Task An_index_is_pushed_found_tagged_and_pushed_again_without_a_byte(string access)
    {
        await using var registry = await DockerRegistry.Start(access, Cancellation);
        using var stage = new RegistryStage(layouts.Options with { Registries = access == "none" ? [] : [registry.Options()] });
        var digest = layouts.WriteMany("portal", Amd, Arm);

        var pushed = await stage.PushLayout($"{registry.Host}/team/portal:412", "builds/portal", tags: ["latest"]);

        pushed.ShouldBePublished($"{registry.Host}/team/portal:412@{digest}").Custom!.Pushed!.NewBytes.Should().BeGreaterThan(0).And.Be(pushed.Custom!.Pushed!.TotalBytes);
        (await stage.Resolve($"{registry.Host}/team/portal:latest")).Read<ImageResolved>().Image.Should().EndWith("@" + digest);
        (await stage.Tag($"{registry.Host}/team/portal:412", "prod", "next")).ShouldBePublished($"{registry.Host}/team/portal:412@{digest}");
        foreach (var tag in new[] { "412", "latest", "prod", "next" })
        {
            (await stage.Resolve($"{registry.Host}/team/portal:{tag}")).Read<ImageResolved>().Image.Should().EndWith("@" + digest);
        }

        var again = await stage.PushLayout($"{registry.Host}/team/portal:412", "builds/portal", attempts: 2, tags: ["latest"]);
        again.ShouldBePublished($"{registry.Host}/team/portal:412@{digest}").Custom!.Pushed!.NewBytes.Should().Be(0);
        (await stage.PushPresent($"{registry.Host}/team/portal:412", Arm.Blobs[0].Key)).ShouldBePublished($"{registry.Host}/team/portal:412@{digest}");
        Uploads(registry.Log).Should().Be(10, "eight layers and two configurations, each once");
        registry.Log.Should().NotContain("\"GET /v2/team/portal/blobs/", "no layer is ever read");

        // Another repository of the same registry: all is mounted.
        (await stage.PushLayout($"{registry.Host}/team/other:412", "builds/portal")).ShouldBePublished($"{registry.Host}/team/other:412@{digest}").Custom!.Pushed!.NewBytes.Should().Be(0);
        Uploads(registry.Log).Should().Be(10);
    }

    [Theory]
    [InlineData("htpasswd")]
    [InlineData("token")]
    public async Task Wrong_credentials_fail(string access)
    {
        await using var registry = await DockerRegistry.Start(access, Cancellation);
        using var stage = new RegistryStage(layouts.Options with { Registries = [registry.Options("wrong")] });
        (await stage.Resolve($"{registry.Host}/team/portal:412")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Registry)
            .Custom!.Cause.Should().Be($"The registry {registry.Host} refuses the credentials of the user ci.");
    }

    [Fact]
    public async Task A_digest_and_a_tag_that_are_not_there_fail()
    {
        await using var registry = await DockerRegistry.Start("none", Cancellation);
        using var stage = new RegistryStage();
        foreach (var reference in new[] { ":412", "@sha256:" + new string('a', 64) })
        {
            (await stage.Resolve($"{registry.Host}/portal{reference}")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Image);
        }
        stage.Bridge.EvidencePut.Should().OnlyContain(e => e.Text.Contains("MANIFEST_UNKNOWN", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_large_blob_whose_connection_breaks_is_stored_in_the_end()
    {
        await using var registry = await DockerRegistry.Start("none", Cancellation);
        await using var breaking = new BreakingProxy(registry.Url, afterBytes: 8_000_000);
        using var stage = new RegistryStage(layouts.Options with { Registries = [new PipelineBridge.Registry.RegistryOptions("registry.internal", breaking.Url)] }, new LeapTime(10, upTo: TimeSpan.FromSeconds(30)));
        var (digest, _) = layouts.WriteLarge("portal", 20_000_000);
        (await stage.PushLayout("registry.internal/portal:412", "builds/portal")).ShouldBePublished($"registry.internal/portal:412@{digest}");
        breaking.Broken.Should().Be(1);
    }

    // The access log's line of a finished upload: PUT answered 201.
    static int Uploads(string log) => FinishedUpload().Count(log);

    [GeneratedRegex("\"PUT /v2/[a-z/]+/blobs/uploads/[^\"]+\" 201 ")]
    private static partial Regex FinishedUpload();
}
