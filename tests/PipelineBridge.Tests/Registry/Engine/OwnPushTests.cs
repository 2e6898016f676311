using PipelineBridge.Events;

namespace PipelineBridge.Tests.Registry.Engine;

[Trait("Needs", "root")]
public sealed class OwnPushTests(EngineWithRegistry real) : IClassFixture<EngineWithRegistry>
{
    [Fact]
    public async Task An_engine_pushes_with_the_credentials_of_the_configuration()
    {
        var image = $"{real.Guarded.Host}/own:1";
        var id = await real.Build(image, 1, 2);
        using var stage = real.Stage(pushesItself: true);

        var end = await stage.PushFromEngine(image, id, tags: "latest");

        var digest = ImageReference.Parse(end.Custom!.Image!).Digest!;
        end.ShouldBePublished($"{image}@{digest}").Custom!.Tags.Should().Equal("1", "latest");
        end.Custom!.Pushed!.NewBytes.Should().Be(end.Custom.Pushed.TotalBytes).And.BeInRange(2_200_000, 2_400_000);
        (await stage.PushPresent($"{real.Guarded.Host}/own:latest", id)).ShouldBePublished($"{real.Guarded.Host}/own:latest@{digest}");
    }

    [Fact]
    public async Task A_second_push_finds_the_image_and_a_grown_one_sends_what_is_new()
    {
        var name = $"{real.Registry.Host}/own-grown";
        await real.Build($"{name}:1", 3, 4);
        await real.Build($"{name}:2", 3, 5);
        using var stage = real.Stage(pushesItself: true);

        var first = await stage.PushFromEngine($"{name}:1");
        var again = await stage.PushFromEngine($"{name}:1");
        var grown = await stage.PushFromEngine($"{name}:2");

        again.ShouldBePublished(first.Custom!.Image!).Custom!.Pushed!.NewBytes.Should().Be(0);
        grown.Custom!.Pushed!.NewBytes.Should().BeInRange(1_100_000, 1_200_000);
    }

    [Fact]
    public async Task An_error_inside_the_answer_of_a_push_is_found()
    {
        var image = $"{real.Guarded.Host}/own-guarded:1";
        await real.Build(image, 6);
        using var stage = real.Stage(pushesItself: true, password: "wrong-and-secret");

        // The registry lets the bridge see nothing either, so it is the bridge that is told.
        var end = await stage.PushFromEngine(image);

        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Registry).Custom!.Cause.Should().Contain("refuses the credentials of the user ci");
        stage.Bridge.EvidencePut.Should().NotContain(e => e.Text.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_image_that_has_no_such_name_is_given_it_and_pushed()
    {
        var id = await real.Build("own-of-this-build", 7);
        using var stage = real.Stage(pushesItself: true);

        var end = await stage.PushFromEngine($"{real.Registry.Host}/own-by-id:1", id);

        (await stage.PushPresent($"{real.Registry.Host}/own-by-id:1", id)).ShouldBePublished(end.Custom!.Image!);
    }
}
