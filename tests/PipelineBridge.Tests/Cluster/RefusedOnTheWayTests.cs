using PipelineBridge.Cluster;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Cluster;

/// <summary>A cluster that takes a write and then refuses what is still to be done of it.</summary>
public class RefusedOnTheWayTests
{
    [Theory]
    [InlineData(OnFailure.Keep, WorkEffect.Made)]
    [InlineData(OnFailure.Rollback, WorkEffect.TakenBack)]
    public async Task What_is_refused_in_the_middle_is_kept_or_taken_back_as_was_asked(string onFailure, string effect)
    {
        var driver = new HalfTaken();
        var work = ClusterWorks.New(new AppKey("portal", "prod"), 1, ClusterWorks.Rollout(ClusterScene.Image(1), "kind: service", null, 60, onFailure), "kind: service");
        var events = await new ClusterHandler(driver, TimeProvider.System).Handle(work.Item, work.Bridge, TestContext.Current.CancellationToken);
        var outcome = new Outcome(events, work.Bridge);
        outcome.ShouldHaveEnded(WorkResult.Failed, effect, FailureCategory.Resources);
        outcome.Custom.Cause.Should().Be("There is no room for the second task.");
        driver.WasTakenBack.Should().Be(onFailure == OnFailure.Rollback);
    }

    sealed class HalfTaken : IClusterDriver
    {
        AppSnapshot? now;

        public string Cluster => "main";

        public bool WasTakenBack { get; private set; }

        public Task<AppSnapshot?> Look(AppKey app, CancellationToken cancellation) => Task.FromResult(now);

        public bool IsAlready(RolloutPlan plan, AppSnapshot now) => false;

        public Task<string?> Write(RolloutPlan plan, AppSnapshot? now, CancellationToken cancellation)
        {
            this.now = new AppSnapshot
            {
                Definition = "1", WrittenAt = DateTimeOffset.UtcNow, Mark = plan.Mark, Image = plan.Mark.Image, Wanted = 2, HasHealthCheck = true, IsMoving = false,
                Tasks = [new AppTask("1", "h1", 8080, AppTaskState.Starting, true)], Source = "",
            };
            return Task.FromResult<string?>(null);
        }

        public Task Continue(RolloutPlan plan, AppSnapshot now, CancellationToken cancellation) => throw new ClusterRefusedException(FailureCategory.Resources, "There is no room for the second task.");

        public Task TakeBack(RolloutPlan plan, AppSnapshot now, CancellationToken cancellation)
        {
            (WasTakenBack, this.now) = (true, null);
            return Task.CompletedTask;
        }

        public Task<bool> Remove(AppKey app, CancellationToken cancellation) => Task.FromResult(false);

        public Task<FailureExplanation> Explain(RolloutPlan plan, AppSnapshot now, CancellationToken cancellation) => Task.FromResult(new FailureExplanation(FailureCategory.Health, "Not asked for.", []));

        public IClusterChanges Listen(AppKey app) => new Never();
    }

    sealed class Never : IClusterChanges
    {
        public Task Wait(TimeSpan atMost, CancellationToken cancellation) => Task.Delay(atMost, cancellation);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
