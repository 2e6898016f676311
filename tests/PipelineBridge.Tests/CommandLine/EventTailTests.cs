using System.Text.Json.Nodes;
using PipelineBridge.Events;
using PipelineBridge.Tests.Bridge;
using PipelineBridge.Tests.Docs;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.CommandLine;

/// <summary><c>events tail</c> over HTTP, and what it refuses.</summary>
public sealed class EventTailTests
{
    [Fact]
    public async Task Over_HTTP_it_prints_what_fits_one_line_an_event_and_Ctrl_C_ends_it_with_0()
    {
        await using var bridge = await RunningBridge.Start();
        await using var tail = Tail(bridge, TimeProvider.System, "deployment.*.portal.prod");
        await tail.UntilSaid("Listening to deployment.*.portal.prod of the bridge at");
        var receipt = await bridge.Deploy();
        await bridge.Until(receipt, "succeeded");
        await bridge.Until(await bridge.Deploy(environment: "test"), "succeeded");
        await SubscriberScene.Until(() => Task.FromResult(tail.Output.Any(l => l.Contains("deployment.succeeded", StringComparison.Ordinal))), "it has printed the end");
        var asked = tail.Output[0];
        asked.Should().MatchRegex(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC  deployment\.requested\.portal\.prod  #d-[a-z0-9]{6}  asked to deploy portal → prod: ");
        asked.Should().Contain(((string)receipt["id"]!)[..8]);
        tail.Output.Should().OnlyContain(l => l.Contains(".portal.prod  ", StringComparison.Ordinal));
        (await tail.Stop()).Should().Be(0);
    }

    [Fact]
    public async Task A_bridge_that_falls_silent_is_told_and_listened_to_again_where_it_was_and_nothing_is_missed_or_doubled()
    {
        await using var bridge = await RunningBridge.Start();
        // The clock runs ahead of the bridge's, which therefore seems to say nothing for so long.
        await using var tail = Tail(bridge, new FastTime(15), "deployment.requested.#", "--json");
        await tail.UntilSaid("Listening to");
        await bridge.Until(await bridge.Deploy(), "succeeded");
        await tail.UntilSaid("said nothing for 45 s");
        await tail.UntilSaid("Nothing was missed");
        await bridge.Until(await bridge.Deploy(image: "registry.internal/portal:413"), "succeeded");
        await tail.UntilPrinted(2);
        tail.Output.Should().Equal(bridge.Journaled<DeploymentRequested>().Select(e => System.Text.Encoding.UTF8.GetString(CdEventWriter.Write(e))));
        (await tail.Stop()).Should().Be(0);
    }

    [Fact]
    public async Task After_a_sequence_it_begins_with_what_is_in_the_journal()
    {
        await using var bridge = await RunningBridge.Start();
        // Nobody is told of those to test: nothing more is written after its end.
        await bridge.Until(await bridge.Deploy(environment: "test"), "succeeded");
        var head = bridge.Journal.Head;
        await using var all = Tail(bridge, TimeProvider.System, "--after", "0", "--json");
        await all.UntilPrinted((int)head);
        all.Output.Select(l => (string)JsonNode.Parse(l)!["id"]!).Should().OnlyHaveUniqueItems();
        await using var last = Tail(bridge, TimeProvider.System, "--after", $"{head - 1}", "--json");
        await last.UntilPrinted(1);
        last.Output.Should().Equal(all.Output[^1]);
    }

    [Fact]
    public async Task A_foreign_event_with_line_breaks_is_one_line()
    {
        await using var bridge = await RunningBridge.Start();
        await using var tail = Tail(bridge, TimeProvider.System, "testsuiterun.#", "--json");
        await tail.UntilSaid("Listening to");
        const string foreign = """
            {
              "specversion": "1.0", "id": "1", "source": "/ci", "type": "dev.cdevents.testsuiterun.finished.0.3.0", "subject": "unit",
              "time": "2026-11-24T13:04:37Z", "datacontenttype": "application/json",
              "data": { "context": { "specversion": "0.5.1", "id": "1", "source": "/ci", "type": "dev.cdevents.testsuiterun.finished.0.3.0", "timestamp": "2026-11-24T13:04:37Z" },
                "subject": { "id": "unit", "content": { "outcome": "success" } } }
            }
            """;
        using (var response = await bridge.Send(HttpMethod.Post, "/v1/events", foreign))
        {
            ((int)response.StatusCode).Should().Be(202, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
        await tail.UntilPrinted(1);
        JsonNode.DeepEquals(JsonNode.Parse(tail.Output.Should().ContainSingle().Subject), JsonNode.Parse(foreign)).Should().BeTrue();
    }

    [Fact]
    public async Task A_pattern_that_fits_nothing_is_refused_and_nobody_waits()
    {
        await using var tail = new TailRun(TimeProvider.System, new Dictionary<string, string>(), "service.*");
        (await tail.Exit()).Should().Be(2);
        tail.Errors.Should().Contain("\"service.*\" fits no key").And.Contain("subject.predicate.app.environment");
    }

    [Fact]
    public async Task Without_a_broker_and_a_bridge_it_says_how_to_name_one()
    {
        await using var tail = new TailRun(TimeProvider.System, new Dictionary<string, string>());
        (await tail.Exit()).Should().Be(2);
        tail.Errors.Should().Contain("Neither a broker nor a bridge is named").And.Contain("BRIDGE_URL").And.Contain("PIPELINEBRIDGE_BROKER__URL");
    }

    [Fact]
    public async Task Beside_the_bridges_configuration_it_needs_the_broker_alone()
    {
        var directory = Directory.CreateTempSubdirectory("pipelinebridge-tail-");
        try
        {
            var file = Path.Combine(directory.FullName, "bridge.yaml");
            const string others = """
                worker: {bridge: "http://127.0.0.1:9", key: {file: not-here}}
                journal: not-here/journal.db
                registries: {registry.internal: {username: bridge, password: {file: not-here}}}
                environments: {prod: {zone: internal}}
                targets: {team: {slack: {channel: C0123456789, token: {file: not-here}}}}
                apps: {portal: {spec: not-here.json, environments: [prod]}}
                """;
            await File.WriteAllTextAsync(Path.Combine(directory.FullName, "password"), "any", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(file, others + "\nbroker: {url: \"amqp://127.0.0.1:1/\", username: subscriber, password: {file: password}}\n", TestContext.Current.CancellationToken);
            await using (var tail = new TailRun(TimeProvider.System, new Dictionary<string, string>(), "--file", file))
            {
                await tail.UntilSaid("Connecting to exchange pipelinebridge.events of the broker at 127.0.0.1");
                tail.Errors.Should().NotContain("mistake").And.NotContain("not-here");
            }
            File.Delete(Path.Combine(directory.FullName, "password"));
            await using var without = new TailRun(TimeProvider.System, new Dictionary<string, string>(), "--file", file);
            (await without.Exit()).Should().Be(2);
            without.Errors.Should().StartWith("bridge.yaml has 1 mistake; nothing was listened to.").And.Contain("broker.password.file").And.NotContain("not-here");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_key_that_the_bridge_does_not_know_ends_it_at_once()
    {
        await using var bridge = await RunningBridge.Start();
        await using var tail = new TailRun(TimeProvider.System, new Dictionary<string, string> { ["BRIDGE_URL"] = bridge.Http.BaseAddress!.ToString(), ["BRIDGE_TOKEN"] = "wrong" });
        (await tail.Exit()).Should().Be(3);
        tail.Errors.Should().Contain("HTTP 401").And.NotContain("tried again");
    }

    [Fact]
    public async Task A_bridge_that_stays_away_is_given_up_with_a_word()
    {
        await using var tail = new TailRun(new FastTime(200), new Dictionary<string, string> { ["BRIDGE_URL"] = "http://127.0.0.1:1", ["BRIDGE_TOKEN"] = "any" }, "--after", "17");
        (await tail.Exit()).Should().Be(4);
        tail.Errors.Should().Contain("it refuses connections").And.Contain("It is tried again for 10 minutes.").And.Contain("Not listening since")
            .And.Contain("Given up after 10 minutes").And.Contain("pipelinebridge events tail --after 17");
    }

    static TailRun Tail(RunningBridge bridge, TimeProvider clock, params string[] arguments) =>
        new(clock, new Dictionary<string, string> { ["BRIDGE_URL"] = bridge.Http.BaseAddress!.ToString(), ["BRIDGE_TOKEN"] = RunningBridge.Key }, arguments);
}
