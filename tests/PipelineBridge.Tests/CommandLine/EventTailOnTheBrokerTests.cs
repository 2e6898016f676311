using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Events;
using PipelineBridge.Tests.Bridge;
using PipelineBridge.Tests.Broker;
using PipelineBridge.Tests.Docs;

namespace PipelineBridge.Tests.CommandLine;

/// <summary><c>events tail</c> on a real broker, as the user that the definitions have for it.</summary>
[Collection(BrokerTests.Name), Trait("Needs", "service")]
public sealed class EventTailOnTheBrokerTests(RabbitMqServer broker) : IDisposable
{
    const string Probe = "deployment.probe.portal.prod";

    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("pipelinebridge-tail-");

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public async Task It_prints_what_is_published_and_after_a_loss_it_says_so_listens_again_and_says_how_to_catch_up()
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await SubscriberScene.Make(broker);
        await using var tail = Tail(scene, "deployment.*.portal.*", "service.#");
        await tail.UntilSaid("Listening to deployment.*.portal.* service.# of exchange pipelinebridge.events of the broker at 127.0.0.1");
        await scene.Publish(Probe, "no event");
        await scene.Publish(SubscriberScene.Ended("deployment.failed", "one"));
        await scene.Publish(SubscriberScene.Ended("deployment.started", "of another", app: "search"));
        await scene.Publish(SubscriberScene.Ended("service.upgraded", "two"));
        await tail.UntilPrinted(3);
        tail.Output[0].Should().Contain($"{Probe}  -  a message that this version cannot read, 8 bytes");
        tail.Output[1].Should().MatchRegex(@"^2026-11-24 13:02:11 UTC  deployment\.failed\.portal\.prod  #d-[a-z0-9]{6}  portal → prod failed, ");
        tail.Output[2].Should().Contain("  service.upgraded.portal.prod  ");

        await scene.CloseConnections();
        await tail.UntilSaid("Listening to", 2);
        tail.Errors.Should().Contain("of the test").And.Contain("tried again").And.Contain("is not shown").And.Contain("GET /v1/events?after=");
        await scene.Publish(SubscriberScene.Ended("deployment.succeeded", "three"));
        await tail.UntilPrinted(4);
        tail.Output[3].Should().Contain("deployment.succeeded.portal.prod");
        (await tail.Stop()).Should().Be(0);
        await SubscriberScene.Until(async () => !(await broker.Control("list_queues", "-p", scene.Options.VirtualHost, "name")).Contains("subscriber.", StringComparison.Ordinal), "its queue is gone");
    }

    [Fact]
    public async Task After_a_sequence_it_prints_the_journal_first_and_what_came_both_ways_once()
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await SubscriberScene.Make(broker);
        await using var bridge = await RunningBridge.Start();
        await bridge.Until(await bridge.Deploy(), "succeeded");
        var ask = bridge.Journaled<DeploymentRequested>().Single();
        await using var tail = Tail(scene, new Dictionary<string, string> { ["BRIDGE_URL"] = bridge.Http.BaseAddress!.ToString(), ["BRIDGE_TOKEN"] = RunningBridge.Key }, "deployment.requested.#", "deployment.succeeded.#", "--after", "0", "--json");
        await tail.UntilSaid("Listening to");
        tail.Output.Select(l => (string)JsonNode.Parse(l)!["id"]!).Should().Equal(ask.Id, bridge.Journaled<DeploymentSucceeded>().Single().Id);
        await scene.Publish(ask.RoutingKey, Encoding.UTF8.GetString(CdEventWriter.Write(ask)));
        await scene.Publish(Probe.Replace("probe", "requested", StringComparison.Ordinal), "no event");
        await tail.UntilPrinted(3);
        tail.Output[2].Should().Be("no event");
    }

    [Fact]
    public async Task A_wrong_password_ends_it_and_an_exchange_that_is_not_there_yet_is_waited_for()
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await SubscriberScene.Make(broker);
        await using (var wrong = Tail(scene, new Dictionary<string, string>(), "wrong-one", scene.Subscriber.Username, []))
        {
            (await wrong.Exit()).Should().Be(3);
            wrong.Errors.Should().Contain("refuses pipelinebridge-subscriber").And.NotContain("wrong-one");
        }
        await scene.DeleteEventsExchange();
        // The bridge's own user may listen as well.
        await using var tail = Tail(scene, new Dictionary<string, string>(), scene.Subscriber.Password()!, "pipelinebridge-bridge", ["#"]);
        await tail.UntilSaid("no exchange 'pipelinebridge.events'");
        await scene.DeclareTopology();
        await tail.UntilSaid("Listening to #");
    }

    [Fact]
    public async Task Variables_alone_name_the_broker_and_Ctrl_C_ends_the_process_with_0()
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await SubscriberScene.Make(broker);
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "pipelinebridge.dll"), "events", "tail", "deployment.#"]) { WorkingDirectory = directory.FullName };
        start.Environment["PIPELINEBRIDGE_BROKER__URL"] = scene.Options.Url.ToString();
        start.Environment["PIPELINEBRIDGE_BROKER__USERNAME"] = scene.Subscriber.Username;
        start.Environment["PIPELINEBRIDGE_BROKER__PASSWORD_FILE"] = Path.Combine(directory.FullName, "password");
        await File.WriteAllTextAsync(Path.Combine(directory.FullName, "password"), scene.Subscriber.Password(), TestContext.Current.CancellationToken);
        await using var program = new ExampleProgram(start);
        await scene.UntilSomebodyListens(Probe, program);
        await scene.Publish(SubscriberScene.Ended("deployment.succeeded", "one"));
        (await program.LinesTo("2026-11-24 13:02:11 UTC")).Should().HaveCount(2).And.Subject.Last().Should().Contain("deployment.succeeded.portal.prod");
        await program.Interrupt();
        (await program.Exit()).Should().Be(0);
    }

    TailRun Tail(SubscriberScene scene, params string[] arguments) => Tail(scene, new Dictionary<string, string>(), arguments);

    TailRun Tail(SubscriberScene scene, Dictionary<string, string> variables, params string[] arguments) => Tail(scene, variables, scene.Subscriber.Password()!, scene.Subscriber.Username, arguments);

    TailRun Tail(SubscriberScene scene, Dictionary<string, string> variables, string password, string username, string[] arguments)
    {
        File.WriteAllText(Path.Combine(directory.FullName, "password"), password);
        var file = Path.Combine(directory.FullName, "bridge.yaml");
        File.WriteAllText(file, $$"""
            broker:
              url: {{scene.Options.Url}}
              username: {{username}}
              password: {file: password}
            keys: [{name: test, sha256: [{{new string('0', 64)}}], verbs: "*", apps: "*"}]
            """);
        return new TailRun(TimeProvider.System, variables, [.. arguments, "--file", file]);
    }
}
