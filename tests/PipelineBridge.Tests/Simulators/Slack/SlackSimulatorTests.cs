using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using PipelineBridge.Simulators;
using PipelineBridge.Simulators.Slack;

namespace PipelineBridge.Tests.Simulators.Slack;

public sealed class SlackSimulatorTests : IAsyncLifetime
{
    readonly SettableTime time = new();
    SlackSimulator slack = null!;
    HttpClient http = null!;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    string Deploys => slack.ChannelId("deploys");

    public async ValueTask InitializeAsync()
    {
        slack = await SlackSimulator.Start(
            new SlackSimulatorOptions
            {
                Time = time,
                Announce = _ => { },
                Bots = [new("xoxb-one", "one"), new("xoxb-two", "two")],
                Channels = ["deploys", "releases"],
                ForeignChannels = ["private"],
                People = [new("Ada", "ada@example.org")],
                EditWindowSeconds = 600,
            },
            Cancellation);
        http = new HttpClient { BaseAddress = slack.ApiUrl };
        Authorize("xoxb-one");
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await slack.DisposeAsync();
    }

    [Fact]
    public async Task A_post_to_a_channel_by_name_answers_the_channels_id_and_a_growing_timestamp()
    {
        var first = await Post(new { channel = "#deploys", text = "one" });
        time.Now += TimeSpan.FromSeconds(1);
        var second = await Post(new { channel = Deploys, text = "two" });

        Text(first, "channel").Should().Be(Deploys).And.MatchRegex("^C[0-9A-Z]{10}$");
        Text(first, "ts").Should().Be("1795521600.000000").And.NotBe(Text(second, "ts"));
        string.CompareOrdinal(Text(second, "ts"), Text(first, "ts")).Should().BePositive();
        slack.Messages("deploys").Select(message => message.Text).Should().Equal("one", "two");
    }

