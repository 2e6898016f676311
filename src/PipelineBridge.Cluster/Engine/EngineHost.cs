using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Docker.DotNet;
using Docker.DotNet.Models;
using PipelineBridge.Events;

namespace PipelineBridge.Cluster.Engine;

/// <summary>One Docker engine: every call is bounded, and what goes wrong is one of the cluster's exceptions.</summary>
public sealed class EngineHost : IDisposable
{
    static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);
    static readonly TimeSpan LookedBack = TimeSpan.FromMinutes(5);
    static readonly TimeSpan ClockIsKnownFor = TimeSpan.FromMinutes(1);
    static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(500);
    const int TriesWhileUnseen = 20;

    // What says that a container is not as it was. A check by command makes three events each time, which say nothing.
    static readonly IReadOnlyList<string> Changes =
        ["create", "start", "die", "oom", "kill", "stop", "restart", "destroy", "pause", "unpause", "rename", "update", "health_status"];

    readonly DockerClient client;

    // The time by the engine's clock, and when that was asked by no clock at all.
    (DateTimeOffset Time, long At)? clock;

    /// <summary>Of its options; nothing is asked yet.</summary>
    public EngineHost(EngineHostOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Options = options;
        client = EngineTransport.Client(options);
    }

    /// <summary>How it is reached.</summary>
    public EngineHostOptions Options { get; }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    /// <summary>Whether it answers.</summary>
    internal Task Ping(CancellationToken cancellation) => Call((c, t) => c.System.PingAsync(t), "", cancellation);

    /// <summary>The containers that have all these labels, running or not, with all that is known of each.</summary>
    internal async Task<IReadOnlyList<EngineContainer>> Containers(IReadOnlyList<string> labels, CancellationToken cancellation)
    {
        var filters = new Dictionary<string, IDictionary<string, bool>> { ["label"] = labels.ToDictionary(l => l, _ => true) };
        var list = await Call((c, t) => c.Containers.ListContainersAsync(new ContainersListParameters { All = true, Filters = filters }, t), "", cancellation);
        var found = new List<EngineContainer>();
        foreach (var one in list)
        {
            if (await Container(one.ID, cancellation) is { } container)
            {
                found.Add(container);
            }
        }
        return found;
    }

    /// <summary>A container by id or name; null when there is none.</summary>
    internal async Task<EngineContainer?> Container(string id, CancellationToken cancellation)
    {
        try
        {
            return new EngineContainer(this, await Call((c, t) => c.Containers.InspectContainerAsync(id, t), "", cancellation));
        }
        catch (ClusterRefusedException e) when (e.InnerException is DockerApiException { StatusCode: HttpStatusCode.NotFound })
        {
            return null;
        }
    }

    /// <summary>Creates a container; one of that name that is there already is left as it is.</summary>
    internal async Task Create(CreateContainerParameters container, CancellationToken cancellation)
    {
        for (var n = 1; ; n++)
        {
            try
            {
                await Call((c, t) => c.Containers.CreateContainerAsync(container, t), "did not accept the container", cancellation);
                return;
            }
            catch (ClusterRefusedException e) when (e.InnerException is DockerApiException { StatusCode: HttpStatusCode.Conflict })
            {
                var there = await Container(container.Name!, cancellation);
                if (there?.Label(EngineLabels.Request) == container.Labels![EngineLabels.Request])
                {
                    return;
                }
                // A name is taken before its container can be seen: so while a call that was cut off is still being done.
                if (there is not null || n == TriesWhileUnseen)
                {
                    throw new ClusterRefusedException(FailureCategory.Cluster, $"The engine {Options.Name} has a container of the name {container.Name} already, which is not this deployment's.", e.Answer);
                }
                await Task.Delay(BetweenTries, cancellation);
            }
        }
    }

    /// <summary>Connects a container with those of its networks that it was not made in: a container is made in one alone.</summary>
    internal async Task Connect(EngineContainer container, IEnumerable<string> networks, CancellationToken cancellation)
    {
        foreach (var network in networks.Where(n => container.Seen.NetworkSettings?.Networks?.ContainsKey(n) != true))
        {
            var parameters = new NetworkConnectParameters { Container = container.Id, EndpointConfig = new EndpointSettings { Aliases = [container.App.App] } };
            await Call((c, t) => c.Networks.ConnectNetworkAsync(network, parameters, t), $"did not connect a container to the network {network}", cancellation);
        }
    }

    internal Task Start(string id, CancellationToken cancellation) =>
        Call((c, t) => c.Containers.StartContainerAsync(id, new ContainerStartParameters(), t), "did not start a container", cancellation);

    /// <summary>Stops a container, with the time that it has for that; one that is gone or stopped is as wanted.</summary>
    internal Task Stop(EngineContainer container, CancellationToken cancellation)
    {
        var seconds = (uint)container.StopSeconds;
        return Gone((c, t) => c.Containers.StopContainerAsync(container.Id, new ContainerStopParameters { WaitBeforeKillSeconds = seconds }, t), TimeSpan.FromSeconds(seconds) + Bound, cancellation);
    }

    /// <summary>Removes a container and its unnamed volumes; one that is gone is as wanted.</summary>
    internal Task Remove(string id, CancellationToken cancellation) =>
        Gone((c, t) => c.Containers.RemoveContainerAsync(id, new ContainerRemoveParameters { Force = true, RemoveVolumes = true }, t), Bound, cancellation);

    /// <summary>The last lines that a container wrote.</summary>
    internal async Task<string> LastLog(string id, int lines, CancellationToken cancellation)
    {
        var text = new StringBuilder();
        await Call((c, t) => c.Containers.GetContainerLogsAsync(id, new ContainerLogsParameters
        {
            ShowStdout = true,
            ShowStderr = true,
            Timestamps = true,
            Tail = lines.ToString(CultureInfo.InvariantCulture),
        }, new Heard<string>(l => text.AppendLine(l.TrimEnd('\r', '\n'))), t), "did not show a container's log", cancellation);
        return text.ToString().TrimEnd();
    }

    /// <summary>What happened to containers with these labels until now, oldest first; the engine remembers some hundred events.</summary>
    /// <param name="since">From when on, by the engine's clock; null: the last five minutes.</param>
    internal async Task<IReadOnlyList<Message>> Happened(IReadOnlyList<string> labels, DateTimeOffset? since, CancellationToken cancellation)
    {
        var events = new List<Message>();
        // By its own clock: until a time that is not yet it waits, and one before the beginning it refuses.
        var now = await Now(cancellation);
        var from = since ?? now - LookedBack;
        var parameters = Events(labels);
        parameters.Since = Unix(from);
        parameters.Until = Unix(now > from ? now : from);
        await Call((c, t) => c.System.MonitorEventsAsync(parameters, new Heard<Message>(events.Add), t), "did not show its events", cancellation);
        return events;
    }

    /// <summary>Listens until it is cancelled or the engine hangs up.</summary>
    internal Task Listen(IReadOnlyList<string> labels, Action heard, CancellationToken cancellation) =>
        Call((c, t) => c.System.MonitorEventsAsync(Events(labels), new Heard<Message>(_ => heard()), t), "did not show its events", cancellation, Timeout.InfiniteTimeSpan);

    /// <summary>The id of an image; null when it does not have it.</summary>
    internal async Task<string?> ImageId(string image, CancellationToken cancellation)
    {
        try
        {
            return (await Call((c, t) => c.Images.InspectImageAsync(image, t), "", cancellation)).ID;
        }
        catch (ClusterRefusedException e) when (e.InnerException is DockerApiException { StatusCode: HttpStatusCode.NotFound })
        {
            return null;
        }
    }

    /// <summary>Pulls an image; returns what the engine says when it cannot, null when it did.</summary>
    internal async Task<string?> Pull(string image, AuthConfig login, TimeSpan bound, CancellationToken cancellation)
    {
        // A failure stands in the stream of a good answer.
        string? error = null;
        try
        {
            // One that came before there was a stream, e.g. of the registry's login, is its own answer.
            await Call((c, t) => c.Images.CreateImageAsync(new ImagesCreateParameters { FromImage = image }, login, new Heard<JSONMessage>(m => error = m.Error?.Message ?? error), t), "did not pull the image", cancellation, bound);
        }
        catch (ClusterRefusedException e)
        {
            error = e.Answer;
        }
        return error;
    }

    /// <summary>The networks of these names that it does not have.</summary>
    internal async Task<IReadOnlyList<string>> MissingNetworks(IReadOnlyList<string> names, CancellationToken cancellation)
    {
        if (names.Count == 0)
        {
            return [];
        }
        var there = await Call((c, t) => c.Networks.ListNetworksAsync(new NetworksListParameters(), t), "", cancellation);
        return [.. names.Except(there.Select(n => n.Name), StringComparer.Ordinal)];
    }

    /// <summary>The time by the engine's clock.</summary>
    internal async Task<DateTimeOffset> Now(CancellationToken cancellation)
    {
        if (clock is not { } known || Stopwatch.GetElapsedTime(known.At) > ClockIsKnownFor)
        {
            var info = await Call((c, t) => c.System.GetSystemInfoAsync(t), "", cancellation);
            clock = known = (DateTimeOffset.TryParse(info.SystemTime, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : DateTimeOffset.UtcNow, Stopwatch.GetTimestamp());
        }
        return known.Time + Stopwatch.GetElapsedTime(known.At);
    }

    static ContainerEventsParameters Events(IReadOnlyList<string> labels) => new()
    {
        Filters = new Dictionary<string, IDictionary<string, bool>>
        {
            ["type"] = new Dictionary<string, bool> { ["container"] = true },
            ["event"] = Changes.ToDictionary(c => c, _ => true),
            ["label"] = labels.ToDictionary(l => l, _ => true),
        },
    };

    static string Unix(DateTimeOffset time) => (time.ToUnixTimeMilliseconds() / 1000.0).ToString("0.000", CultureInfo.InvariantCulture);

    async Task Gone(Func<DockerClient, CancellationToken, Task> act, TimeSpan bound, CancellationToken cancellation)
    {
        try
        {
            await Call(act, "did not stop or remove a container", cancellation, bound);
        }
        // 409: somebody else is removing it at this moment.
        catch (ClusterRefusedException e) when (e.InnerException is DockerApiException { StatusCode: HttpStatusCode.NotFound or HttpStatusCode.NotModified or HttpStatusCode.Conflict })
        {
        }
    }

    Task<bool> Call(Func<DockerClient, CancellationToken, Task> act, string refusal, CancellationToken cancellation, TimeSpan? bound = null) => Call(async (c, t) =>
    {
        await act(c, t);
        return true;
    }, refusal, cancellation, bound);

    internal async Task<T> Call<T>(Func<DockerClient, CancellationToken, Task<T>> act, string refusal, CancellationToken cancellation, TimeSpan? bound = null)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(bound ?? Bound);
        try
        {
            return await act(client, limit.Token);
        }
        catch (DockerApiException e) when (refusal.Length > 0 && e.ResponseBody?.Contains("no space left", StringComparison.OrdinalIgnoreCase) == true)
        {
            throw new ClusterRefusedException(FailureCategory.Resources, $"The disk of the engine {Options.Name} is full.", e.ResponseBody, e);
        }
        catch (DockerApiException e) when (e.StatusCode < HttpStatusCode.InternalServerError || refusal.Length > 0)
        {
            throw new ClusterRefusedException(
                e.StatusCode is HttpStatusCode.BadRequest ? FailureCategory.Configuration : FailureCategory.Cluster,
                $"The engine {Options.Name} {(refusal.Length > 0 ? refusal : "refused")}.", e.ResponseBody, e);
        }
        catch (Exception e) when (e is DockerApiException or HttpRequestException or IOException or System.Net.Sockets.SocketException or TimeoutException
            or System.Text.Json.JsonException or System.Security.Authentication.AuthenticationException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            throw new ClusterUnreachableException(limit.IsCancellationRequested
                ? $"The engine {Options.Name} did not answer within {(bound ?? Bound).TotalSeconds:0} seconds."
                : EngineTransport.Trouble(Options, e), e);
        }
    }

    /// <summary>Hears each line at once and in order; <see cref="Progress{T}"/> gives them to other threads, and the last may come too late.</summary>
    sealed class Heard<T>(Action<T> hear) : IProgress<T>
    {
        public void Report(T value) => hear(value);
    }
}
