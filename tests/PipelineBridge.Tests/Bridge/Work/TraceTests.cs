using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Tests.Broker;

namespace PipelineBridge.Tests.Bridge.Work;

[Collection(BrokerTests.Name), Trait("Needs", "service")]
public sealed class TraceTests(RabbitMqServer server)
{
    const string TraceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const string Trace = $"00-{TraceId}-00f067aa0ba902b7-01";

    [Fact]
    public async Task The_trace_of_the_call_is_in_the_event_and_beside_it_and_in_all_that_follows()
    {
        await using var scene = await BrokerScene.Start(server);
        var mine = await scene.Subscribe("#");
        var receipt = await Deploy(scene, Trace);

        var message = await scene.Get(Queues.RegistryResolve);
        Header(message).Should().Be(Trace);
        var resolve = new WorkItem(CdEventReader.Read(message.Body), 1, "registry", TimeProvider.System);
        resolve.Event.TraceParent.Should().Be(Trace);
        await scene.Say(resolve.Done(new ImageResolved("registry.internal/portal:412@" + ScriptedStages.Digest)));
        await scene.Say(ScriptedStages.Live(await scene.Work(Queues.ClusterDeploy("main"))));
        await scene.Bridge.Until(receipt, "succeeded");

        var last = await scene.Get(mine);
        while (CdEventReader.Read(last.Body).Content is not DeploymentSucceeded)
        {
            last = await scene.Get(mine);
        }
        Header(last).Should().Be(Trace);
        scene.Bridge.Journal.Read(r => r.EventsAfter(0, 100)).Events.Select(e => CdEventReader.Read(e.Body).TraceParent).Should().AllBe(Trace);
    }

    [Fact]
    public async Task A_call_without_a_trace_or_with_one_that_is_none_is_taken_without()
    {
        await using var scene = await BrokerScene.Start(server);
        await Deploy(scene, "00-nonsense");
        var message = await scene.Get(Queues.RegistryResolve);
        Header(message).Should().BeNull();
        CdEventReader.Read(message.Body).TraceParent.Should().BeNull();
    }

    [Fact]
    public async Task Who_listens_sees_the_ask_the_decision_and_the_giving_in_one_trace()
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name == "PipelineBridge",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = a =>
            {
                lock (spans)
                {
                    spans.Add(a);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using var scene = await BrokerScene.Start(server);
        await Deploy(scene, Trace);
        var message = await scene.Get(Queues.RegistryResolve);

        Header(message).Should().StartWith($"00-{TraceId}-").And.NotBe(Trace);
        // The message is there before its giving is over.
        string[] names = ["ask /v1/deployments", "decide deployment.requested", "give registry.resolve"];
        await BrokerScene.Until(() => !names.Except(Seen()).Any(), $"the trace has {string.Join(", ", names)}");

        List<string> Seen()
        {
            lock (spans)
            {
                return [.. spans.Where(s => s.TraceId.ToString() == TraceId).Select(s => s.DisplayName)];
            }
        }
    }

    static string? Header(RabbitMQ.Client.BasicGetResult message) =>
        message.BasicProperties.Headers?.TryGetValue("traceparent", out var value) == true && value is byte[] bytes ? Encoding.ASCII.GetString(bytes) : null;

    static async Task<JsonObject> Deploy(BrokerScene scene, string trace)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/deployments")
        {
            Content = new StringContent("""{"app":"portal","environment":"test","image":"registry.internal/portal:412","spec":{"id":"/test/portal"}}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.TryAddWithoutValidation("traceparent", trace);
        using var response = await scene.Bridge.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!.AsObject();
    }
}
