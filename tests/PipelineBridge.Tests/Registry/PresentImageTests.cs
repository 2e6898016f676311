using PipelineBridge.Events;
using PipelineBridge.Simulators.Registry;

namespace PipelineBridge.Tests.Registry;

public sealed class PresentImageTests : IAsyncLifetime
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
    public async Task Its_digest_is_taken_and_its_further_tags_are_set()
    {
        var image = SampleImage.Of("hello", layers: 3);
        registry.Seed("portal", "412", image);

        var end = await stage.PushPresent($"{registry.Host}/portal:412", null, "latest", "v4");

        end.ShouldBePublished($"{registry.Host}/portal:412@{image.Digest}").Custom!.Tags.Should().Equal("412", "latest", "v4");
        end.Custom!.Pushed.Should().Be(new PushedSize(image.Blobs.Sum(b => b.Value.Length), 0));
        end.Custom.Phases!.PushedSeconds.Should().BeGreaterThan(0);
        registry.Digest("portal", "v4").Should().Be(image.Digest);
        registry.TotalTraffic.Should().Be(new BlobTraffic(0, 0, 0, 0));
        registry.Log.Requests.Should().NotContain(r => r.Method == "PUT" && r.Path.EndsWith("/412", StringComparison.Ordinal));
    }

    [Fact]
    public async Task With_a_digest_its_own_tag_is_set_to_it()
    {
        var digest = registry.SeedImage("portal", null);
        (await stage.PushPresent($"{registry.Host}/portal:412@{digest}")).ShouldBePublished($"{registry.Host}/portal:412@{digest}");
        registry.Digest("portal", "412").Should().Be(digest);
    }

    [Fact]
    public async Task The_right_image_id_is_taken_and_another_one_refused_before_a_tag_is_set()
    {
        var image = SampleImage.Of("hello");
        registry.Seed("portal", "412", image);
        (await stage.PushPresent($"{registry.Host}/portal:412", image.Blobs[0].Key, "latest")).ShouldBePublished($"{registry.Host}/portal:412@{image.Digest}");

        var other = "sha256:" + new string('b', 64);
        var end = await stage.PushPresent($"{registry.Host}/portal:412", other, "prod");
        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Image);
        end.Custom!.Cause.Should().Be($"The image in {registry.Host}/portal at 412 is not {other}, which was asked for: another one was put there.");
        registry.Digest("portal", "prod").Should().BeNull();
    }

    [Fact]
    public async Task For_an_index_the_image_id_is_that_of_any_of_its_images()
    {
        var digest = registry.SeedIndex("portal", "412", "hello");
        var second = SampleImage.Of("hello", platform: "linux/arm64");
        (await stage.PushPresent($"{registry.Host}/portal:412", second.Blobs[0].Key)).ShouldBePublished($"{registry.Host}/portal:412@{digest}");
        (await stage.PushPresent($"{registry.Host}/portal:412", digest)).ShouldHaveFailed(WorkEffect.None, FailureCategory.Image);
    }

    [Fact]
    public async Task An_image_that_is_not_there_fails()
    {
        var end = await stage.PushPresent($"{registry.Host}/portal:412", null, "latest");
        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Image);
        end.Custom!.Cause.Should().Be($"{registry.Host}/portal has no tag 412.");
    }

    [Fact]
    public async Task A_source_that_is_not_known_is_a_wrong_configuration()
    {
        var end = await stage.Push(new ImagePushRequested($"{registry.Host}/portal:412", [], PushSource.Engine, Engine: "main"));
        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Configuration);
        end.Custom!.Cause.Should().Contain("engine");
    }
}
