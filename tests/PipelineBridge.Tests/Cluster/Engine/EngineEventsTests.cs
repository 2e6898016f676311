using System.Diagnostics;
using System.Text.Json.Nodes;

namespace PipelineBridge.Tests.Cluster.Engine;

/// <summary>What an engine's own events are used for, and that they are not all that is known.</summary>
[Trait("Needs", "root")]
public class EngineEventsTests(EngineFixture fixture) : IClassFixture<EngineFixture>
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Checks_by_command_do_not_wake_the_watch()
    {
        using var scene = new EngineScene(fixture);
        await scene.Deployed(1, await scene.Image("one"), EngineScene.Specification(check: false, more: "health: {command: [/bin/busybox, \"true\"], intervalSeconds: 1}"));
        await using (var changes = scene.NewWatched().Listen())
        {
            // What was on its way of the deployment itself.
            await changes.Wait(TimeSpan.FromSeconds(2), Cancellation);
            var began = Stopwatch.GetTimestamp();
            await changes.Wait(TimeSpan.FromSeconds(4), Cancellation);
            Stopwatch.GetElapsedTime(began).Should().BeGreaterThan(TimeSpan.FromSeconds(3.5));
        }
        await scene.Do(scene.Removal(2));
    }

    [Fact]
    public async Task Many_changes_at_once_are_one_look()
    {
        using var scene = new EngineScene(fixture);
        await scene.Deployed(1, await scene.Image("one"));
        var name = (await scene.Running()).Single();
        await using var changes = scene.NewWatched().Listen();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var changing = Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                await scene.Engine.Call(HttpMethod.Post, $"containers/{name}/update", new JsonObject { ["CpuShares"] = 512 });
            }
        }, Cancellation);
        var began = Stopwatch.GetTimestamp();
        var looks = 0;
        for (; Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(5); looks++)
        {
            await changes.Wait(TimeSpan.FromSeconds(5), Cancellation);
        }
        await enough.CancelAsync();
        await changing;
        looks.Should().BeInRange(2, 21);
    }

    [Fact]
    public async Task How_a_task_ended_is_told_also_when_the_engine_has_forgotten_its_events()
    {
        using var scene = new EngineScene(fixture);
        await scene.Deployed(1, await scene.Image("one"));
        var other = (await scene.Running()).Single();
        using var crashing = new EngineScene(fixture);
        var driver = crashing.NewDriver();
        var plan = ClusterPlan.Of(crashing.App, 1, await scene.Image("crash", before: "echo no database; exit 3"), EngineScene.Specification());
        await driver.Write(plan, null, Cancellation);
        var name = EngineScene.NameOf((await crashing.Containers()).Single());
        // By then the engine waits for some seconds before it starts it once more.
        await ClusterScene.Until(async () => (int)(await scene.Engine.Call(HttpMethod.Get, $"containers/{name}/json"))!["RestartCount"]! >= 7, "its restarts");
        var command = new JsonObject { ["Cmd"] = new JsonArray("true") };
        for (var n = 0; n < 300; n++)
        {
            await scene.Engine.Call(HttpMethod.Post, $"containers/{other}/exec", command.DeepClone());
        }
        var now = await driver.Look(plan.App, Cancellation);
        var why = await driver.Explain(plan, now!, Cancellation);
        why.Cause.Should().StartWith("New tasks end again and again with exit code 3;");
        why.Evidence.Single(e => e.Name == "last exit").Text.Should().MatchRegex("ended [0-9]+ times, last with exit code 3$");
        await driver.Remove(plan.App, Cancellation);
    }
}
