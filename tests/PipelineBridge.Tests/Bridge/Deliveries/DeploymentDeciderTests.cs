using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Bridge.Deliveries;

public class DeploymentDeciderTests
{
    readonly LaneStory story = new();

    [Fact]
    public void A_deployment_waits_for_its_digest_and_is_released_with_it()
    {
        var d = story.Deploy();

        story.State(d).Should().Be(RequestState.Waiting);
        story.Documents[d].WaitingFor.Should().Be("the digest of registry.internal/portal:412");
        story.Given<DeploymentRolloutRequested>().Should().BeEmpty();

        story.Resolved(d, LaneStory.Image(LaneStory.Digest1));

        story.State(d).Should().Be(RequestState.Running);
        var rollout = story.Given<DeploymentRolloutRequested>().Should().ContainSingle().Subject;
        rollout.Image.Should().Be(LaneStory.Image(LaneStory.Digest1));
        rollout.First.Should().BeTrue();
        rollout.Previous.Should().BeNull();
    }

    [Fact]
    public void An_image_that_is_not_there_is_refused_before_anything_changes()
    {
        var d = story.Deploy();
        story.NotResolved(d);

        story.State(d).Should().Be(RequestState.Refused);
        story.Documents[d].Category.Should().Be(FailureCategory.Image);
        story.Given<DeploymentRolloutRequested>().Should().BeEmpty();
        story.Ends(d).Should().Be(1);
    }

    [Fact]
    public void A_healthy_rollout_is_live_and_the_next_one_knows_what_it_replaces()
    {
        story.Live(LaneStory.Digest1, "411");
        var d = story.Live(LaneStory.Digest2, "412");

        story.State(d).Should().Be(RequestState.Succeeded);
        story.Ends(d).Should().Be(1);
        story.Documents[d].Phases!.HealthySeconds.Should().Be(13);
        story.Documents[d].PreviousImage.Should().Be(LaneStory.Image(LaneStory.Digest1, "411"));
        var second = story.Given<DeploymentRolloutRequested>()[1];
        second.First.Should().BeFalse();
        second.Previous!.Image.Should().Be(LaneStory.Image(LaneStory.Digest1, "411"));
        story.Lane.Open.Should().BeEmpty();
    }

    [Fact]
    public void A_newer_release_ends_the_older_one_that_waits_at_once()
    {
        var older = story.Deploy();
        var newer = story.Deploy("registry.internal/portal:413");
        story.Resolved(newer, LaneStory.Image(LaneStory.Digest2, "413"));

        story.State(older).Should().Be(RequestState.Superseded);
        story.Documents[older].SupersededBy.Should().Be(newer);
        story.State(newer).Should().Be(RequestState.Running);
    }

    [Fact]
    public void An_ask_overtakes_only_when_it_is_released()
    {
        var older = story.Deploy();
        var newer = story.Deploy("registry.internal/portal:413");

        story.Resolved(older, LaneStory.Image(LaneStory.Digest1));

        story.State(older).Should().Be(RequestState.Running, "the newer one knows no digest yet");
        story.State(newer).Should().Be(RequestState.Waiting);
    }

    [Fact]
    public void An_older_one_whose_digest_comes_late_never_overtakes_the_newer()
    {
        var older = story.Deploy();
        var newer = story.Deploy("registry.internal/portal:413");
        story.Resolved(newer, LaneStory.Image(LaneStory.Digest2, "413"));
        story.Healthy(newer);

        var late = story.Documents[older];
        late.State.Should().Be(RequestState.Superseded);
        story.Given<DeploymentRolloutRequested>().Should().ContainSingle();
        story.Ends(older).Should().Be(1);
    }

    [Fact]
    public void A_rolling_older_one_ends_by_its_own_stage()
    {
        var older = story.Deploy();
        story.Resolved(older, LaneStory.Image(LaneStory.Digest1));
        var newer = story.Deploy("registry.internal/portal:413");
        story.Resolved(newer, LaneStory.Image(LaneStory.Digest2, "413"));

        story.State(older).Should().Be(RequestState.Running, "its stage stops it and says so");
        story.Ends(older).Should().Be(0);
        story.Given<DeploymentRolloutRequested>().Select(w => w.Supersedes).Should().Equal([null, older], "what the older left is the newer's to replace or take back");

        story.Ended(older, WorkResult.Superseded, WorkEffect.Made);

        story.State(older).Should().Be(RequestState.Superseded);
        story.Documents[older].SupersededBy.Should().Be(newer);
        story.Ends(older).Should().Be(1);
    }

    [Fact]
    public void A_rollout_that_became_healthy_before_it_was_stopped_did_succeed()
    {
        var older = story.Deploy();
        story.Resolved(older, LaneStory.Image(LaneStory.Digest1));
        var newer = story.Deploy("registry.internal/portal:413");
        story.Resolved(newer, LaneStory.Image(LaneStory.Digest2, "413"));
        story.Healthy(older);

        story.State(older).Should().Be(RequestState.Succeeded);
        story.State(newer).Should().Be(RequestState.Running);
    }

    [Fact]
    public void A_failed_rollout_that_was_taken_back_says_what_still_serves()
    {
        story.Live(LaneStory.Digest1, "411");
        var d = story.Deploy();
        story.Resolved(d, LaneStory.Image(LaneStory.Digest2));
        story.Ended(d, WorkResult.Failed, WorkEffect.TakenBack);

        story.State(d).Should().Be(RequestState.Failed);
        story.Documents[d].NowRunning.Should().Be(LaneStory.Image(LaneStory.Digest1, "411"));
        story.Lane.Live!.Image.Should().Be(LaneStory.Image(LaneStory.Digest1, "411"));
    }

