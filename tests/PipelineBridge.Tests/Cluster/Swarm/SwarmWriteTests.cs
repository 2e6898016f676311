using PipelineBridge.Cluster;
using PipelineBridge.Cluster.Engine;
using PipelineBridge.Cluster.Swarm;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Cluster.Swarm;

/// <summary>What a write means that a manager answers by an error.</summary>
public class SwarmWriteTests
{
    const string Specification = "kind: service\nports: [8080]\nhealth: {path: /health}";

    [Theory]
    [InlineData(503, "rpc error: code = Unavailable desc = transport is closing")]
    [InlineData(500, "rpc error: code = DeadlineExceeded desc = context deadline exceeded")]
    [InlineData(500, "rpc error: code = Canceled desc = context canceled")]
    [InlineData(500, "rpc error: code = Unknown desc = raft: stopped")]
    [InlineData(503, "The swarm does not have a leader. It's possible that too few managers are online.")]
    public async Task A_write_that_a_leader_left_unanswered_may_be_made_and_is_looked_for(int status, string message)
    {
        await using var manager = await ScriptedManager.Start();
        (manager.NextAnswer, manager.MakesAllTheSame) = ((status, message), true);
        var outcome = await Roll(manager);
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        manager.Creates.Should().Be(1, "it is found by its labels");
    }

    [Fact]
    public async Task A_write_that_a_leader_left_unanswered_and_did_not_make_is_made_again()
    {
        await using var manager = await ScriptedManager.Start();
        manager.NextAnswer = (503, "rpc error: code = Unavailable desc = transport is closing");
        (await Roll(manager)).ShouldHaveEnded(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health);
        manager.Creates.Should().Be(2);
    }

    [Fact]
    public async Task A_write_that_a_leader_refused_is_not_made()
    {
        await using var manager = await ScriptedManager.Start();
        manager.NextAnswer = (500, "rpc error: code = Internal desc = something in the service");
        var outcome = await Roll(manager);
        outcome.ShouldHaveEnded(WorkResult.Failed, WorkEffect.None, FailureCategory.Cluster);
        outcome.Custom.Cause.Should().Be("The Swarm main did not accept the service.");
        manager.Creates.Should().Be(1);
    }

    /// <summary>A first deployment that is to be given up after a second, for no task comes.</summary>
    static async Task<Outcome> Roll(ScriptedManager manager)
    {
        EngineHostOptions[] hosts = [new("m1", manager.Url, "")];
        using var managers = new SwarmManagers([new EngineHost(hosts[0])]);
        var handler = new ClusterHandler(new SwarmDriver(new SwarmClusterOptions("main", hosts, ["prod"]), managers, TimeProvider.System), TimeProvider.System);
        var work = ClusterWorks.New(new AppKey("written", "prod"), 1, ClusterWorks.Rollout(ClusterScene.Image(1), Specification, null, 1, OnFailure.Rollback), Specification, null);
        return new Outcome(await handler.Handle(work.Item, work.Bridge, TestContext.Current.CancellationToken), work.Bridge);
    }
}
