using PipelineBridge.Bridge;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Bridge.Deliveries;

public class RetirementDecisionTests
{
    readonly LaneStory story = new()
    {
        Environments = new Dictionary<string, EnvironmentOptions> { ["prod"] = new() { Zone = "internal", Cluster = "main", ClusterKind = "engine", KeepsOldTasks = true } },
    };

    [Fact]
    public void The_old_tasks_are_retired_at_healthy_and_the_end_does_not_wait()
    {
        var d = story.Deploy();
        story.Resolved(d, LaneStory.Image(LaneStory.Digest1));
        story.Given<DeploymentRetireRequested>().Should().BeEmpty();
        story.Healthy(d);

        story.State(d).Should().Be(RequestState.Succeeded);
        story.Given<DeploymentRetireRequested>().Should().ContainSingle().Which.Should().Be(new DeploymentRetireRequested("main", DeploymentRetireRequested.Old));
    }

    [Fact]
    public void A_cluster_that_ends_them_itself_is_not_asked_to()
    {
        var other = new LaneStory();
        other.Live(LaneStory.Digest1, "411");
        other.Given<DeploymentRetireRequested>().Should().BeEmpty();
    }

    [Fact]
    public void A_failed_rollout_retires_nothing()
    {
        story.Live(LaneStory.Digest1, "411");
        var d = story.Deploy();
        story.Resolved(d, LaneStory.Image(LaneStory.Digest2));
        story.Ended(d, WorkResult.Failed, WorkEffect.TakenBack);
        story.Given<DeploymentRetireRequested>().Should().ContainSingle("only the good one gave it");
    }

    [Fact]
    public void Old_tasks_that_stay_are_an_incident_that_is_over_with_the_next_that_go()
    {
        var first = story.Live(LaneStory.Digest1, "411");
        story.Retired(first, w => w.Ended(WorkResult.Failed, WorkEffect.Unknown, FailureCategory.Cluster, "Old tasks are still there."));
        var detected = story.Events.Single(e => e.Content is IncidentDetected);
        detected.Custom!.Cause.Should().Be("Old tasks are still there.");
        detected.SubjectId.Should().StartWith("prod/portal/retirement/");
        story.State(first).Should().Be(RequestState.Succeeded);

        var second = story.Live(LaneStory.Digest2, "412");
        story.Retired(second, w => w.Done(new DeploymentRetired("main", 2)));
        story.Events.Single(e => e.Content is IncidentResolved).SubjectId.Should().Be(detected.SubjectId);
    }

    [Fact]
    public void One_that_a_newer_deployment_overtook_is_no_incident()
    {
        var first = story.Live(LaneStory.Digest1, "411");
        story.Retired(first, w => w.Ended(WorkResult.Superseded, WorkEffect.Unknown, FailureCategory.Cluster, "A newer deployment took its place."));
        story.Events.Should().NotContain(e => e.Content is IncidentDetected);
    }
}
