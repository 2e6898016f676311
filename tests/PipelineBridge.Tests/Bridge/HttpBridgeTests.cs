using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;
using EventId = PipelineBridge.Events.EventId;

namespace PipelineBridge.Tests.Bridge;

/// <summary>What a stage of another process may ask of the bridge, and what it does while the bridge does not answer.</summary>
public sealed class HttpBridgeTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stage_of_another_process_is_told_the_same_as_one_of_the_bridges_own()
    {
        await using var bridge = await RunningBridge.Start();
        var url = bridge.Http.BaseAddress!;
        var seen = new List<string>();
        bridge.Stages.Deploy = async (work, own, cancellation) =>
        {
            var far = Far(url);
            var (here, there) = (await own.Standing(work.Id, cancellation), await far.Standing(work.Id, cancellation));
            seen.Add($"{there.State} {Text(there.Specification)} {there.PreviousSpecification is null} {there.TakingBack}");
            there.State.Should().Be(here.State);
            Text(there.Specification).Should().Be(Text(here.Specification));
            await far.TakingBack(work.Id, cancellation);
            seen.Add($"{(await far.Standing(work.Id, cancellation)).TakingBack}");
            var evidence = await far.PutEvidence("last log", "ä line", cancellation);
            (await own.PutEvidence("last log", "ä line", cancellation)).Should().Be(evidence);
            (await far.ReadEvidence(evidence, cancellation)).Should().Be("ä line").And.Be(await own.ReadEvidence(evidence, cancellation));
            var gone = new Evidence("last answer", "sha256:" + new string('0', 64));
            (await far.ReadEvidence(gone, cancellation)).Should().BeNull();
            (await own.ReadEvidence(gone, cancellation)).Should().BeNull();
            var expected = await far.Expected("portal", "prod", cancellation);
            expected.Should().Be(await own.Expected("portal", "prod", cancellation)).And.NotBeNull();
            expected!.Moving.Should().BeTrue();
            (await far.Expected("nobody", "prod", cancellation)).Should().BeNull();
            far.Trouble.Should().BeNull();
            return [ScriptedStages.Failed(work)];
        };
        await bridge.Until(await bridge.Deploy(), "failed");
        seen.Should().Equal("open {\"id\":\"/prod/portal\"} True False", "True");
        var done = bridge.Stages.Of<DeploymentRolloutRequested>().Single();
        (await Far(url).Standing(done.Id, Stop)).State.Should().Be(WorkState.Closed);
    }

    [Fact]
    public async Task A_work_that_the_bridge_did_not_give_is_none()
    {
        await using var bridge = await RunningBridge.Start();
        var work = EventId.Derive(1, "nobody's");
        await FluentActions.Awaiting(() => Far(bridge.Http.BaseAddress!).Standing(work, Stop)).Should().ThrowAsync<NotWorkException>().WithMessage($"The bridge did not give the work {work}.");
    }

    [Theory]
    [InlineData("no such key", "it does not know it")]
    [InlineData(RunningBridge.Key, "it lacks the verb stage")]
    public async Task A_key_that_is_refused_is_told_and_the_work_waits(string key, string told)
    {
        await using var bridge = await RunningBridge.Start();
        var shown = key;
        var far = Far(bridge.Http.BaseAddress!, () => shown);
        var asking = far.Expected("portal", "prod", Stop);
        while (far.Trouble is null)
        {
            await Task.Delay(10, Stop);
        }
        far.Trouble.Should().Contain(told);
        asking.IsCompleted.Should().BeFalse();
        shown = RunningBridge.StageKey;
        await asking;
        far.Trouble.Should().BeNull();
    }

    [Fact]
    public async Task A_bridge_that_is_away_is_waited_for()
    {
        var far = Far(new Uri("http://127.0.0.1:1/"));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var asking = far.TakingBack(EventId.Derive(1, "x"), limit.Token);
        while (far.Trouble is null)
        {
            await Task.Delay(10, Stop);
        }
        far.Trouble.Should().Contain("does not answer");
        await limit.CancelAsync();
        await FluentActions.Awaiting(() => asking).Should().ThrowAsync<OperationCanceledException>();
    }

    static HttpBridge Far(Uri url, Func<string?>? key = null)
    {
        var broker = new OutcomePublisher(new BrokerOptions(new Uri("amqp://127.0.0.1:1/")), new Topology([], []), "test", TimeProvider.System, NullLogger<OutcomePublisher>.Instance);
        return new HttpBridge(new HttpBridgeOptions(url, key ?? (() => RunningBridge.StageKey)), broker, new HttpClient(), TimeProvider.System, NullLogger<HttpBridge>.Instance);
    }

    static string? Text(ReadOnlyMemory<byte>? bytes) => bytes is { } b ? Encoding.UTF8.GetString(b.Span) : null;
}
