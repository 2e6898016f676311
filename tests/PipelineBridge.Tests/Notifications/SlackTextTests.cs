using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Notifications;

public partial class SlackTextTests
{
    const string Hostile = "<!channel> <@U123> <https://evil.example|click> & </b> <!subteam^S1>";

    [Fact]
    public async Task Nothing_from_outside_becomes_a_mention_or_a_link()
    {
        await using var fixture = await SlackFixture.Start();

        await fixture.Delivered(SlackFixture.Word(1) with
        {
            Title = Hostile,
            Text = Hostile,
            Links = [new NotificationLink(Hostile, "https://ci.example/a?b=1&c=<!channel>|x"), new NotificationLink("bad", "javascript:alert(1)"), new NotificationLink("none", "<!here>")],
            Reply = new NotificationReply(Hostile, Hostile),
        });

        var message = fixture.OnlyMessage();
        foreach (var one in message.Replies.Prepend(message))
        {
            var brackets = Bracketed().Matches(one.Text + SlackFixture.Shown(one)).Select(match => match.Value);
            brackets.Where(found => !found.StartsWith("<https://ci.example/a?b=1&amp;c=%3C!channel%3E%7Cx|", StringComparison.Ordinal)).Should().BeEmpty();
            JsonNode.Parse(one.Blocks!)!.AsArray().Select(block => (block!["text"] ?? block["elements"]![0])!["verbatim"]!.GetValue<bool>())
                .Should().OnlyContain(verbatim => verbatim, "otherwise Slack itself makes links of what looks like one");
        }
        SlackFixture.Shown(message).Should().Contain("*&lt;!channel&gt; &lt;@U123&gt;").And.Contain(" · bad · none");
        message.Text.Should().Contain("&amp; &lt;/b&gt;");
    }

    [Fact]
    public async Task A_link_never_shows_a_password()
    {
        await using var fixture = await SlackFixture.Start();

        await fixture.Delivered(SlackFixture.Word(1) with { Links = [new NotificationLink("log", "https://ci:geheim@ci.example/job/1/#top")] });

        SlackFixture.Shown(fixture.OnlyMessage()).Should().EndWith("<https://ci.example/job/1/#top|log>");
    }

    [Theory]
    [InlineData("x")]
    [InlineData("&")]
    [InlineData("🚀")]
    public async Task Long_texts_are_cut_within_Slacks_limits_and_never_within_a_sign(string sign)
    {
        await using var fixture = await SlackFixture.Start();
        var endless = string.Concat(Enumerable.Repeat(sign, 50_000));
        var word = SlackFixture.Word(1) with
        {
            Thread = endless,
            Title = endless,
            Text = endless,
            Links = [.. Enumerable.Repeat(new NotificationLink(endless, "https://ci.example/" + new string('x', 900)), 100)],
            Reply = new NotificationReply(endless, endless),
        };

        var handle = await fixture.Delivered(word);
        await fixture.Delivered(word with { Revision = 2, Handle = handle, Text = "a" + endless });

        var message = fixture.OnlyMessage();
        message.Edits.Should().ContainSingle();
        message.Text.Should().EndWith("…").And.NotContain("�");
        message.Text.Replace("&amp;", "", StringComparison.Ordinal).Should().NotContain("&");
        SlackFixture.Shown(message.Replies.Should().ContainSingle().Subject).Should().EndWith("…");
    }

    [Fact]
    public async Task Control_signs_broken_surrogates_and_turned_writing_do_no_harm()
    {
        await using var fixture = await SlackFixture.Start();

        await fixture.Delivered(SlackFixture.Word(1) with { Title = "a\r\n\tb\u0000c \u202Eevil", Text = "one\ntwo \ud83d end" });

        SlackFixture.Shown(fixture.OnlyMessage()).Should().StartWith("*a b c evil*  ◐ one\ntwo � end\n");
    }

    [Fact]
    public async Task A_word_without_text_and_links_is_told_by_its_title()
    {
        await using var fixture = await SlackFixture.Start();

        await fixture.Delivered(new NotificationRequested { Target = "team", Thread = "n-1", Mood = NotificationMood.Quiet, Title = "the title", Revision = 1 });

        SlackFixture.Shown(fixture.OnlyMessage()).Should().Be("*the title*  ○ ");
    }

    [GeneratedRegex("<[^<>]*>")]
    private static partial Regex Bracketed();
}
