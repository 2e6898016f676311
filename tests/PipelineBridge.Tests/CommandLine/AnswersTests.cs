using PipelineBridge.Events;
using PipelineBridge.Simulators;
using PipelineBridge.Tests.Bridge;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.CommandLine;

/// <summary>What is told when the bridge, or what stands before it, answers something else than hoped.</summary>
public sealed class AnswersTests : IAsyncLifetime
{
    static readonly string[] Tag = ["tag", "portal", "registry.internal/portal:412", "latest", "--key", "the-key"];

    RunningBridge bridge = null!;
    SimulatorServer before = null!;
    CommandRun shell = null!;

    public async ValueTask InitializeAsync()
    {
        bridge = await RunningBridge.Start();
        before = await BridgeProxy.Start(bridge);
        shell = CommandRun.Fast(before.Url);
    }

    public async ValueTask DisposeAsync()
    {
        await before.DisposeAsync();
        await bridge.DisposeAsync();
    }

    [Theory]
    [InlineData(401, "The bridge does not know who calls (HTTP 401)", "BRIDGE_TOKEN")]
    [InlineData(403, "The bridge does not allow this (HTTP 403)", "keys in bridge.yaml")]
    [InlineData(404, "answers HTTP 404, and not as a bridge does (text/html: <h1>no</h1>)", "Is BRIDGE_URL the address of the bridge")]
    [InlineData(409, "answers HTTP 409", "BRIDGE_URL")]
    [InlineData(413, "That is too long (HTTP 413)", "push --from")]
    [InlineData(422, "answers HTTP 422", "BRIDGE_URL")]
    [InlineData(301, "points elsewhere (HTTP 301), to https://login.internal/", "the key is not carried to another one")]
    public async Task A_refusal_that_is_not_the_bridges_own_ends_with_3_and_is_told_in_two_lines(int status, string happened, string toDo)
    {
        Answer(status, "<h1>no</h1>\n", times: 1);
        var refused = (await shell.Run(Tag)).ShouldExit(3);
        refused.Errors.TrimEnd().Split('\n').Should().HaveCount(2);
        refused.Errors.Should().Contain(happened).And.Contain(toDo);
        before.Faults.Pending.Should().BeEmpty();
        bridge.Stages.Given.Should().BeEmpty();
    }

    [Fact]
    public async Task The_bridges_own_refusals_are_told_in_its_words()
    {
        shell.Variables["BRIDGE_TOKEN"] = "another";
        (await shell.Run(Tag)).ShouldExit(3).Errors.Should().StartWith("The bridge does not know who calls (HTTP 401): The key in the header Authorization is not one of this bridge.");
        shell.Variables["BRIDGE_TOKEN"] = RunningBridge.PortalKey;
        (await shell.Run(Tag)).ShouldExit(3).Errors.Should().Contain("The key \"portal\" may not tag. It may push, read.").And.Contain("keys in bridge.yaml");
        shell.Variables["BRIDGE_TOKEN"] = RunningBridge.Key;
        (await shell.Run("await", "d-zzzz")).ShouldExit(3).Errors.Should().Be("There is no request d-zzzz.\n");
    }

    [Fact]
    public async Task What_is_too_long_is_refused_by_the_bridge_itself_and_the_refusal_arrives()
    {
        var direct = new CommandRun(bridge.Http.BaseAddress!.ToString(), RunningBridge.Key);
        for (var i = 0; i < 5; i++)
        {
            (await direct.Run("tag", "portal", "registry.internal/portal:412", new string('x', 4_000_000), "--no-wait")).ShouldExit(3)
                .Errors.Should().StartWith("That is too long (HTTP 413): The body has 4000");
        }
    }

    [Theory]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    public async Task What_may_pass_is_asked_again_and_is_one_ask(int status)
    {
        Answer(status, "later", times: 2);
        (await shell.Run(Tag)).ShouldExit(0);
        bridge.Stages.Of<ImageTagRequested>().Should().ContainSingle();
    }

    [Theory]
    [InlineData(408, "Whether this was accepted is not known.")]
    [InlineData(429, "Nothing was accepted.")]
    [InlineData(500, "Whether this was accepted is not known.")]
    [InlineData(503, "Whether this was accepted is not known.")]
    public async Task What_does_not_pass_ends_with_4_and_the_key_to_repeat_it_by(int status, string happened)
    {
        Answer(status, "<html>\n<b>later</b>", times: 9);
        var unknown = (await shell.Run(Tag)).ShouldExit(4);
        unknown.Errors.Should().StartWith(happened).And.Contain($"was asked 3 times: HTTP {status} (text/html: <html> <b>later</b>).").And.Contain("--key the-key");
        unknown.Errors.TrimEnd().Split('\n').Should().HaveCount(2);
        before.Log.Requests.Should().HaveCount(3);
    }

