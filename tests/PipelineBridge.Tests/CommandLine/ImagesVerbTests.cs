using System.Text.Json.Nodes;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Tests.Bridge;
using PipelineBridge.Tests.Registry.Retention;

namespace PipelineBridge.Tests.CommandLine;

public class ImagesVerbTests
{
    [Fact]
    public async Task A_plan_says_what_would_go_and_an_apply_deletes_it_but_never_what_can_be_gone_back_to()
    {
        await using var scene = await Scene.Start();

        var plan = await scene.Prune("--plan", "--keep", "1");
        plan.ShouldExit(0);
        plan.Output.Should().MatchRegex($@"{scene.Host}/portal  4 images, 1 to delete").And.Contain("can go back to it").And.Contain("runs as portal on prod")
            .And.Contain("Nothing was changed. To delete 1: the same with --apply.");
        scene.Tags.Should().BeEquivalentTo("1", "2", "3", "4");

        var apply = await scene.Prune("--apply", "--keep", "1");

        apply.ShouldExit(0).Output.Should().MatchRegex("deleted sha256:[0-9a-f]{8}  1").And.Contain("1 deleted. A registry frees the space by its own garbage collection.");
        scene.Tags.Should().BeEquivalentTo("2", "3", "4");
        (await scene.Bridge.Until(await scene.Bridge.Accepted("/v1/rollbacks", new JsonObject { ["app"] = "portal", ["environment"] = "prod" }), "succeeded"))["image"]!.ToString().Should().Contain("portal:2@");
    }

    [Fact]
    public async Task What_was_asked_for_since_the_plan_stays()
    {
        await using var scene = await Scene.Start();
        // The verb has read what is needed, and waits for the registry, while somebody deploys the old one.
        scene.Registry.Faults.Add(new PipelineBridge.Simulators.Fault { PathPrefix = "/v2/portal/tags/list", Method = "GET", Status = 503, Times = 1000 });
        var pruning = new CommandRun(scene.Bridge.Http.BaseAddress!.ToString(), RunningBridge.Key).Run("images", "prune", "--apply", "--keep", "1");
        while (!scene.Registry.Log.Requests.Any(r => r.Path.EndsWith("/tags/list", StringComparison.Ordinal)))
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
        await scene.Deploy(scene.Digests[0], "1");
        scene.Registry.Faults.Clear();

        (await pruning).ShouldExit(0).Output.Should().Contain(", since this began").And.Contain("0 deleted.");

        scene.Tags.Should().BeEquivalentTo("1", "2", "3", "4");
    }

    [Fact]
    public async Task Json_has_the_whole_plan()
    {
        await using var scene = await Scene.Start();

        var plan = JsonNode.Parse((await scene.Prune("--plan", "--keep", "1", "--json")).ShouldExit(0).Output)!;

        plan[0]!["repository"]!.ToString().Should().Be($"{scene.Host}/portal");
        plan[0]!["images"]!.AsArray().Where(i => (bool)i!["isDeleted"]!).Select(i => i!["digest"]!.ToString()).Should().Equal(scene.Digests[0]);
    }

    [Theory]
    [InlineData("Give --plan to see what would be deleted, or --apply to delete it.")]
    [InlineData("Give --plan to see what would be deleted, or --apply to delete it.", "--plan", "--apply")]
    [InlineData("--keep must be a whole number between 1 and 10000.", "--plan", "--keep", "0")]
    [InlineData("Give registry and repository alone, e.g. registry.internal/portal.", "--plan", "--repository", "registry.internal/portal:1")]
    public async Task Wrong_use_is_told_and_nobody_is_asked_to_delete(string message, params string[] arguments)
    {
        await using var scene = await Scene.Start();

        (await scene.Prune(arguments)).ShouldExit(2).All.Should().Contain(message);

        scene.Registry.Log.Requests.Should().NotContain(r => r.Method == "DELETE");
    }

    [Fact]
    public async Task A_registry_that_cannot_be_read_is_told_and_the_exit_says_so()
    {
        await using var scene = await Scene.Start();

        var run = await scene.Prune("--plan", "--registry-url", "http://127.0.0.1:1");

        run.ShouldExit(1).Errors.Should().Contain($"{scene.Host}/portal: The registry {scene.Host} cannot be reached.");
    }

    /// <summary>A bridge that deployed three of the four images of a registry.</summary>
    sealed class Scene : IAsyncDisposable
    {
        RetentionRegistry images = null!;

        public RunningBridge Bridge { get; private set; } = null!;

        public RegistrySimulator Registry { get; private set; } = null!;

        public string Host => Registry.Host;

        public List<string> Digests { get; } = [];

        public IEnumerable<string> Tags => Registry.Tags("portal").Keys;

        public static async Task<Scene> Start()
        {
            var scene = new Scene
            {
                Bridge = await RunningBridge.Start(),
                Registry = await RegistrySimulator.Start(new RegistrySimulatorOptions { Announce = _ => { } }, TestContext.Current.CancellationToken),
            };
            scene.images = new RetentionRegistry(scene.Registry.Url, scene.Host);
            foreach (var tag in new[] { "1", "2", "3", "4" })
            {
                scene.Digests.Add(await scene.images.Put(RetentionRegistry.Day(scene.Digests.Count + 1), tag));
            }
            await scene.Deploy(scene.Digests[1], "2");
            await scene.Deploy(scene.Digests[2], "3");
            return scene;
        }

        public async Task Deploy(string digest, string tag) => await Bridge.Until(await Bridge.Accepted("/v1/deployments", new JsonObject
        {
            ["app"] = "portal",
            ["environment"] = "prod",
            ["image"] = $"{Host}/portal:{tag}@{digest}",
            ["spec"] = new JsonObject { ["id"] = "portal" },
        }), "succeeded");

        public Task<CommandResult> Prune(params string[] arguments) => CommandRun.Fast(Bridge.Http.BaseAddress!).Run(["images", "prune", .. arguments]);

        public async ValueTask DisposeAsync()
        {
            images.Dispose();
            await Registry.DisposeAsync();
            await Bridge.DisposeAsync();
        }
    }
}
