using PipelineBridge.Bridge;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Tests.Bridge.Deliveries;

public class TellingDeciderTests
{
    static readonly EventId Thread = EventId.Derive(1000, "delivery");
    readonly DeciderContext context = new(DateTimeOffset.UnixEpoch, new BridgeOptions { Url = "https://bridge", Keys = [], Environments = new Dictionary<string, EnvironmentOptions>() });
    readonly List<CdEvent> given = [];
    TellingLane lane = new();

    [Fact]
    public void The_first_word_is_given_at_once()
    {
        Say("rolling out");

        Word(0).Text.Should().Be("rolling out");
        Word(0).Revision.Should().Be(1);
        Word(0).Handle.Should().BeNull();
    }

    [Fact]
    public void While_one_is_out_only_the_newest_word_waits()
    {
        Say("1 of 3");
        Say("2 of 3");
        Say("3 of 3");
        given.Should().ContainSingle();

        Delivered("C1/17.1");

        given.Should().HaveCount(2);
        Word(1).Text.Should().Be("3 of 3");
        Word(1).Handle.Should().Be("C1/17.1", "the message is edited, not repeated");
    }

    [Fact]
    public void The_same_word_is_not_given_twice()
    {
        Say("live");
        Delivered("C1/17.1");
        Say("live");

        given.Should().ContainSingle();
    }

    [Fact]
    public void A_word_that_could_not_be_told_gives_way_to_the_next()
    {
        Say("rolling out");
        Say("live");
        Take(TellingDecider.Ended(lane, Item(0).Ended(WorkResult.Failed, WorkEffect.None, FailureCategory.Notification, "The channel is gone."), context));

        Word(1).Text.Should().Be("live");
    }

    [Fact]
    public void An_end_that_comes_twice_gives_nothing_twice()
    {
        Say("rolling out");
        Say("live");
        var end = Item(0).Done(new NotificationDelivered("team", "h"));
        Take(TellingDecider.Ended(lane, end, context));
        Take(TellingDecider.Ended(lane, end, context));

        given.Should().HaveCount(2);
    }

    void Say(string text) => Take(TellingDecider.Say(lane,
        new NotificationRequested { Target = "team", Thread = "d-1", Mood = NotificationMood.Moving, Title = "portal → prod", Text = text },
        new Topic("portal", "prod", "d-1", "chain", Thread), Thread, context));

    void Delivered(string handle) => Take(TellingDecider.Ended(lane, Item(given.Count - 1).Done(new NotificationDelivered("team", handle)), context));

    NotificationRequested Word(int i) => given[i].Read<NotificationRequested>();

    WorkItem Item(int i) => new(given[i], 1, "notifications", TimeProvider.System);

    void Take(Decision<TellingLane> decision)
    {
        lane = decision.State;
        given.AddRange(decision.Events.Select(e => e.Event));
    }
}