    [Fact]
    public void A_rollout_that_changed_nothing_is_refused_not_failed()
    {
        var d = story.Deploy();
        story.Resolved(d, LaneStory.Image(LaneStory.Digest1));
        story.Ended(d, WorkResult.Failed, WorkEffect.None);

        story.State(d).Should().Be(RequestState.Refused);
    }

    [Fact]
    public void The_end_of_a_work_is_heard_once()
    {
        var d = story.Deploy();
        story.Resolved(d, LaneStory.Image(LaneStory.Digest1));
        var rollout = story.Work<DeploymentRolloutRequested>(d);
        story.Healthy(d);

        story.Say(rollout.Ended(WorkResult.Failed, WorkEffect.TakenBack, FailureCategory.Health, "Late and different."));

        story.State(d).Should().Be(RequestState.Succeeded);
        story.Ends(d).Should().Be(1);
    }

    [Fact]
    public void After_a_removal_too_the_last_twenty_versions_can_be_gone_back_to()
    {
        var story = new LaneStory();
        foreach (var n in Enumerable.Range(10, 22))
        {
            story.Live($"sha256:{n}{new string('0', 62)}", $"{n}");
        }
        story.Lane.Earlier.Should().HaveCount(20);
        var removal = story.Remove();
        story.Say(story.Work<DeploymentRetireRequested>(removal).Done(new ServiceRemoved(new Reference("prod"))));
        story.Lane.Earlier.Should().HaveCount(20);
        story.Lane.Earlier[^1].Image.Should().Contain(":31@");
    }

    [Fact]
    public void What_is_deployed_again_after_its_removal_is_no_version_to_go_back_to_from_itself()
    {
        story.Live(LaneStory.Digest1, "411");
        story.Live(LaneStory.Digest2, "412");
        story.Say(story.Work<DeploymentRetireRequested>(story.Remove()).Done(new ServiceRemoved(new Reference("prod"))));
        story.Live(LaneStory.Digest2, "412");

        DeploymentRefusals.RollbackTarget(story.Lane, null)!.Image.Should().Be(LaneStory.Image(LaneStory.Digest1, "411"));
    }

    [Fact]
    public void A_removal_supersedes_what_waits_and_ends_with_nothing_live()
    {
        story.Live(LaneStory.Digest1, "411");
        var waiting = story.Deploy();
        var removal = story.Remove();

        story.State(waiting).Should().Be(RequestState.Superseded);
        story.Given<DeploymentRetireRequested>().Should().ContainSingle().Which.Scope.Should().Be("all");

        story.Say(story.Work<DeploymentRetireRequested>(removal).Done(new ServiceRemoved(new Reference("prod"))));
        story.State(removal).Should().Be(RequestState.Succeeded);
        story.Lane.Live.Should().BeNull();
        DeploymentRefusals.Removal(story.Lane, "portal", "prod").Should().Contain("never deployed");
    }

    [Fact]
    public void A_replay_with_its_old_sequence_never_overtakes_what_came_later()
    {
        var first = story.Deploy();
        var old = story.Documents[first].Sequence;
        story.NotResolved(first);
        story.Live(LaneStory.Digest2, "413");

        var replay = story.Deploy(order: old);

        story.State(replay).Should().Be(RequestState.Superseded);
    }

    [Fact]
    public void An_ask_that_lost_leaves_no_specification_behind()
    {
        var lost = story.Deploy(spec: "sha256:lost");
        story.NotResolved(lost);
        story.Lane.Specification.Should().BeNull();

        story.Live(LaneStory.Digest1, "411");
        story.Lane.Specification.Should().Be("sha256:spec");
    }

    [Fact]
    public void A_good_end_that_comes_late_never_takes_the_place_of_a_newer_one()
    {
        var older = story.Deploy();
        story.Resolved(older, LaneStory.Image(LaneStory.Digest1));
        var newer = story.Deploy("registry.internal/portal:413");
        story.Resolved(newer, LaneStory.Image(LaneStory.Digest2, "413"));
        story.Healthy(newer);
        story.Healthy(older);

        story.Lane.Live!.Image.Should().Be(LaneStory.Image(LaneStory.Digest2, "413"));
    }

    [Fact]
    public void A_deployment_whose_environment_left_the_configuration_is_refused_not_left_waiting()
    {
        story.Hold();
        var d = story.Deploy();
        story.Resolved(d, LaneStory.Image(LaneStory.Digest1));
        story.Environments = new Dictionary<string, PipelineBridge.Bridge.EnvironmentOptions>();
        story.Lift();

        story.State(d).Should().Be(RequestState.Refused);
        story.Documents[d].Category.Should().Be(FailureCategory.Configuration);
    }

    [Fact]
    public void Progress_moves_the_document_and_taking_back_shows_in_it()
    {
        var d = story.Deploy();
        story.Resolved(d, LaneStory.Image(LaneStory.Digest1));
        story.Progress(d, 2);
        story.Documents[d].Progress!.Healthy.Should().Be(2);

        story.TakingBack(d);
        story.Documents[d].Progress!.Phase.Should().Be("takingback");
        DeploymentRefusals.Cancel(story.Lane, d).Should().Contain("being taken back");
    }

    [Fact]
    public void Every_decided_event_has_a_derived_id_so_that_the_same_story_tells_the_same_events()
    {
        List<string> Tell()
        {
            var s = new LaneStory();
            s.Live(LaneStory.Digest1, "411");
            s.Healthy(s.Live(LaneStory.Digest2, "412") is var _ ? s.RollBack() : "");
            return [.. s.Events.Select(e => e.Id)];
        }

        Tell().Should().Equal(Tell()).And.OnlyHaveUniqueItems();
    }
}