    [Fact]
    public async Task An_answer_that_is_lost_or_cut_is_asked_for_again_with_the_same_key()
    {
        before.Faults.Add(new Fault { PathPrefix = "/v1/tags", LoseAnswer = true });
        before.Faults.Add(new Fault { PathPrefix = "/v1/tags", TruncateAfterBytes = 40 });
        (await shell.Run("tag", "portal", "registry.internal/portal:412", "latest")).ShouldExit(0);
        bridge.Stages.Of<ImageTagRequested>().Should().ContainSingle("the key was the same");
        before.Log.Requests.Where(r => r.Method == "POST").Should().HaveCount(3);
    }

    [Fact]
    public async Task An_answer_that_never_comes_whole_ends_with_4_and_the_same_command_with_its_key_joins_what_was_accepted()
    {
        before.Faults.Add(new Fault { PathPrefix = "/v1/tags", LoseAnswer = true, Times = 3 });
        var unknown = (await shell.Run("tag", "portal", "registry.internal/portal:412", "latest")).ShouldExit(4);
        unknown.Errors.Should().StartWith("Whether this was accepted is not known.").And.Contain("it broke the connection");
        var key = System.Text.RegularExpressions.Regex.Match(unknown.Errors, "--key (cli-[0-9a-f]{32})").Groups[1].Value;
        (await shell.Run("tag", "portal", "registry.internal/portal:412", "latest", "--key", key)).ShouldExit(0);
        bridge.Stages.Of<ImageTagRequested>().Should().ContainSingle();
    }

    [Fact]
    public async Task A_bridge_that_never_answers_is_given_up()
    {
        before.Faults.Add(new Fault { PathPrefix = "/", Hang = true, Times = 9 });
        (await shell.Run(Tag)).ShouldExit(4).Errors.Should().Contain("was asked 3 times: it did not answer within").And.Contain("--key the-key");
        (await shell.Run("status")).ShouldExit(4).Errors.Should().Contain("Try again later");
    }

    [Fact]
    public async Task A_bridge_that_is_not_there_accepted_nothing()
    {
        shell.Variables["BRIDGE_URL"] = "http://127.0.0.1:1";
        (await shell.Run(Tag)).ShouldExit(4).Errors.Should().StartWith("Nothing was accepted.").And.Contain("it refuses connections");
    }

    [Fact]
    public async Task A_good_status_without_a_receipt_is_not_taken_for_one()
    {
        Answer(200, "<html>Sign in</html>", times: 1);
        (await shell.Run(Tag)).ShouldExit(4).Errors.Should().Contain("answers HTTP 200, but not as a bridge does (text/html: <html>Sign in</html>)").And.Contain("--key the-key");
        Answer(200, "<html>Sign in</html>", times: 1);
        (await shell.Run("status")).ShouldExit(4).Errors.Should().NotContain("--key");
    }

    [Fact]
    public async Task A_wait_goes_on_through_a_bridge_that_is_away_and_says_so_once()
    {
        before.Faults.Add(new Fault { PathPrefix = "/v1/requests", DropConnection = true, Times = 3 });
        before.Faults.Add(new Fault { PathPrefix = "/v1/requests", Status = 502, Times = 2 });
        var done = (await shell.Run(Tag)).ShouldExit(0);
        done.Output.Split('\n').Where(l => l.Contains("the bridge gives no answer", StringComparison.Ordinal)).Should().ContainSingle();
    }

    [Fact]
    public async Task A_wait_for_a_bridge_that_stays_away_ends_with_4()
    {
        before.Faults.Add(new Fault { PathPrefix = "/v1/requests", DropConnection = true, Times = 99 });
        var late = (await shell.Run([.. Tag, "--minutes", "0.5"])).ShouldExit(4);
        late.Errors.Should().MatchRegex(@"^How t-\w+ stands is not known: it broke the connection.*\nTo wait on: pipelinebridge await t-\w{6}\.\n$");
    }

    void Answer(int status, string body, int times) => before.Faults.Add(new Fault
    {
        PathPrefix = "/",
        Status = status,
        Body = body,
        Times = times,
        Headers = new Dictionary<string, string> { ["Content-Type"] = "text/html", ["Retry-After"] = "1", ["Location"] = "https://login.internal/" },
    });
}
