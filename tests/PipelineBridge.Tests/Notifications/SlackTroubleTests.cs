using PipelineBridge.Events;
using PipelineBridge.Simulators;

namespace PipelineBridge.Tests.Notifications;

public class SlackTroubleTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_short_wait_that_Slack_asks_for_is_kept()
    {
        await using var fixture = await SlackFixture.Start();
        fixture.Slack.Faults.Add(new Fault { PathPrefix = "/api/chat.postMessage", Status = 429, Headers = new Dictionary<string, string> { ["Retry-After"] = "7" } });

        await fixture.Delivered(SlackFixture.Word(1));

        var posts = fixture.Slack.Log.Requests.Where(request => request.Path == "/api/chat.postMessage").ToList();
        posts.Should().HaveCount(2);
        (posts[1].Time - posts[0].Time).Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(6.5), "timers are not exact to the millisecond, which is a tenth of a second here");
    }

    [Fact]
    public async Task A_long_wait_that_Slack_asks_for_is_a_deferral_until_then()
    {
        await using var fixture = await SlackFixture.Start();
        fixture.Slack.Faults.Add(new Fault { PathPrefix = "/api/", Status = 429, Headers = new Dictionary<string, string> { ["Retry-After"] = "900" } });
        var before = fixture.Time.GetUtcNow();

        var end = await fixture.Tell(SlackFixture.Word(1));

        end.Content.Should().BeOfType<WorkDeferred>().Which.Until.Should()
            .BeOnOrAfter(before.AddSeconds(900)).And.BeOnOrBefore(fixture.Time.GetUtcNow().AddSeconds(900));
        end.Custom!.Category.Should().Be(FailureCategory.Notification);
        end.Custom.Cause.Should().Be("Slack asks the target team to wait.");
        fixture.Slack.Log.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task The_limit_of_a_post_a_second_loses_nothing()
    {
        await using var fixture = await SlackFixture.Start(limitsRate: true);
        var handler = fixture.Handler();

        await Task.WhenAll(Enumerable.Range(0, 3).Select(i => fixture.Delivered(SlackFixture.Word(1) with { Thread = $"d-{i}" }, handler)));

        fixture.Slack.Messages("deploys").Should().HaveCount(3);
    }

    [Fact]
    public async Task A_chat_that_is_down_is_tried_again_and_then_put_off_and_told_once_it_is_back()
    {
        await using var fixture = await SlackFixture.Start();
        fixture.Slack.Faults.Add(new Fault { PathPrefix = "/api/", Status = 503, Times = 1_000 });
        var before = fixture.Time.GetUtcNow();

        var end = await fixture.Tell(SlackFixture.Word(1));
        var after = fixture.Time.GetUtcNow();
        var third = await fixture.Tell(SlackFixture.Word(1), attempts: 3);

        end.Content.Should().BeOfType<WorkDeferred>().Which.Until.Should().BeOnOrAfter(before.AddSeconds(30)).And.BeOnOrBefore(after.AddSeconds(30));
        end.Custom!.Cause.Should().Be("Slack answers the target team with status 503.");
        fixture.Slack.Log.Requests.Should().HaveCount(8, "each is tried four times");
        third.Content.Should().BeOfType<WorkDeferred>().Which.Until.Should().BeOnOrAfter(after.AddSeconds(120), "the next ones are put off for longer");

        fixture.Slack.Faults.Clear();
        await fixture.Delivered(SlackFixture.Word(1), attempts: 4);
        fixture.OnlyMessage();
    }

    [Theory]
    [InlineData("""{"pathPrefix":"/api/","dropConnection":true,"times":9}""", "cannot be reached")]
    [InlineData("""{"pathPrefix":"/api/","hang":true,"times":9}""", "does not answer the target team in 0.2 s")]
    [InlineData("""{"pathPrefix":"/api/","truncateAfterBytes":5,"times":9}""", "cannot be reached")]
    [InlineData("""{"pathPrefix":"/api/","status":200,"body":"<html>","times":9}""", "is no JSON")]
    [InlineData("""{"pathPrefix":"/api/","status":200,"body":"{\"ok\":false,\"error\":\"internal_error\"}","times":9}""", "cannot serve")]
    public async Task Every_kind_of_silence_is_put_off_with_its_cause(string fault, string cause)
    {
        await using var fixture = await SlackFixture.Start();
        using var http = new HttpClient();
        using var content = new StringContent(fault, System.Text.Encoding.UTF8, "application/json");
        (await http.PostAsync(new Uri(fixture.Slack.Url, "_simulator/faults"), content, Cancellation)).EnsureSuccessStatusCode();

        var end = await fixture.Tell(SlackFixture.Word(1), fixture.Handler(timeout: fault.Contains("hang") ? TimeSpan.FromMilliseconds(200) : null));

        end.Content.Should().BeOfType<WorkDeferred>();
        end.Custom!.Cause.Should().Contain(cause).And.Contain("target team");
    }

    [Theory]
    [InlineData("xoxb-wrong", "targets.team.slack.token must give a valid bot token")]
    [InlineData(null, "no token where targets.team.slack.token points")]
    [InlineData("xoxb-a\nxoxb-b", "where targets.team.slack.token points is no token")]
    public async Task A_wrong_token_ends_with_a_cause_that_does_not_show_it(string? token, string cause)
    {
        await using var fixture = await SlackFixture.Start();

        // The cause may say how a token begins; the token itself it may not.
        var end = await fixture.Tell(SlackFixture.Word(1), fixture.Handler(token: token));

        end.Content.Should().Be(new WorkEnded(WorkResult.Failed, WorkEffect.None));
        end.Custom!.Category.Should().Be(FailureCategory.Notification);
        end.Custom.Cause.Should().Contain("target team").And.Contain(cause).And.NotContain("wrong").And.NotContain("xoxb-a");
        fixture.Bridge.EvidencePut.Should().NotContain(evidence => evidence.Text.Contains("xoxb"));
    }

    [Theory]
    [InlineData("#nowhere", "Slack knows no channel #nowhere")]
    [InlineData("#private", "Slack knows no channel #private")]
    [InlineData("C0000000000", "Slack knows no channel C0000000000")]
    public async Task A_wrong_channel_ends_with_a_cause_that_says_what_to_correct(string channel, string cause)
    {
        await using var fixture = await SlackFixture.Start();

        (await fixture.Failed(SlackFixture.Word(1), cause, fixture.Handler(channel))).Effect.Should().Be(WorkEffect.None);

        fixture.Bridge.EvidencePut.Should().ContainSingle().Which.Should().Match<(string Name, string Text)>(
            evidence => evidence.Name == "last answer" && evidence.Text.EndsWith(": channel_not_found"));
    }

    [Fact]
    public async Task A_channel_that_the_app_is_no_member_of_says_so()
    {
        await using var fixture = await SlackFixture.Start();

        await fixture.Failed(SlackFixture.Word(1), "is no member of", fixture.Handler(fixture.Slack.ChannelId("private")));
    }

    [Fact]
    public async Task A_channel_that_comes_to_be_is_found_without_a_restart()
    {
        await using var fixture = await SlackFixture.Start();
        var handler = fixture.Handler();
        fixture.Answer("chat.postMessage", "channel_not_found");
        await fixture.Failed(SlackFixture.Word(1), "Slack knows no channel", handler);

        await fixture.Delivered(SlackFixture.Word(2), handler);

        fixture.Calls("users.conversations").Should().Be(2);
    }

    [Fact]
    public async Task A_refusal_that_is_not_known_is_kept_as_evidence_and_not_quoted()
    {
        await using var fixture = await SlackFixture.Start();
        fixture.Answer("chat.postMessage", "some_new_error");

        (await fixture.Tell(SlackFixture.Word(1))).Custom!.Cause.Should().Contain("target team").And.NotContain("some_new_error");

        fixture.Bridge.EvidencePut.Should().ContainSingle().Which.Text.Should().Be("chat.postMessage: some_new_error");
    }

    [Fact]
    public async Task A_refused_reply_says_that_the_message_stands()
    {
        await using var fixture = await SlackFixture.Start();
        var handle = await fixture.Delivered(SlackFixture.Word(1));
        fixture.Answer("chat.postMessage", "restricted_action_thread_locked");

        var ended = await fixture.Failed(SlackFixture.Word(2, handle) with { Reply = new NotificationReply("trouble") }, "does not let");

        ended.Effect.Should().Be(WorkEffect.Made);
    }

    [Fact]
    public async Task A_url_where_no_Slack_is_says_which_key_to_correct()
    {
        await using var fixture = await SlackFixture.Start();

        await fixture.Failed(SlackFixture.Word(1), "targets.team.slack.url answers with status 404", fixture.Handler(url: new Uri(fixture.Slack.Url, "elsewhere")));
    }

    [Fact]
    public async Task A_process_that_stops_leaves_at_once_without_an_end()
    {
        await using var fixture = await SlackFixture.Start();
        fixture.Slack.Faults.Add(new Fault { PathPrefix = "/api/", Hang = true });
        using var stop = new CancellationTokenSource();
        var handling = fixture.Handler().Handle(fixture.Work(SlackFixture.Word(1)), fixture.Bridge, stop.Token);
        while (fixture.Slack.Log.Requests.Count == 0)
        {
            await Task.Delay(5, Cancellation);
        }

        await stop.CancelAsync();

        await handling.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
    }
}
