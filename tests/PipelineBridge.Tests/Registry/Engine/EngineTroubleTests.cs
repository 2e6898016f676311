using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using PipelineBridge.Events;
using PipelineBridge.Registry;
using PipelineBridge.Registry.Engine;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Registry.Engine;

public sealed class EngineTroubleTests
{
    const int Large = 3_000_000;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_layout_of_a_newer_engine_is_pushed()
    {
        await using var registry = await Registry();
        await using var engine = await ScriptedEngine.Start(ScriptedEngine.Layer(1, 1000), ScriptedEngine.Layer(2, Large));
        using var stage = engine.Stage();

        var end = await stage.PushFromEngine($"{registry.Host}/portal:1", engine.Id);

        end.Content.Should().BeOfType<ArtifactPublished>(end.Custom!.Cause);
        (await stage.PushPresent($"{registry.Host}/portal:1", engine.Id)).Content.Should().BeOfType<ArtifactPublished>();
    }

    [Fact]
    public async Task An_engine_that_breaks_off_is_asked_again_later_and_only_for_what_is_missing()
    {
        await using var registry = await Registry();
        await using var engine = await ScriptedEngine.Start(ScriptedEngine.Layer(1, Large), ScriptedEngine.Layer(2, Large));
        using var stage = engine.Stage();
        engine.Gives = async response =>
        {
            await response.Body.WriteAsync(engine.Saved().AsMemory(0, Large + (Large / 2)));
            await response.Body.FlushAsync();
            response.HttpContext.Abort();
        };

        var broken = await stage.PushFromEngine($"{registry.Host}/portal:1");
        engine.Gives = null;
        var end = await stage.PushFromEngine($"{registry.Host}/portal:1", attempts: 2);

        broken.Content.Should().BeOfType<WorkDeferred>();
        broken.Custom!.Cause.Should().Be("The engine build-1 broke off when it was to give an image.");
        end.Custom!.Pushed!.NewBytes.Should().BeInRange(Large, Large + 10_000, "the first layer was there");
    }

    [Fact]
    public async Task What_ends_early_is_no_image()
    {
        await using var registry = await Registry();
        await using var engine = await ScriptedEngine.Start(ScriptedEngine.Layer(1, Large));
        using var stage = engine.Stage();
        // Chunked, so that the answer itself is whole.
        engine.Gives = async response => await response.Body.WriteAsync(engine.Saved().AsMemory(0, Large / 2));

        var end = await stage.PushFromEngine($"{registry.Host}/portal:1");

        end.Content.Should().BeOfType<WorkDeferred>();
        (await stage.PushPresent($"{registry.Host}/portal:1")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Image);
    }

    [Fact]
    public async Task An_engine_that_says_nothing_any_more_is_left()
    {
        await using var registry = await Registry();
        await using var engine = await ScriptedEngine.Start(ScriptedEngine.Layer(1, Large));
        using var stage = engine.Stage(new LeapTime(30));
        engine.Gives = async response =>
        {
            await response.Body.WriteAsync(engine.Saved().AsMemory(0, Large / 2));
            await response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, response.HttpContext.RequestAborted);
        };

        var end = await stage.PushFromEngine($"{registry.Host}/portal:1");

