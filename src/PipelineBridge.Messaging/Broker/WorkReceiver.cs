using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace PipelineBridge.Messaging.Broker;

/// <summary>Receives the work of a process's queues by MassTransit, which does nothing else here: no envelope, no topology of its own.</summary>
public static class WorkReceiver
{
    /// <summary>How many works of a registry or of a target one process does at once.</summary>
    const int AtOnce = 64;

    /// <summary>How many of a cluster's, where most only watch: a cancel and a newer one must find room beside what rolls.</summary>
    const int AtOnceOnCluster = 1024;

    static readonly string[] OfTheReceived = ["x-delivery-limit", "x-dead-letter-exchange", "x-dead-letter-routing-key", "x-single-active-consumer"];

    /// <summary>Adds the receiving of the queues, with a health check named <c>broker</c>.</summary>
    /// <param name="services">The services of the process; they hold an <see cref="IBridgeClient"/> and an <see cref="OutcomePublisher"/>.</param>
    /// <param name="queues">The queues with their handlers.</param>
    /// <param name="options">How the broker is reached.</param>
    /// <param name="topology">Declared again whenever a queue had to be.</param>
    /// <param name="attempts">How often a work is given here whose handler throws.</param>
    public static IServiceCollection AddWorkReceiver(this IServiceCollection services, IReadOnlyList<StageQueue> queues, BrokerOptions options, Topology topology, int attempts)
    {
        // A handler has most of the time that the broker grants, so that it is ended here, with a reason, and not there.
        var longest = TimeSpan.FromSeconds(options.ConsumerTimeoutSeconds * 0.9);
        services.Configure<MassTransitHostOptions>(o =>
        {
            o.WaitUntilStarted = false;
            o.StopTimeout = TimeSpan.FromSeconds(10);
            o.ConsumerStopTimeout = TimeSpan.FromSeconds(2);
        });
        services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.ConfigureHealthCheckOptions(o =>
            {
                o.Name = "broker";
                o.MinimalFailureStatus = HealthStatus.Unhealthy;
                o.Tags.Clear();
                o.Tags.Add("ready");
            });
            bus.UsingRabbitMq((context, rabbit) =>
            {
                rabbit.Host(options.Url.Host, (ushort)(options.Url.Port > 0 ? options.Url.Port : options.IsTls ? 5671 : 5672), options.VirtualHost, "pipelinebridge work", host =>
                {
                    host.Username(options.Username);
                    host.Password(options.Password() ?? "");
                    host.Heartbeat(TimeSpan.FromSeconds(10));
                    if (options.IsTls)
                    {
                        host.UseSsl(tls => tls.ServerName = options.Url.Host);
                    }
                });
                rabbit.ClearSerialization();
                var serializer = new CloudEventsSerializer();
                rabbit.AddSerializer(serializer);
                rabbit.AddDeserializer(serializer, isDefault: true);
                rabbit.SendTopology.ErrorQueueNameFormatter = new OneDeadQueue();
                rabbit.SendTopology.ConfigureErrorSettings = settings =>
                {
                    // They would be copied from the queue that the message was received on.
                    foreach (var argument in OfTheReceived)
                    {
                        settings.SetQueueArgument(argument, Topology.ArgumentsOf(Queues.Dead).GetValueOrDefault(argument)!);
                    }
                };
                foreach (var queue in queues)
                {
                    rabbit.ReceiveEndpoint(queue.Queue, endpoint => Receive(context, endpoint, queue, longest, attempts));
                }
            });
        });
        return services;
    }

    static void Receive(IBusRegistrationContext context, IRabbitMqReceiveEndpointConfigurator endpoint, StageQueue queue, TimeSpan longest, int attempts)
    {
        endpoint.ConfigureConsumeTopology = false;
        endpoint.PublishFaults = false;
        endpoint.BindQueue = false;
        endpoint.SetQuorumQueue();
        foreach (var (name, value) in Topology.ArgumentsOf(queue.Queue))
        {
            endpoint.SetQueueArgument(name, value!);
        }
        var atOnce = Queues.IsPartitioned(queue.Queue) ? AtOnce : AtOnceOnCluster;
        // Buffered messages would wait on the broker's clock for consumers.
        endpoint.PrefetchCount = atOnce;
        endpoint.ConcurrentMessageLimit = atOnce;
        endpoint.ThrowOnSkippedMessages();
        if (Intervals(attempts, longest) is { Length: > 0 } intervals)
        {
            endpoint.UseMessageRetry(retry =>
            {
                retry.Ignore<NotWorkException>();
                retry.Intervals(intervals);
            });
        }
        var works = new WorksAtHand();
        endpoint.Consumer(() => new WorkConsumer(
            queue, works, context.GetRequiredService<IBridgeClient>(), context.GetRequiredService<OutcomePublisher>(), longest,
            context.GetRequiredService<TimeProvider>(), context.GetRequiredService<ILogger<WorkConsumer>>()));
    }

    /// <summary>The pauses before the second and each further try: doubling to a minute, and together no longer than the broker waits.</summary>
    internal static TimeSpan[] Intervals(int attempts, TimeSpan longest)
    {
        var all = new List<TimeSpan>();
        var sum = TimeSpan.Zero;
        for (var i = 0; i < attempts - 1; i++)
        {
            var next = TimeSpan.FromSeconds(Math.Min(60, Math.Pow(2, i)));
            if ((sum += next) > longest / 2)
            {
                break;
            }
            all.Add(next);
        }
        return [.. all];
    }

    sealed class OneDeadQueue : IErrorQueueNameFormatter
    {
        public string FormatErrorQueueName(string queueName) => Queues.Dead;
    }
}
