using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Tests.Notifications;

public class SlackMessageTests
{
    [Fact]
    public async Task A_thread_is_one_message_that_is_edited_in_place()
    {
        await using var fixture = await SlackFixture.Start();

        var handle = await fixture.Delivered(SlackFixture.Word(1));
        var again = await fixture.Delivered(SlackFixture.Word(2, handle));
        await fixture.Delivered(SlackFixture.Word(3, again) with { Mood = NotificationMood.Good, Text = "live 412 in 26 s, was 411" });

        again.Should().Be(handle).And.Be($"{fixture.Slack.ChannelId("deploys")}/{fixture.OnlyMessage().Ts}");
        var message = fixture.OnlyMessage();
        message.Edits.Should().HaveCount(2);
        message.Text.Should().Be("portal → prod ✓ live 412 in 26 s, was 411");
        SlackFixture.Shown(message).Should().Be("*portal → prod*  ✓ live 412 in 26 s, was 411\n<https://bridge.internal/d-81c0|timeline>");
        message.Payload()!["revision"]!.GetValue<int>().Should().Be(3);
    }

    [Fact]
    public async Task The_end_says_which_target_was_told_and_belongs_to_the_work()
    {
        await using var fixture = await SlackFixture.Start();

        var end = await fixture.Tell(SlackFixture.Word(1));

        end.Content.Should().Be(new NotificationDelivered("team", $"{fixture.Slack.ChannelId("deploys")}/{fixture.OnlyMessage().Ts}"));
        end.Id.Should().Be(EventId.Parse(end.Custom!.WorkId!).Then("end").ToString());
        end.SubjectId.Should().Be("team/d-81c0");
    }

    [Fact]
    public async Task Two_threads_are_two_messages()
    {
        await using var fixture = await SlackFixture.Start();

        await fixture.Delivered(SlackFixture.Word(1));
        await fixture.Delivered(SlackFixture.Word(1) with { Thread = "d-81c1" });

        fixture.Slack.Messages("deploys").Should().HaveCount(2);
    }

    [Fact]
    public async Task A_post_whose_answer_was_lost_is_found_and_not_made_again()
    {
        await using var fixture = await SlackFixture.Start();
        fixture.Lose("chat.postMessage");

        var handle = await fixture.Delivered(SlackFixture.Word(1));

        handle.Should().EndWith(fixture.OnlyMessage().Ts);
        fixture.Calls("chat.postMessage").Should().Be(1);
    }

    [Fact]
    public async Task A_message_posted_before_a_crash_is_found_by_the_next_process()
    {
        await using var fixture = await SlackFixture.Start();
        await fixture.Delivered(SlackFixture.Word(1));
        // Others write in between, so that it is not on the first page.
        for (var i = 0; i < 250; i++)
        {
            await fixture.Delivered(SlackFixture.Word(1) with { Thread = $"d-{i}" });
        }

        await fixture.Delivered(SlackFixture.Word(1), fixture.Handler(), attempts: 2);
        await fixture.Delivered(SlackFixture.Word(2), fixture.Handler());

        fixture.Slack.Messages("deploys").Should().HaveCount(251);
        fixture.Slack.Messages("deploys")[0].Payload()!["revision"]!.GetValue<int>().Should().Be(2);
        fixture.Slack.Messages("deploys")[0].Edits.Should().ContainSingle("the same word is not written twice");
    }

    [Fact]
    public async Task A_word_that_is_replayed_hours_later_finds_the_message_of_its_request()
    {
        await using var fixture = await SlackFixture.Start();
        var request = new RequestId(RequestId.Deployment, EventId.Random(fixture.Time.GetUtcNow().ToUnixTimeMilliseconds()));
        var word = SlackFixture.Word(1) with { Thread = request.ToString() };
        await fixture.Delivered(word);

        var replayed = fixture.Work(word, bornLater: TimeSpan.FromHours(5));
        await fixture.Handler().Handle(replayed, fixture.Bridge, TestContext.Current.CancellationToken);

        fixture.OnlyMessage();
    }

