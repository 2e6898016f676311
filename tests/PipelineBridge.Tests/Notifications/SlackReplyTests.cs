using PipelineBridge.Events;
using PipelineBridge.Simulators;

namespace PipelineBridge.Tests.Notifications;

public class SlackReplyTests
{
    static NotificationRequested Trouble(int revision, string? mention = "ada@example.org", string? handle = null) => SlackFixture.Word(revision, handle) with
    {
        Mood = NotificationMood.Bad,
        Text = "failed 412: 0 of 3 tasks became healthy on GET /health.",
        Reply = new NotificationReply("portal → prod failed: 0 of 3 tasks became healthy", mention),
    };

    [Fact]
    public async Task Trouble_is_a_reply_that_mentions_its_author()
    {
        await using var fixture = await SlackFixture.Start(limitsRate: true);
        var handle = await fixture.Delivered(SlackFixture.Word(1));

        await fixture.Delivered(Trouble(2, handle: handle));

        var message = fixture.OnlyMessage();
        message.Text.Should().StartWith("portal → prod ✗ failed 412");
        var reply = message.Replies.Should().ContainSingle().Subject;
        reply.Text.Should().Be($"<@{SlackFixture.Ada.UserId}> portal → prod failed: 0 of 3 tasks became healthy");
        SlackFixture.Shown(reply).Should().Be(reply.Text);
    }

    [Fact]
    public async Task Evidence_that_a_reply_names_is_quoted_by_its_last_lines()
    {
        await using var fixture = await SlackFixture.Start();
        var log = string.Join('\n', Enumerable.Range(1, 40).Select(n => $"line {n}")) + "\n  <!channel> ```\tno database & no mercy\u202e\n";
        fixture.Bridge.Texts = blob => blob == "sha256:log" ? log : null;

        await fixture.Delivered(Trouble(1) with { Reply = new NotificationReply("it failed", null, [new Evidence("last log", "sha256:log"), new Evidence("last answer", "sha256:gone")]) });

        var shown = SlackFixture.Shown(fixture.OnlyMessage().Replies.Should().ContainSingle().Subject);
        shown.Should().Be("it failed\nlast log\n```…\n" + string.Join('\n', Enumerable.Range(27, 14).Select(n => $"line {n}"))
            + "\n  &lt;!channel&gt; '''    no database &amp; no mercy```\nlast answer: its text could not be read");
    }

    [Fact]
    public async Task A_quote_of_endless_lines_stays_within_what_Slack_takes()
    {
        await using var fixture = await SlackFixture.Start();
        fixture.Bridge.Texts = _ => string.Concat(Enumerable.Repeat("<", 70_000)) + "\n" + new string('x', 70_000);

        await fixture.Delivered(Trouble(1) with { Reply = new NotificationReply("it failed", null, [.. Enumerable.Range(1, 9).Select(n => new Evidence($"log {n}", "sha256:log"))]) });

        SlackFixture.Shown(fixture.OnlyMessage().Replies.Should().ContainSingle().Subject).Should().Contain("log 4\n```").And.NotContain("log 5");
    }

    [Theory]
    [InlineData("grace@example.org", "grace ")]
    [InlineData("Grace Hopper <grace@example.org>", "Grace Hopper ")]
    [InlineData("Grace <!channel>", "Grace &lt;!channel&gt; ")]
    [InlineData("@channel", "@channel ")]
    [InlineData("Ada Lovelace <ada@example.org>", "<@UADA> ")]
    [InlineData("", "")]
    [InlineData(null, "")]
    public async Task An_author_whom_Slack_does_not_know_is_named_in_plain_text(string? mention, string begins)
    {
        await using var fixture = await SlackFixture.Start();

        await fixture.Delivered(Trouble(1, mention));

        fixture.OnlyMessage().Replies.Should().ContainSingle().Which.Text
            .Should().Be(begins.Replace("UADA", SlackFixture.Ada.UserId, StringComparison.Ordinal) + "portal → prod failed: 0 of 3 tasks became healthy");
    }

    [Fact]
    public async Task An_app_that_may_not_look_people_up_replies_without_a_mention()
    {
        await using var fixture = await SlackFixture.Start();
        fixture.Answer("users.lookupByEmail", "missing_scope");

        await fixture.Delivered(Trouble(1));

        fixture.OnlyMessage().Replies.Should().ContainSingle().Which.Text.Should().StartWith("ada portal");
    }

    [Fact]
    public async Task An_answer_that_names_no_person_becomes_no_markup()
    {
        await using var fixture = await SlackFixture.Start();
        fixture.Slack.Faults.Add(new Fault
        {
            PathPrefix = "/api/users.lookupByEmail",
            Status = 200,
            Body = """{"ok":true,"user":{"id":"U1> <!channel"}}""",
        });

        await fixture.Delivered(Trouble(1));

        fixture.OnlyMessage().Replies.Should().ContainSingle().Which.Text.Should().StartWith("ada portal");
    }

    [Fact]
    public async Task A_reply_whose_answer_was_lost_is_found_and_not_made_again()
    {
        await using var fixture = await SlackFixture.Start();
        var handle = await fixture.Delivered(SlackFixture.Word(1));
        fixture.Lose("chat.postMessage");

        await fixture.Delivered(Trouble(2, handle: handle));
        await fixture.Delivered(Trouble(2, handle: handle), attempts: 2);

        fixture.OnlyMessage().Replies.Should().ContainSingle();
        fixture.OnlyMessage().Edits.Should().ContainSingle();
    }

    [Fact]
    public async Task A_later_word_with_the_same_trouble_does_not_mention_the_author_again()
    {
        await using var fixture = await SlackFixture.Start();
        var handle = await fixture.Delivered(Trouble(1));

        await fixture.Delivered(Trouble(2, handle: handle) with { Text = "failed 412, 411 still serves" });
        fixture.OnlyMessage().Replies.Should().ContainSingle();

        await fixture.Delivered(Trouble(3, handle: handle) with { Reply = new NotificationReply("another trouble") });
        fixture.OnlyMessage().Replies.Should().HaveCount(2);
    }

    [Fact]
    public async Task A_crash_between_the_message_and_the_reply_loses_neither()
    {
        await using var fixture = await SlackFixture.Start();
        await fixture.Delivered(Trouble(1) with { Reply = null });

        await fixture.Delivered(Trouble(1), attempts: 2);

        fixture.OnlyMessage().Replies.Should().ContainSingle();
    }
}
