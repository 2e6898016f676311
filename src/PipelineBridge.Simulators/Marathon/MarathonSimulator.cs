using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>A Marathon 1.11 written from its published API and source: apps, deployments, tasks, health, events, several nodes.</summary>
/// <remarks>Its tasks are simulated; no process runs. It knows no pods, no persistent volumes and no agent that is lost.</remarks>
public sealed class MarathonSimulator : IAsyncDisposable
{
    readonly Agenda agenda;
    readonly EventHub events;
    readonly TaskLife tasks;
    readonly DeploymentEngine engine;
    readonly AppReader reader;
    readonly Leadership leadership;
    readonly Happenings happenings;
    readonly MarathonApi api;
    readonly List<SimulatorServer> servers = [];

    MarathonSimulator(MarathonSimulatorOptions options)
    {
        agenda = new Agenda(options.Time);
        happenings = new Happenings(options.Time);
        events = new EventHub(options, happenings);
        var names = new Names(options);
        tasks = new TaskLife(options, agenda, names, events, happenings);
        engine = new DeploymentEngine(options, agenda, names, tasks, events, happenings);
        reader = new AppReader(engine);
        leadership = new Leadership(events, happenings);
        var info = new AppInfo(engine, tasks);
        api = new MarathonApi(
            agenda, leadership, new MarathonAccess(options), new EventStream(options, events),
            new AppEndpoints(engine, info, reader, events), new TaskEndpoints(engine, tasks, info),
            new DeploymentEndpoints(engine), new GroupEndpoints(engine, reader),
            new InfoEndpoints(options, agenda, engine, tasks, leadership));
    }

    /// <summary>The root of the first node, such as <c>http://127.0.0.1:41004/</c>.</summary>
    public Uri Url => servers[0].Url;

    /// <summary>The roots of all nodes.</summary>
    public IReadOnlyList<Uri> Nodes => leadership.Nodes;

    /// <summary>The node that leads; null while there is none.</summary>
    public Uri? Leader => leadership.Leader;

    /// <summary>The requests that the first node received.</summary>
    public RequestLog Log => servers[0].Log;

    /// <summary>The faults that the first node still has to show.</summary>
    public FaultScript Faults => servers[0].Faults;

    /// <summary>What happened to deployments and tasks, oldest first.</summary>
    public IReadOnlyList<MarathonHappening> Happenings => happenings.All;

    /// <summary>The scripted behaviours, the oldest first.</summary>
    public IReadOnlyList<TaskBehavior> Behaviors => agenda.Do(() => tasks.Behaviors.All);

    /// <summary>How many event streams are open.</summary>
    public int EventStreams => events.Readers;

    /// <summary>Starts a Marathon without apps; it returns once all nodes listen.</summary>
    public static async Task<MarathonSimulator> Start(MarathonSimulatorOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        var simulator = new MarathonSimulator(options);
        try
        {
            for (var node = 0; node < options.Nodes; node++)
            {
                await simulator.StartNode(options with { Port = node == 0 ? options.Port : 0 }, cancellation);
            }

            return simulator;
        }
        catch
        {
            await simulator.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets tasks that start from now on behave otherwise.</summary>
    /// <exception cref="ArgumentException">The behaviour contradicts itself; the message names each mistake.</exception>
    public void Script(TaskBehavior behavior)
    {
        ArgumentNullException.ThrowIfNull(behavior);
        agenda.Do(() => tasks.Behaviors.Add(behavior));
        happenings.Add("script", "behavior", behavior.App ?? "", "added");
    }

    /// <summary>Forgets the behaviours scripted for an app, or all; tasks that wait for an offer look again.</summary>
    public void ClearScript(string? app = null)
    {
        agenda.Do(() =>
        {
            tasks.Behaviors.Clear(app);
            tasks.OfferAgain();
        });
        happenings.Add("script", "behavior", app ?? "", "cleared");
    }

    /// <summary>Locks an app by somebody else's deployment, for a time or until it is forced away; answers the deployment's id.</summary>
    public string LockApp(string app, TimeSpan? wait = null) => agenda.Do(() => engine.LockApp(app, wait).Id);

    /// <summary>Somebody else updates an app, whatever is locked; answers the deployment's id.</summary>
    public string ChangeApp(string app, JsonObject update)
    {
        happenings.Add("script", "change", app, "applied", "Scripted: somebody else's.");
        return agenda.Do(() => engine.Change(
            AppChange.Set(reader.Put(update, app, partial: true, mayCreate: true)), force: true).Id);
    }

    /// <summary>Tasks of an app end without being told to, the oldest first; answers their ids.</summary>
    public IReadOnlyList<string> EndTasks(string app, string state, string message, int count = 1)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (!state.StartsWith("TASK_", StringComparison.Ordinal) || state.Length <= "TASK_".Length)
        {
            throw new ArgumentException($"state is \"{state}\"; it is a Mesos state such as TASK_FAILED or TASK_LOST.", nameof(state));
        }

        return agenda.Do(() =>
        {
            var chosen = tasks.Of(app).Where(instance => instance.HasTask).Take(count).ToList();
            var ids = chosen.Select(instance => instance.TaskId).ToList();
            chosen.ForEach(instance => tasks.Fail(instance, state, message));
            return ids;
        });
    }

    /// <summary>Closes all event streams; answers how many there were.</summary>
    public int DropEventStreams() => events.DropAll();

    /// <summary>Lets the next pairs of events change places.</summary>
    public void SwapEvents(int pairs) => events.SwapNext(pairs);

    /// <summary>Lets the next events come twice.</summary>
    public void DoubleEvents(int count) => events.DoubleNext(count);

    /// <summary>Lets a node lead, or none; all event streams end.</summary>
    public void SwitchLeader(Uri? node) => leadership.Become(node);

    /// <summary>Stops all nodes and everything that was still to happen.</summary>
    public async ValueTask DisposeAsync()
    {
        agenda.Dispose();
        foreach (var server in servers)
        {
            await server.DisposeAsync();
        }
    }

    async Task StartNode(MarathonSimulatorOptions options, CancellationToken cancellation)
    {
        SimulatorServer? server = null;
        server = await SimulatorServer.Start(
            new SimulatorServerOptions
            {
                Name = "marathon",
                Description = "It speaks Marathon 1.11's API below /v2/; its tasks are simulated.\n" + MarathonControls.Listing,
                Port = options.Port,
                Address = options.Address,
                Time = options.Time,
                Announce = options.Announce,
                Control = new MarathonControls(this).Handle,
                Happenings = () => happenings.All,
            },
            app => app.Run(context => api.Handle(context, server!.Url)),
            cancellation);
        servers.Add(server);
        leadership.Join(server.Url);
    }
}
