using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using PipelineBridge.Events;
using PipelineBridge.Simulators;
using PipelineBridge.Tests.Bridge;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Docs;

/// <summary>The examples of docs/http.md are what a person pastes: each is run as it stands.</summary>
[Trait("Needs", "service")]
public partial class HttpExamplesTests
{
    [Fact]
    public async Task The_curl_lines_of_http_md_are_accepted_and_come_to_their_end()
    {
        await using var bridge = await RunningBridge.Start();
        var lines = Blocks("docs/http.md", "sh").Where(b => b.Contains("curl", StringComparison.Ordinal)).ToList();
        lines.Should().HaveCountGreaterThanOrEqualTo(3);

        // The one that asks how it stands needs a request, so it goes last.
        var receipt = "";
        foreach (var line in lines.OrderBy(l => l.Contains("$ID", StringComparison.Ordinal)))
        {
            var answer = await Bash(bridge, line, ("ID", receipt));
            answer.Should().Contain("\"state\":");
            receipt = Id().Match(answer).Groups[1].Value;
        }
    }

    [Fact]
    public async Task The_verbs_by_curl_go_from_a_push_to_a_removal()
    {
        await using var bridge = await RunningBridge.Start();
        bridge.Stages.Push = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([work.Done(new ArtifactPublished(), with: c => c with { Image = $"{work.Event.Custom!.Image}@sha256:{new string('3', 64)}" })]);
        bridge.Stages.Deploy = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>(
            [work.Event.Content is DeploymentRetireRequested ? work.Done(new ServiceRemoved(new Reference(work.Environment))) : ScriptedStages.Live(work)]);
        await bridge.Until(await bridge.Deploy(), "succeeded");
        var script = "set -euo pipefail\n" + string.Join("\n", Blocks("docs/http.md", "bash"));

        await Bash(bridge, script);
        await bridge.Until(await Newest(bridge), "succeeded");

        await SubscriberScene.Until(() => Task.FromResult(bridge.Stages.Of<ImageTagRequested>().Count > 0
            && bridge.Stages.Of<NotificationRequested>().Any(w => w.Content<NotificationRequested>().Title == "Migration done")), "the tag and the message are given too");
        bridge.Stages.Of<ImagePushRequested>().Should().ContainSingle();
        bridge.Stages.Of<ImageTagRequested>().Should().ContainSingle();
        bridge.Stages.Of<DeploymentRolloutRequested>().Select(w => w.Content<DeploymentRolloutRequested>().Image[..31]).Should().Equal(
            "registry.internal/portal:412@sh", "registry.internal/portal:413@sh", "registry.internal/portal:412@sh");
        bridge.Stages.Of<DeploymentRetireRequested>().Should().ContainSingle();
    }

    [Fact]
    public async Task An_answer_that_got_lost_is_asked_for_again_with_the_same_key_and_a_refusal_is_not()
    {
        await using var bridge = await RunningBridge.Start();
        await using var proxy = await BridgeProxy.Start(bridge);
        proxy.Faults.Add(new Fault { PathPrefix = "/v1/tags", LoseAnswer = true });
        proxy.Faults.Add(new Fault { PathPrefix = "/v1/tags", TruncateAfterBytes = 40 });
        var functions = $"BRIDGE_URL={proxy.Url.ToString().TrimEnd('/')}\n{Blocks("docs/http.md", "bash").First()}";

        (await Bash(bridge, $$"""{{functions}}bridge POST /v1/tags lost-1 '{"app":"portal","from":"registry.internal/portal:413","tags":["stable"]}'""")).Should().StartWith("{").And.Contain("\"id\":\"t-");

        proxy.Log.Requests.Should().HaveCount(3);
        bridge.Journaled<ImageTagRequested>().Should().ContainSingle();
        (await Bash(bridge, functions + "bridge POST /v1/tags wrong-1 '{}' || echo \"exit $?\"")).Should().Contain("422").And.EndWith("exit 22\n");
        proxy.Log.Requests.Should().HaveCount(4);
    }

    [Fact]
    public async Task The_await_of_http_md_ends_as_the_request_does()
    {
        await using var bridge = await RunningBridge.Start();
        bridge.Stages.Deploy = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([ScriptedStages.Failed(work)]);
        var id = (string)(await bridge.Deploy())["id"]!;
        var functions = Blocks("docs/http.md", "bash").First();
        (await Bash(bridge, $"{functions}\nawait {id} || echo \"exit $?\"")).Should().Be("0 of 3 new tasks became healthy on GET /health.\nexit 1\n");
        (await Bash(bridge, $"{functions}\nawait {id} 0 || echo \"exit $?\"")).Should().Be("exit 4\n");
    }

    [Fact]
    public async Task The_curl_line_of_events_md_reads_events()
    {
        await using var bridge = await RunningBridge.Start();
        (await Bash(bridge, Blocks("docs/events.md", "sh").First())).Should().Contain("\"reached\":");
    }

    [Fact]
    public async Task A_curl_line_with_the_key_in_it_would_be_seen()
    {
        await using var bridge = await RunningBridge.Start();
        var shown = () => Bash(bridge, "curl -sS -H \"Authorization: Bearer $BRIDGE_TOKEN\" \"$BRIDGE_URL/v1/services\"");
        (await shown.Should().ThrowAsync<Exception>()).Which.Message.Should().Contain("the key is on the command line of curl");
    }

    [Fact]
    public void No_example_of_any_page_puts_the_key_on_a_command_line()
    {
        var pages = Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md", SearchOption.AllDirectories).Append(Repository.PathOf("README.md")).ToList();
        pages.Should().HaveCountGreaterThan(5);
        pages.SelectMany(p => KeyAsArgument().Matches(File.ReadAllText(p)).Select(m => $"{Path.GetFileName(p)}: {m.Value}")).Should().BeEmpty();
        KeyAsArgument().IsMatch("curl -sS -H \"Authorization: Bearer $BRIDGE_TOKEN\"").Should().BeTrue();
    }

    static async Task<JsonObject> Newest(RunningBridge bridge)
    {
        using var response = await bridge.Send(HttpMethod.Get, "/v1/deployments?app=portal&environment=prod&limit=1");
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["deployments"]![0]!.AsObject();
    }

    static IEnumerable<string> Blocks(string file, string language) =>
        Block().Matches(File.ReadAllText(Repository.PathOf(file))).Where(m => m.Groups[1].Value == language).Select(m => m.Groups[2].Value);

    // Each curl of an example is bounded, and refuses to show the key to whoever lists the processes.
    const string Curl = """
        curl() {
            case "$*" in *"$BRIDGE_TOKEN"*) echo 'the key is on the command line of curl' >&2; return 99 ;; esac
            command curl --fail-with-body --max-time 120 "$@"
        }

        """;

    static async Task<string> Bash(RunningBridge bridge, string script, params (string Name, string Value)[] variables)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/curl"), "curl is not installed");
        var start = new ProcessStartInfo("bash", ["-c", Curl + script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["BRIDGE_URL"] = start.Environment["BRIDGE"] = bridge.Http.BaseAddress!.ToString().TrimEnd('/');
        start.Environment["BRIDGE_TOKEN"] = RunningBridge.Key;
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.Should().Be(0, $"of {script}: {output} {errors}");
        return output;
    }

    [GeneratedRegex("```(\\w+)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();


    [GeneratedRegex("(-H|--header|-u|--user|--oauth2-bearer)[ =]?[^\n|]*BRIDGE_TOKEN")]
    private static partial Regex KeyAsArgument();

    [GeneratedRegex("\"id\":\"([^\"]+)\"")]
    private static partial Regex Id();
}