    [Fact]
    public async Task An_older_word_never_replaces_a_newer_one()
    {
        await using var fixture = await SlackFixture.Start();
        var handle = await fixture.Delivered(SlackFixture.Word(5));

        (await fixture.Delivered(SlackFixture.Word(4, handle) with { Reply = new NotificationReply("late") })).Should().Be(handle);
        (await fixture.Delivered(SlackFixture.Word(3))).Should().Be(handle);

        fixture.OnlyMessage().Text.Should().Contain("5 of 3");
        fixture.OnlyMessage().Replies.Should().BeEmpty();
    }

    [Fact]
    public async Task A_message_that_somebody_deleted_is_posted_anew_and_only_once()
    {
        await using var fixture = await SlackFixture.Start();
        var handle = await fixture.Delivered(SlackFixture.Word(1));
        fixture.Slack.Remove("deploys", fixture.OnlyMessage().Ts);

        fixture.Lose("chat.postMessage");
        var anew = await fixture.Delivered(SlackFixture.Word(2, handle));
        (await fixture.Delivered(SlackFixture.Word(2, handle), attempts: 2)).Should().Be(anew);

        anew.Should().NotBe(handle).And.EndWith(fixture.OnlyMessage().Ts);
    }

    [Fact]
    public async Task A_message_that_can_be_edited_no_more_is_posted_anew_and_only_once()
    {
        await using var fixture = await SlackFixture.Start(editWindowSeconds: 0);
        var handle = await fixture.Delivered(SlackFixture.Word(1));
        await Task.Delay(20, TestContext.Current.CancellationToken);

        fixture.Lose("chat.postMessage");
        var anew = await fixture.Delivered(SlackFixture.Word(2, handle));
        (await fixture.Delivered(SlackFixture.Word(2, handle), attempts: 2)).Should().Be(anew);

        fixture.Slack.Messages("deploys").Should().HaveCount(2);
        anew.Should().EndWith(fixture.Slack.Messages("deploys")[1].Ts);
    }

    [Fact]
    public async Task A_handle_of_a_channel_that_is_closed_to_us_leads_to_the_channel_of_now()
    {
        await using var fixture = await SlackFixture.Start();

        await fixture.Delivered(SlackFixture.Word(2, $"{fixture.Slack.ChannelId("private")}/1795521600.000000"));

        fixture.OnlyMessage().Payload()!["revision"]!.GetValue<int>().Should().Be(2);
    }

    [Fact]
    public async Task A_channel_may_be_given_by_its_id()
    {
        await using var fixture = await SlackFixture.Start();

        await fixture.Delivered(SlackFixture.Word(1), fixture.Handler(fixture.Slack.ChannelId("deploys")));

        fixture.OnlyMessage();
        fixture.Calls("users.conversations").Should().Be(0);
    }

    [Fact]
    public async Task An_app_without_the_scope_for_private_channels_finds_the_public_ones()
    {
        await using var fixture = await SlackFixture.Start();
        fixture.Answer("users.conversations", "missing_scope");

        await fixture.Delivered(SlackFixture.Word(1));

        fixture.OnlyMessage();
    }

    [Theory]
    [InlineData(WorkState.Cancelled, WorkResult.Cancelled)]
    [InlineData(WorkState.Superseded, WorkResult.Superseded)]
    public async Task A_word_that_was_taken_back_is_not_told(string state, string result)
    {
        await using var fixture = await SlackFixture.Start();
        fixture.Bridge.Stands = () => new WorkStanding(state, false, null, null);

        (await fixture.Tell(SlackFixture.Word(1))).Content.Should().Be(new WorkEnded(result, WorkEffect.None));

        fixture.Slack.Log.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task A_word_that_has_its_end_is_neither_told_nor_ended_again()
    {
        await using var fixture = await SlackFixture.Start();
        fixture.Bridge.Stands = () => new WorkStanding(WorkState.Closed, false, null, null);

        (await fixture.Handler().Handle(fixture.Work(SlackFixture.Word(1)), fixture.Bridge, TestContext.Current.CancellationToken)).Should().BeEmpty();

        fixture.Slack.Log.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task A_message_of_another_app_with_our_mark_is_left_alone()
    {
        await using var fixture = await SlackFixture.Start();
        await fixture.Delivered(SlackFixture.Word(1), fixture.Handler(token: "xoxb-two"));

        await fixture.Delivered(SlackFixture.Word(2));

        fixture.Slack.Messages("deploys").Select(message => message.By.Name).Should().Equal("two", "one");
    }
}
