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

        DeploymentRefusals.Cancel(story.Lane, d).Should().Contain("rollback of portal on prod");
    }

    [Fact]
    public void A_deployment_after_a_push_waits_for_it_and_takes_its_digest_without_looking_again()
    {
        var push = new PushStanding("p-x", true, "ask");
        var d = story.Deploy(after: "p-x", push: push);
        story.Documents[d].WaitingFor.Should().Be("the push p-x");

        story.PushMoved(d, push with { Ended = true, Image = LaneStory.Image(LaneStory.Digest1) });

        story.State(d).Should().Be(RequestState.Running);
        story.Given<ImageResolveRequested>().Should().BeEmpty();
    }

    [Fact]
    public void A_deployment_whose_push_failed_is_refused_with_the_push_s_cause()
    {
        var push = new PushStanding("p-x", true, "ask");
        var d = story.Deploy(after: "p-x", push: push);

        story.PushMoved(d, push with { Ended = true, Category = FailureCategory.Registry, Cause = "The registry is full." });

        story.State(d).Should().Be(RequestState.Refused);
        story.Documents[d].Category.Should().Be(FailureCategory.Registry);
        story.Documents[d].Cause.Should().Contain("The registry is full.");
    }

    [Fact]
    public void A_push_that_nobody_knows_is_waited_for_within_a_bound()
    {
        var d = story.Deploy(after: "build-412", push: new PushStanding("build-412", false));

        story.Documents[d].WaitingFor.Should().Contain("not known yet");
        story.Timers.Should().ContainSingle().Which.Due.Should().Be(story.Now.AddSeconds(3600));

        story.PushNeverCame(d);
        story.State(d).Should().Be(RequestState.Refused);
    }

    [Fact]
    public void A_push_that_came_to_be_known_is_waited_for_past_that_bound()
    {
        var d = story.Deploy(after: "build-412", push: new PushStanding("build-412", false));
        var ask = EventId.Derive(1, "push").ToString();
        story.PushMoved(d, new PushStanding("p-x", true, ask));

        story.PushNeverCame(d);

        story.State(d).Should().Be(RequestState.Waiting);
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
    public void A_key_that_looks_like_an_id_is_waited_for_within_the_bound_too()
    {
        var d = story.Deploy(after: "01arz3ndektsv4rrffq69g5fav", push: new PushStanding("01arz3ndektsv4rrffq69g5fav", false));
        story.PushNeverCame(d);

        story.State(d).Should().Be(RequestState.Refused);
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
