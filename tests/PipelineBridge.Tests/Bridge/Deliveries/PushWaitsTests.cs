using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Bridge.Deliveries;

public class PushWaitsTests
{
    readonly LaneStory story = new();

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
    public void A_key_that_looks_like_an_id_is_waited_for_within_the_bound_too()
    {
        var d = story.Deploy(after: "01arz3ndektsv4rrffq69g5fav", push: new PushStanding("01arz3ndektsv4rrffq69g5fav", false));
        story.PushNeverCame(d);

        story.State(d).Should().Be(RequestState.Refused);
    }
}
