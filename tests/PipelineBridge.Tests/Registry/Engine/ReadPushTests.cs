using PipelineBridge.Events;

namespace PipelineBridge.Tests.Registry.Engine;

[Trait("Needs", "root")]
public sealed class ReadPushTests(EngineWithRegistry real) : IClassFixture<EngineWithRegistry>
{
    string Host => real.Registry.Host;

    [Fact]
    public async Task An_image_that_was_pushed_from_an_engine_is_the_same_when_it_is_pulled()
    {
        var image = $"{Host}/whole:1";
        var id = await real.Build(image, 1, 2, 3);
        using var stage = real.Stage();

        var end = await stage.PushFromEngine(image, id, tags: "latest");

        var digest = ImageReference.Parse(end.Custom!.Image!).Digest!;
        end.ShouldBePublished($"{image}@{digest}").Custom!.Tags.Should().Equal("1", "latest");
        end.Custom!.Pushed!.NewBytes.Should().Be(end.Custom.Pushed.TotalBytes).And.BeInRange(3_300_000, 3_500_000);
        end.Custom.Phases!.PushedSeconds.Should().BePositive();
        await real.Engine.RemoveImage(image);
        foreach (var reference in new[] { $"{Host}/whole@{digest}", $"{Host}/whole:latest" })
        {
            await real.Engine.Pull(reference);
            ((string)(await real.Engine.Call(HttpMethod.Get, $"images/{reference}/json"))!["Id"]!).Should().Be(id);
        }
    }

    [Fact]
    public async Task An_image_that_is_there_already_is_only_looked_for()
    {
        var image = $"{Host}/there:1";
        await real.Build(image, 4, 5);
        using var first = real.Stage();
        var pushed = (await first.PushFromEngine(image)).Custom!.Image!;
        using var stage = real.Stage();

        var again = await stage.PushFromEngine(image);

        again.ShouldBePublished(pushed).Custom!.Pushed!.NewBytes.Should().Be(0);
        again.Custom!.Pushed!.TotalBytes.Should().BeGreaterThan(2_200_000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Only_the_layers_that_are_new_are_sent(bool fromEarlierImages)
    {
        var name = $"{Host}/grown-{fromEarlierImages}".ToLowerInvariant();
        await real.Build($"{name}:1", 6, 7, 8);
        await real.Build($"{name}:2", 6, 7, 9);
        using var first = real.Stage();
        await first.PushFromEngine($"{name}:1");
        // A stage that was started anew knows no layer; what the repository has tells it.
        using var anew = real.Stage();

        var end = await (fromEarlierImages ? anew : first).PushFromEngine($"{name}:2");

        end.Custom!.Pushed!.NewBytes.Should().BeInRange(1_100_000, 1_200_000);
        await real.Engine.RemoveImage($"{name}:2");
        await real.Engine.Pull(end.Custom.Image!.Replace(":2@", "@", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_image_gets_one_digest_from_an_engine_and_from_its_archive()
    {
        var image = $"{Host}/saved:1";
        await real.Build(image, 10, 11);
        await real.Engine.Save(image, Path.Combine(real.Files, "saved.tar"));
        using var stage = real.Stage();

        var fromEngine = await stage.PushFromEngine(image);
        var fromArchive = await stage.PushArchive(image, "saved/saved.tar");

        fromArchive.ShouldBePublished(fromEngine.Custom!.Image!).Custom!.Pushed!.NewBytes.Should().Be(0);
    }

    [Fact]
    public async Task What_an_engines_own_push_brought_there_is_not_sent_again()
    {
        var name = $"{Host}/both";
        await real.Build($"{name}:1", 12, 13);
        var digest = await real.Engine.Push($"{name}:1");
        await real.Build($"{name}:2", 12, 14);
        using var stage = real.Stage();

        (await stage.PushFromEngine($"{name}:1")).ShouldBePublished($"{name}:1@{digest}").Custom!.Pushed!.NewBytes.Should().Be(0);
        (await stage.PushFromEngine($"{name}:2")).Custom!.Pushed!.NewBytes.Should().BeInRange(1_100_000, 1_200_000);
    }

    [Fact]
    public async Task An_image_that_has_a_layer_twice_and_an_empty_one_is_pushed()
    {
        var image = $"{Host}/twice:1";
        var id = await real.Engine.Build(image, "FROM scratch\nCOPY a /a\nCOPY a /a\nWORKDIR /b\nENV C=D\nCMD [\"/a\"]\n", ("a", "the same"u8.ToArray()));
        using var stage = real.Stage();

        var end = await stage.PushFromEngine(image);

        end.Content.Should().BeOfType<ArtifactPublished>(end.Custom!.Cause);
        await real.Engine.RemoveImage(image);
        await real.Engine.Pull(image);
        ((string)(await real.Engine.Call(HttpMethod.Get, $"images/{image}/json"))!["Id"]!).Should().Be(id);
    }

    [Fact]
    public async Task Layers_are_taken_over_from_another_repository_of_the_registry()
    {
        await real.Build($"{Host}/home:1", 15, 16);
        await real.Build($"{Host}/moved:1", 15, 16, 17);
        using var stage = real.Stage();
        await stage.PushFromEngine($"{Host}/home:1");

        var end = await stage.PushFromEngine($"{Host}/moved:1");

        end.Custom!.Pushed!.NewBytes.Should().BeInRange(1_100_000, 1_200_000);
    }

    [Fact]
    public async Task Another_image_behind_the_tag_is_refused_and_nothing_is_pushed()
    {
        var image = $"{Host}/other:1";
        await real.Build(image, 18);
        var other = $"sha256:{new string('a', 64)}";
        using var stage = real.Stage();

        var end = await stage.PushFromEngine(image, other);

        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Image).Custom!.Cause.Should().Be($"On the engine build-1, {image} is not {other}, which was asked for: another image has that name now.");
        (await stage.PushPresent(image)).ShouldHaveFailed(WorkEffect.None, FailureCategory.Image);
    }

    [Fact]
    public async Task An_image_that_has_no_such_name_is_found_by_its_id()
    {
        var id = await real.Build("portal-of-this-build", 19);
        using var stage = real.Stage();

        (await stage.PushFromEngine($"{Host}/by-id:1", id)).Content.Should().BeOfType<ArtifactPublished>();
        (await stage.PushFromEngine($"{Host}/by-id:2")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Image)
            .Custom!.Cause.Should().Be($"The engine build-1 has no image {Host}/by-id:2.");
    }

    [Fact]
    public async Task An_image_that_was_built_anew_moves_its_tag()
    {
        var image = $"{Host}/rebuilt:1";
        await real.Build(image, 20);
        using var stage = real.Stage();
        var first = await stage.PushFromEngine(image);
        var id = await real.Build(image, 21);

        var second = await stage.PushFromEngine(image);

        second.Custom!.Image.Should().NotBe(first.Custom!.Image);
        (await stage.PushPresent(image, id)).Content.Should().BeOfType<ArtifactPublished>();
    }

    [Fact]
    public async Task Wrong_credentials_of_the_registry_are_told_and_not_shown()
    {
        var image = $"{real.Guarded.Host}/guarded:1";
        await real.Build(image, 22);
        using var stage = real.Stage(password: "wrong-and-secret");

        var end = await stage.PushFromEngine(image);

        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Registry).Custom!.Cause.Should().Contain("refuses the credentials of the user ci");
        stage.Bridge.EvidencePut.Should().NotContain(e => e.Text.Contains("secret", StringComparison.Ordinal));
    }
}
