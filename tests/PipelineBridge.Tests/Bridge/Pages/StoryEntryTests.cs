using PipelineBridge.Bridge.Pages;
using PipelineBridge.Events;
using static PipelineBridge.Tests.Bridge.Pages.PageSamples;

namespace PipelineBridge.Tests.Bridge.Pages;

public class StoryEntryTests
{
    static readonly CustomData Portal = new() { App = "portal", Environment = "prod" };

    [Fact]
    public void A_message_and_that_it_was_told_are_one_entry_with_both_events()
    {
        var entries = StoryEntry.Of([Event(1, Message("rolling out 412"), Portal), Event(2, new DeploymentStarted("main", null), Portal), Event(3, new NotificationDelivered("team"), Portal)]);

        entries.Select(e => e.Text).Should().Equal("team was told: portal → prod, rolling out 412", "the cluster main took it on");
        entries[0].Events.Select(e => e.Sequence).Should().Equal(1, 3);
        entries[0].Read!.Time.Should().Be(Now.AddSeconds(1 - 20));
    }

    [Fact]
    public void A_message_that_was_not_told_says_so_and_takes_no_later_ones_end()
    {
        var entries = StoryEntry.Of([Event(1, Message("rolling out 412"), Portal), Event(2, new WorkEnded(WorkResult.Failed, WorkEffect.None), Portal with { Cause = "The target team has no channel." }),
            Event(3, Message("live 412"), Portal), Event(4, new NotificationDelivered("team"), Portal)]);

        entries.Select(e => e.Text).Should().Equal("to tell team: portal → prod, rolling out 412", "the work failed, nothing was changed: The target team has no channel.", "team was told: portal → prod, live 412");
    }

    [Fact]
    public void Progress_that_says_again_what_it_said_is_one_entry_until_another_step()
    {
        var entries = StoryEntry.Of([Event(1, Progress("rolling", 0), Portal), Event(2, Message("rolling out 412"), Portal), Event(3, Progress("rolling", 0), Portal), Event(4, Progress("rolling", 1), Portal),
            Event(5, new DeploymentStarted("main", null), Portal), Event(6, Progress("rolling", 1), Portal)]);

        entries.Select(e => e.Events.Count).Should().Equal(2, 1, 1, 1, 1);
        entries[0].Events.Select(e => e.Sequence).Should().Equal(1, 3);
    }

    static NotificationRequested Message(string text) => new() { Target = "team", Thread = "d-81c0", Mood = NotificationMood.Moving, Title = "portal → prod", Text = text, Revision = 1 };

    static DeploymentProgressed Progress(string phase, int healthy) => new("main", phase, healthy, 3);
}
