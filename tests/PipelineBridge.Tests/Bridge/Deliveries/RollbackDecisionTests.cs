using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Bridge.Deliveries;

public class RollbackDecisionTests
{
    readonly LaneStory story = new();

    [Fact]
    public void A_second_rollback_goes_one_further_back()
    {
        story.Live(LaneStory.Digest1, "410");
        story.Live(LaneStory.Digest2, "411");
        story.Live(LaneStory.Digest3, "412");

        story.Healthy(story.RollBack());
        story.Lane.Live!.Image.Should().Be(LaneStory.Image(LaneStory.Digest2, "411"));

        story.Healthy(story.RollBack());
        story.Lane.Live!.Image.Should().Be(LaneStory.Image(LaneStory.Digest1, "410"));

        DeploymentRefusals.Rollback(story.Lane, null).Should().Contain("Nothing served before");
    }

    [Fact]
    public void A_rollback_uses_the_specification_of_that_time()
    {
        var first = story.Deploy("registry.internal/portal:411", spec: "sha256:old");
        story.Resolved(first, LaneStory.Image(LaneStory.Digest1, "411"));
        story.Healthy(first);
        var second = story.Deploy(spec: "sha256:new");
        story.Resolved(second, LaneStory.Image(LaneStory.Digest2));
        story.Healthy(second);

        story.RollBack();

        story.Given<DeploymentRolloutRequested>()[^1].Specification.Should().Be("sha256:old");
    }

    [Theory]
    [InlineData("411")]
    [InlineData("sha256:1111111111111111111111111111111111111111111111111111111111111111")]
    [InlineData("11111111")]
    public void A_rollback_may_name_where_to(string to)
    {
        story.Live(LaneStory.Digest1, "411");
        story.Live(LaneStory.Digest2, "412");
        story.Live(LaneStory.Digest3, "413");

        story.RollBack(to);

        story.Given<DeploymentRolloutRequested>()[^1].Image.Should().Be(LaneStory.Image(LaneStory.Digest1, "411"));
    }

    [Fact]
    public void After_a_failure_that_was_left_standing_a_rollback_goes_to_what_served_before_it()
    {
        story.Live(LaneStory.Digest1, "411");
        var bad = story.Deploy();
        story.Resolved(bad, LaneStory.Image(LaneStory.Digest2));
        story.Ended(bad, WorkResult.Failed, WorkEffect.Made);

        story.RollBack();

        story.Given<DeploymentRolloutRequested>()[^1].Image.Should().Be(LaneStory.Image(LaneStory.Digest1, "411"));
    }

    [Fact]
    public void What_a_superseded_or_cancelled_rollout_left_is_rolled_back_to_what_served_before_it()
    {
        story.Live(LaneStory.Digest1, "411");
        var cancelled = story.Deploy();
        story.Resolved(cancelled, LaneStory.Image(LaneStory.Digest2));
        story.Cancel(cancelled);
        story.Ended(cancelled, WorkResult.Cancelled, WorkEffect.Unknown);

        story.RollBack();

        story.Given<DeploymentRolloutRequested>()[^1].Image.Should().Be(LaneStory.Image(LaneStory.Digest1, "411"));
    }
}
