using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Bridge.Deliveries;

public class HoldAndCancelDecisionTests
{
    readonly LaneStory story = new();

    [Fact]
    public void A_held_environment_lets_asks_wait_and_says_why()
    {
        story.Hold();
        var d = story.Deploy();
        story.Resolved(d, LaneStory.Image(LaneStory.Digest1));

        story.State(d).Should().Be(RequestState.Waiting);
        story.Documents[d].WaitingFor.Should().Contain("release freeze");
        story.Given<DeploymentRolloutRequested>().Should().BeEmpty();
    }

    [Fact]
    public void At_the_end_of_a_hold_only_the_newest_that_waits_is_released()
    {
        story.Hold();
        var first = story.Deploy();
        story.Resolved(first, LaneStory.Image(LaneStory.Digest1));
        var second = story.Deploy("registry.internal/portal:413");
        story.Resolved(second, LaneStory.Image(LaneStory.Digest2, "413"));

        story.Lift();

        story.State(first).Should().Be(RequestState.Superseded);
        story.State(second).Should().Be(RequestState.Running);
        story.Given<DeploymentRolloutRequested>().Should().ContainSingle();
    }

    [Fact]
    public void A_rollback_passes_a_hold()
    {
        story.Live(LaneStory.Digest1, "411");
        story.Live(LaneStory.Digest2, "412");
        story.Hold();

        var r = story.RollBack();

        story.State(r).Should().Be(RequestState.Running);
        story.Given<DeploymentRolloutRequested>()[^1].Image.Should().Be(LaneStory.Image(LaneStory.Digest1, "411"));
    }

    [Fact]
    public void What_rolls_goes_on_under_a_hold()
    {
        var d = story.Deploy();
        story.Resolved(d, LaneStory.Image(LaneStory.Digest1));
        story.Hold();
        story.Healthy(d);

        story.State(d).Should().Be(RequestState.Succeeded);
    }

    [Fact]
    public void A_waiting_one_is_cancelled_at_once()
    {
        var d = story.Deploy();
        story.Cancel(d);

        story.State(d).Should().Be(RequestState.Cancelled);
        story.Documents[d].Cause.Should().Contain("ann");
        story.Given<DeploymentCancelRequested>().Should().BeEmpty();
    }

    [Fact]
    public void A_rolling_one_is_cancelled_by_its_stage_and_then_ends()
    {
        var d = story.Deploy();
        story.Resolved(d, LaneStory.Image(LaneStory.Digest1));
        story.Cancel(d);

        story.State(d).Should().Be(RequestState.Running);
        story.Given<DeploymentCancelRequested>().Should().ContainSingle();

        story.Cancel(d);
        story.Given<DeploymentCancelRequested>().Should().ContainSingle("a cancel is given once");

        story.Ended(d, WorkResult.Cancelled, WorkEffect.TakenBack);
        story.State(d).Should().Be(RequestState.Cancelled);
        story.Ends(d).Should().Be(1);
    }

    [Fact]
    public void One_that_has_its_end_cannot_be_cancelled_and_is_told_what_to_do()
    {
        var d = story.Live(LaneStory.Digest1, "411");

        DeploymentRefusals.Cancel(story.Lane, d).Should().Contain("pipelinebridge rollback portal prod");
    }

    [Fact]
    public void When_its_taking_back_began_is_kept_and_told_once()
    {
        var id = story.Deploy();
        story.Resolved(id, LaneStory.Image(LaneStory.Digest1));
        story.Now = story.Now.AddSeconds(30);
        var began = story.Now;
        story.TakingBack(id);
        story.Now = story.Now.AddSeconds(6);
        story.TakingBack(id);
        story.Ended(id, WorkResult.Failed, WorkEffect.TakenBack);
        story.Documents[id].TakingBackAt.Should().Be(began);
    }
}