        end.Content.Should().BeOfType<WorkDeferred>();
        end.Custom!.Cause.Should().Be("The engine build-1 broke off when it was to give an image.");
    }

    [Fact]
    public async Task An_image_whose_layer_is_another_one_is_refused()
    {
        await using var registry = await Registry();
        await using var engine = await ScriptedEngine.Start(ScriptedEngine.Layer(1, 1000));
        using var stage = engine.Stage();
        engine.Gives = async response =>
        {
            var saved = engine.Saved();
            saved[2000] ^= 1;
            await response.Body.WriteAsync(saved);
        };

        (await stage.PushFromEngine($"{registry.Host}/portal:1")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Image)
            .Custom!.Cause.Should().Be($"What the engine build-1 gives does not hold every layer of {engine.Id}. An engine with containerd's image store must push by itself: engines.build-1.pushes: itself.");
    }

    [Fact]
    public async Task An_engine_whose_disk_is_full_is_told_with_its_words()
    {
        await using var registry = await Registry();
        await using var engine = await ScriptedEngine.Start(ScriptedEngine.Layer(1, 1000));
        using var stage = engine.Stage();
        engine.Gives = async response =>
        {
            response.StatusCode = 500;
            await response.WriteAsync("""{"message":"write /var/lib/docker/tmp/docker-export-1/layer.tar: no space left on device"}""");
        };

        (await stage.PushFromEngine($"{registry.Host}/portal:1")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Resources)
            .Custom!.Cause.Should().Be("The disk of the engine build-1 is full: it could not give an image.");
        stage.Bridge.EvidencePut.Should().ContainSingle().Which.Text.Should().Contain("no space left on device");
    }

    [Fact]
    public async Task An_engine_that_cannot_be_reached_is_waited_for()
    {
        await using var registry = await Registry();
        using var stage = new RegistryStage(new RegistryStageOptions { Engines = [new EngineOptions("build-1", new Uri("unix:///nowhere/docker.sock"))] });

        var end = await stage.PushFromEngine($"{registry.Host}/portal:1");

        end.Content.Should().BeOfType<WorkDeferred>();
        end.Custom!.Should().Match<CustomData>(c => c.Category == FailureCategory.Image && c.Cause == "The engine build-1 cannot be reached at unix:///nowhere/docker.sock.");
    }

    [Fact]
    public async Task A_work_that_names_an_engine_nobody_knows_is_refused()
    {
        using var stage = new RegistryStage();

        (await stage.PushFromEngine("registry.internal/portal:1")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Configuration)
            .Custom!.Cause.Should().Be("The registry stage knows no engine build-1; known: none.");
    }

    [Theory]
    [InlineData("denied: requested access to the resource is denied", FailureCategory.Registry, "The registry registry.internal does not let the user ci push from the engine build-1.")]
    [InlineData("Get \"https://registry.internal/v2/\": http: server gave HTTP response to HTTPS client", FailureCategory.Configuration, "The engine build-1 does not trust the registry registry.internal: its certificate, or plain HTTP, has to be allowed in the engine's own configuration.")]
    [InlineData("blob upload invalid", FailureCategory.Registry, "The engine build-1 could not push to the registry registry.internal.")]
    public async Task An_error_inside_a_good_answer_is_a_failure(string error, string category, string cause)
    {
        await using var registry = await Registry();
        await using var engine = await ScriptedEngine.Start(ScriptedEngine.Layer(1, 1000));
        using var stage = engine.Stage(null, true, new RegistryOptions("registry.internal", registry.Url, "ci", () => "a-secret-of-ci"));
        engine.Pushes = ScriptedEngine.Says(
            new JsonObject { ["status"] = "The push refers to repository [registry.internal/portal]" },
            new JsonObject { ["errorDetail"] = new JsonObject { ["message"] = error }, ["error"] = error });

        var end = await stage.PushFromEngine("registry.internal/portal:1");

        end.ShouldHaveFailed(category == FailureCategory.Configuration ? WorkEffect.None : WorkEffect.Unknown, category).Custom!.Cause.Should().Be(cause);
        stage.Bridge.EvidencePut.Should().ContainSingle().Which.Text.Should().Be(error);
        engine.Credentials.Should().Contain("a-secret-of-ci", "the engine has to sign in");
    }

    [Fact]
    public async Task A_registry_that_the_engine_does_not_get_through_to_is_waited_for()
    {
        await using var registry = await Registry();
        await using var engine = await ScriptedEngine.Start(ScriptedEngine.Layer(1, 1000));
        using var stage = engine.Stage(null, true, new RegistryOptions("registry.internal", registry.Url));
        var error = "dial tcp 10.0.0.1:443: connect: connection refused";
        engine.Pushes = ScriptedEngine.Says(new JsonObject { ["errorDetail"] = new JsonObject { ["message"] = error }, ["error"] = error });

        (await stage.PushFromEngine("registry.internal/portal:1")).Content.Should().BeOfType<WorkDeferred>();
    }

    [Fact]
    public async Task An_answer_that_ends_before_anything_was_pushed_is_no_success()
    {
        await using var registry = await Registry();
        await using var engine = await ScriptedEngine.Start(ScriptedEngine.Layer(1, 1000));
        using var stage = engine.Stage(null, true, new RegistryOptions("registry.internal", registry.Url));
        engine.Pushes = ScriptedEngine.Says(new JsonObject { ["status"] = "Preparing", ["id"] = "aaaaaaaaaaaa" });

        (await stage.PushFromEngine("registry.internal/portal:1")).Content.Should().NotBeOfType<ArtifactPublished>();
    }

    [Fact]
    public async Task Another_image_that_took_the_name_while_it_was_pushed_is_found()
    {
        await using var registry = await Registry();
        await using var engine = await ScriptedEngine.Start(ScriptedEngine.Layer(1, 1000));
        await using var other = await ScriptedEngine.Start(ScriptedEngine.Layer(2, 1000));
        using var elsewhere = other.Stage(null, false, new RegistryOptions("registry.internal", registry.Url));
        using var stage = engine.Stage(null, true, new RegistryOptions("registry.internal", registry.Url));
        engine.Pushes = async response =>
        {
            // What the engine pushes has the name, and is another one by now.
            var pushed = ImageReference.Parse((await elsewhere.PushFromEngine("registry.internal/portal:1")).Custom!.Image!);
            await ScriptedEngine.Says(new JsonObject { ["aux"] = new JsonObject { ["Tag"] = "1", ["Digest"] = pushed.Digest, ["Size"] = 500 } })(response);
        };

        (await stage.PushFromEngine("registry.internal/portal:1")).ShouldHaveFailed(WorkEffect.Made, FailureCategory.Image)
            .Custom!.Cause.Should().Be("While the engine build-1 pushed portal:1, another image took that name there, and was pushed. Set already: 1.");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task How_a_push_moves_is_told_and_no_more_than_twice_a_second(bool pushesItself)
    {
        await using var registry = await Registry();
        await using var engine = await ScriptedEngine.Start(ScriptedEngine.Layer(1, 40_000), ScriptedEngine.Layer(2, 40_000));
        using var stage = engine.Stage(null, pushesItself, new RegistryOptions("registry.internal", registry.Url));
        engine.Gives = async response =>
        {
            foreach (var piece in engine.Saved().Chunk(2_000))
            {
                await response.Body.WriteAsync(piece);
                await response.Body.FlushAsync();
                await Task.Delay(40);
            }
        };
        engine.Pushes = async response =>
        {
            for (var i = 0; i < 40; i++)
            {
                await ScriptedEngine.Says(new JsonObject { ["status"] = "Pushing", ["id"] = "aaaaaaaaaaaa", ["progressDetail"] = new JsonObject { ["current"] = i * 1000, ["total"] = 40_000 } })(response);
                await Task.Delay(40);
            }
        };

        await stage.PushFromEngine("registry.internal/portal:1");

        var told = stage.Bridge.Told.ToList();
        told.Should().HaveCountGreaterThan(1).And.OnlyContain(e => e.Content is ImageProgressed);
        told.Zip(told.Skip(1)).Should().OnlyContain(p => p.Second.Time - p.First.Time > TimeSpan.FromMilliseconds(450));
        told[^1].Read<ImageProgressed>().Should().Match<ImageProgressed>(p => p.TotalLayers == 2 && p.ReadBytes > 0 && p.TotalBytes >= p.ReadBytes);
    }

    static Task<RegistrySimulator> Registry() => RegistrySimulator.Start(new RegistrySimulatorOptions { Announce = _ => { } }, Cancellation);
}
