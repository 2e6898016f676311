using Microsoft.Extensions.Logging.Abstractions;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Broker;

[Collection(BrokerTests.Name), Trait("Needs", "service")]
public sealed class WatcherTurnTests(RabbitMqServer broker)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_two_processes_one_watches_and_the_other_when_it_is_gone_also_after_a_loss_of_the_broker()
    {
        RabbitMqServer.SkipWhereMissing();
        var options = broker.Options(await broker.NewVirtualHost());
        var (one, other) = (new Watcher(), new Watcher());
        using var first = Turn(one, options);
        using var second = Turn(other, options);
        await first.StartAsync(Stop);
        await WorkerScene.Until(() => Task.FromResult(one.Watches), "the first watches");
        await second.StartAsync(Stop);
        // Longer than the pause after which a turn is asked for again.
        await Task.Delay(TimeSpan.FromSeconds(7), Stop);
        other.Watches.Should().BeFalse("the first has its turn");

        await first.StopAsync(Stop);
        await WorkerScene.Until(() => Task.FromResult(other.Watches), "the second took over");
        one.Watches.Should().BeFalse();

        await first.StartAsync(Stop);
        await broker.Kill();
        await WorkerScene.Until(() => Task.FromResult(!other.Watches), "who lost the broker watches no more");
        await broker.Start();
        await WorkerScene.Until(() => Task.FromResult(one.Watches || other.Watches), "one of them watches again");
        await Task.Delay(TimeSpan.FromSeconds(7), Stop);
        (one.Watches && other.Watches).Should().BeFalse();
        await Task.WhenAll(first.StopAsync(Stop), second.StopAsync(Stop));
    }

    static WatcherTurn Turn(Watcher watcher, BrokerOptions options) => new(watcher, options, new RecordingBridge(), TimeProvider.System, NullLogger<WatcherTurn>.Instance);

    sealed class Watcher : IWatcher
    {
        volatile bool watches;

        public string Name => Queues.ClusterWatcher("main");

        public bool Watches => watches;

        public async Task Watch(IBridgeClient bridge, CancellationToken cancellation)
        {
            watches = true;
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
            }
            finally
            {
                watches = false;
            }
        }
    }
}
