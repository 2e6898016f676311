using System.Net;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>How a Marathon simulator behaves when nothing else is scripted.</summary>
public sealed record MarathonSimulatorOptions
{
    /// <summary>The TCP port; 0 lets the system choose a free one. Further nodes always get free ones.</summary>
    public int Port { get; init; }

    /// <summary>The address to listen on; another one than loopback lets anybody in who reaches it.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>The clock that paces everything.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Receives the one line that is told at start; standard error when not given.</summary>
    public Action<string>? Announce { get; init; }

    /// <summary>How many nodes there are; the first leads, the others proxy to it and redirect readers of events.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>Who may call; nobody is asked when this is empty.</summary>
    public IReadOnlyList<MarathonUser> Users { get; init; } = [];

    /// <summary>How long after a change its deployment is missing from the list; it then stands as long at step 0.</summary>
    public TimeSpan ListingGap { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a task is staged: its image is pulled.</summary>
    public TimeSpan Staging { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>How long a task is starting before it runs.</summary>
    public TimeSpan Starting { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long after it runs a task is probed first; unless scripted otherwise it is healthy then.</summary>
    public TimeSpan FirstProbe { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a task takes to end after it was told to.</summary>
    public TimeSpan Killing { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long an offer is waited for that suits a task for which none did.</summary>
    public TimeSpan OfferInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long one second of an app's own times lasts (grace period, probe interval, launch delays).</summary>
    public TimeSpan AppSecond { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often an empty line keeps an event stream open.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How many events a reader of the stream may be behind before it is dropped.</summary>
    public int EventBacklog { get; init; } = 1024;

    /// <summary>How many deployments may run at once; more are refused with 403.</summary>
    public int MaxRunningDeployments { get; init; } = 100;

    /// <summary>The hosts tasks run on, taken in turn.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = ["127.0.0.11", "127.0.0.12", "127.0.0.13"];

    /// <summary>The first host port given to a task.</summary>
    public int FirstHostPort { get; init; } = 31_000;

    /// <summary>The last host port given to a task; after it the first free one is taken again.</summary>
    public int LastHostPort { get; init; } = 32_000;
}

/// <summary>One who may call: by HTTP Basic with name and password, or by <c>Authorization: token=…</c>.</summary>
/// <param name="Name">The user name.</param>
/// <param name="Secret">The password, and the token.</param>
/// <param name="MayChange">Whether anything but GET is allowed; 403 otherwise.</param>
public sealed record MarathonUser(string Name, string Secret, bool MayChange = true)
{
    /// <summary>The name alone, so that no password reaches a log.</summary>
    public override string ToString() => Name;
}