    [Fact]
    public async Task A_form_carries_blocks_and_metadata_as_text()
    {
        using var answer = await http.PostAsync("chat.postMessage", new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["channel"] = "deploys",
            ["text"] = "short",
            ["blocks"] = """[{"type":"section","text":{"type":"mrkdwn","text":"long"}}]""",
            ["metadata"] = """{"event_type":"delivery","event_payload":{"id":"d-1"}}""",
        }), Cancellation);

        (await Json(answer))["ok"]!.GetValue<bool>().Should().BeTrue();
        var message = slack.Messages("deploys").Should().ContainSingle().Subject;
        message.Blocks.Should().Contain("long");
        message.Payload()!["id"]!.GetValue<string>().Should().Be("d-1");
    }

    [Fact]
    public async Task Metadata_is_answered_only_to_who_asks_for_it()
    {
        await Post(new { channel = "deploys", text = "x", metadata = new { event_type = "delivery", event_payload = new { id = "d-1" } } });

        var with = await Call("conversations.history", new { channel = Deploys, include_all_metadata = true });
        with["messages"]![0]!["metadata"]!["event_payload"]!["id"]!.GetValue<string>().Should().Be("d-1");
        var without = await Call("conversations.history", new { channel = Deploys });
        without["messages"]![0]!["metadata"].Should().BeNull();
    }

    [Fact]
    public async Task An_edit_changes_the_message_and_its_past_stays_known()
    {
        var posted = await Post(new
        {
            channel = "deploys",
            text = "rolling",
            blocks = new[] { new { type = "divider" } },
            metadata = new { event_type = "delivery", event_payload = new { id = "d-1" } },
        });
        time.Now += TimeSpan.FromSeconds(5);
        await Call("chat.update", new { channel = Deploys, ts = Text(posted, "ts"), text = "live" });

        var message = slack.Messages("deploys").Should().ContainSingle().Subject;
        message.Text.Should().Be("live");
        message.Blocks.Should().BeNull("a text without blocks takes the old ones away");
        message.Payload().Should().NotBeNull("metadata that is not given stays");
        message.Edits.Should().ContainSingle().Which.Should().Be(new SlackEdit(time.Now, "rolling", """[{"type":"divider"}]"""));
    }

    [Fact]
    public async Task Replies_belong_to_their_message_and_are_no_part_of_the_channels_history()
    {
        var ts = Text(await Post(new { channel = "deploys", text = "failed" }), "ts");
        time.Now += TimeSpan.FromSeconds(1);
        var reply = await Post(new { channel = "deploys", text = "<@U1> look", thread_ts = ts });

        var history = await Call("conversations.history", new { channel = Deploys });
        history["messages"]!.AsArray().Should().ContainSingle().Which!["reply_count"]!.GetValue<int>().Should().Be(1);
        var thread = await Call("conversations.replies", new { channel = Deploys, ts });
        thread["messages"]!.AsArray().Select(message => Text(message!, "ts")).Should().Equal(ts, Text(reply, "ts"));
        slack.Messages("deploys")[0].Replies.Should().ContainSingle().Which.Text.Should().Be("<@U1> look");
        time.Now += TimeSpan.FromSeconds(1);
        await Refused("chat.postMessage", new { channel = "deploys", text = "x", thread_ts = "1.000000" }, "thread_not_found");
    }

    [Fact]
    public async Task History_comes_newest_first_in_pages_and_between_bounds()
    {
        slack.LimitsRate = false;
        var all = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            all.Add(Text(await Post(new { channel = "deploys", text = $"{i}" }), "ts"));
        }

        all.Should().OnlyHaveUniqueItems("also within the same microsecond");
        var first = await Call("conversations.history", new { channel = Deploys, limit = 2 });
        Texts(first).Should().Equal("4", "3");
        first["has_more"]!.GetValue<bool>().Should().BeTrue();
        var second = await Call("conversations.history", new { channel = Deploys, limit = 9, cursor = Text(first["response_metadata"]!, "next_cursor") });
        Texts(second).Should().Equal("2", "1", "0");
        second["has_more"]!.GetValue<bool>().Should().BeFalse();
        Texts(await Call("conversations.history", new { channel = Deploys, oldest = all[1], latest = all[3] })).Should().Equal("2");
        Texts(await Call("conversations.history", new { channel = Deploys, oldest = all[1], latest = all[3], inclusive = true })).Should().Equal("3", "2", "1");
    }

    [Fact]
    public async Task More_than_one_post_a_second_in_a_channel_is_told_to_wait()
    {
        await Post(new { channel = "deploys", text = "one" });
        using var answer = await http.PostAsJsonAsync("chat.postMessage", new { channel = "deploys", text = "two" }, Cancellation);
        answer.StatusCode.Should().Be(HttpStatusCode.TooManyRequests);
        answer.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(1));
        Text(await Json(answer), "error").Should().Be("ratelimited");

        time.Now += TimeSpan.FromSeconds(1);
        await Post(new { channel = "deploys", text = "two" });
        slack.Messages("deploys").Should().HaveCount(2);
    }

    [Fact]
    public async Task Refusals_are_told_in_a_200()
    {
        var ts = Text(await Post(new { channel = "deploys", text = "mine" }), "ts");
        time.Now += TimeSpan.FromSeconds(1);
        await Refused("chat.postMessage", new { channel = "nowhere", text = "x" }, "channel_not_found");
        await Refused("chat.postMessage", new { channel = "private", text = "x" }, "not_in_channel");
        await Refused("chat.postMessage", new { channel = "deploys" }, "no_text");
        await Refused("chat.postMessage", new { channel = "deploys", text = new string('x', 40_001) }, "msg_too_long");
        await Refused("chat.update", new { channel = Deploys, ts, text = new string('x', 4_001) }, "msg_too_long");
        await Refused("chat.update", new { channel = "deploys", ts, text = "x" }, "channel_not_found");
        await Refused("chat.update", new { channel = Deploys, ts = "1.000000", text = "x" }, "message_not_found");
        await Refused("chat.postMessage", new { channel = "deploys", blocks = new[] { Section(new string('x', 3_001)) } }, "invalid_blocks");
        await Refused("chat.postMessage", new { channel = "deploys", blocks = Enumerable.Repeat(Section(new string('x', 3_000)), 5) }, "msg_blocks_too_long");
        await Refused("chat.postMessage", new { channel = "deploys", blocks = Enumerable.Repeat(Section("x"), 51) }, "invalid_blocks");
        await Refused("chat.postMessage", new { channel = "deploys", text = "x", metadata = new { event_type = "a" } }, "invalid_metadata_schema");
        await Refused("chat.tell", new { }, "unknown_method");

        Authorize("xoxb-two");
        await Refused("chat.update", new { channel = Deploys, ts, text = "x" }, "cant_update_message");
        Authorize("xoxb-wrong");
        await Refused("auth.test", new { }, "invalid_auth");
        http.DefaultRequestHeaders.Authorization = null;
        await Refused("auth.test", new { }, "not_authed");
        Authorize("xoxb-one");
        time.Now += TimeSpan.FromSeconds(600);
        await Refused("chat.update", new { channel = Deploys, ts, text = "x" }, "edit_window_closed");
        slack.Remove("deploys", ts);
        await Refused("chat.update", new { channel = Deploys, ts, text = "x" }, "message_not_found");
        slack.Messages("deploys").Should().BeEmpty();
    }

    [Fact]
    public async Task A_post_whose_answer_is_lost_was_made_and_is_found_by_its_metadata()
    {
        slack.Faults.Add(new Fault { PathPrefix = "/api/chat.postMessage", LoseAnswer = true });
        var post = async () => await Post(new { channel = "deploys", text = "x", metadata = new { event_type = "delivery", event_payload = new { id = "d-1" } } });
        await post.Should().ThrowAsync<HttpRequestException>();

        var history = await Call("conversations.history", new { channel = Deploys, include_all_metadata = true });
        history["messages"]!.AsArray().Should().ContainSingle().Which!["metadata"]!["event_payload"]!["id"]!.GetValue<string>().Should().Be("d-1");
    }

    [Fact]
    public async Task People_are_found_by_their_address_in_a_form_but_not_in_json()
    {
        using var answer = await http.PostAsync(
            "users.lookupByEmail", new FormUrlEncodedContent([KeyValuePair.Create("email", "ada@example.org")]), Cancellation);
        Text((await Json(answer))["user"]!, "id").Should().Be(new SlackPerson("Ada", "ada@example.org").UserId);
        Text(await Json(await http.GetAsync("users.lookupByEmail?email=none@example.org", Cancellation)), "error").Should().Be("users_not_found");
        await Refused("users.lookupByEmail", new { email = "ada@example.org" }, "invalid_arguments");
    }

    [Fact]
    public async Task A_bots_channels_are_listed_in_pages_without_those_it_is_no_member_of()
    {
        var names = new List<string>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await Json(await http.GetAsync($"users.conversations?limit=1&types=public_channel&cursor={cursor}", Cancellation));
            names.AddRange(page["channels"]!.AsArray().Select(channel => Text(channel!, "name")));
            cursor = Text(page["response_metadata"]!, "next_cursor") is { Length: > 0 } next ? next : null;
        }

        names.Should().BeEquivalentTo("deploys", "releases").And.NotContain("private");
    }

    [Fact]
    public async Task The_page_shows_what_a_person_would_see_and_the_log_no_token()
    {
        var ada = new SlackPerson("Ada", "ada@example.org").UserId;
        await Post(new { channel = "deploys", text = $"<https://bridge.example/d-1|timeline> a &lt;b&gt; <script>alert(1)</script> <@{ada}>" });

        var page = await http.GetStringAsync(slack.Url, Cancellation);
        page.Should().Contain("<a href=\"https://bridge.example/d-1\">timeline</a> a &lt;b&gt;")
            .And.Contain("@Ada").And.Contain("No real Slack").And.NotContain("<script>");
        (await http.GetStringAsync(new Uri(slack.Url, "_simulator/log"), Cancellation))
            .Should().Contain("\"ts\":").And.NotContain("xoxb");
    }

    static object Section(string text) => new { type = "section", text = new { type = "mrkdwn", text } };

    async Task<JsonNode> Post(object body) => await Call("chat.postMessage", body);

    async Task<JsonNode> Call(string method, object body)
    {
        using var answer = await http.PostAsJsonAsync(method, body, Cancellation);
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        var json = await Json(answer);
        json["ok"]!.GetValue<bool>().Should().BeTrue(json.ToJsonString());
        return json;
    }

    async Task Refused(string method, object body, string error)
    {
        using var answer = await http.PostAsJsonAsync(method, body, Cancellation);
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        var json = await Json(answer);
        json["ok"]!.GetValue<bool>().Should().BeFalse();
        Text(json, "error").Should().Be(error);
    }

    static async Task<JsonNode> Json(HttpResponseMessage answer) =>
        JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!;

    static string Text(JsonNode node, string name) => node[name]!.GetValue<string>();

    static IEnumerable<string> Texts(JsonNode answer) => answer["messages"]!.AsArray().Select(message => Text(message!, "text"));

    void Authorize(string token) => http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);

    sealed class SettableTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
