using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Simulators.Slack;

/// <summary>A workspace written from Slack's published Web API: posts, edits, threads, metadata, refusals and the rate limit.</summary>
/// <remarks>An answer that is lost after the post was made is <c>{"pathPrefix":"/api/chat.postMessage","loseAnswer":true}</c> in the script of faults.</remarks>
public sealed class SlackSimulator : IAsyncDisposable
{
    readonly SimulatorServer server;
    readonly SlackWorkspace workspace;

    SlackSimulator(SimulatorServer server, SlackWorkspace workspace)
    {
        this.server = server;
        this.workspace = workspace;
    }

    /// <summary>The root of the server, such as <c>http://127.0.0.1:41005/</c>; a page that shows the channels.</summary>
    public Uri Url => server.Url;

    /// <summary>The root of the methods, which takes the place of <c>https://slack.com/api/</c>.</summary>
    public Uri ApiUrl => new(server.Url, "api/");

    /// <summary>The requests received.</summary>
    public RequestLog Log => server.Log;

    /// <summary>The faults still to be shown.</summary>
    public FaultScript Faults => server.Faults;

    /// <summary>Whether a channel takes one post a second; more is status 429 with <c>Retry-After: 1</c>.</summary>
    public bool LimitsRate
    {
        get => workspace.LimitsRate;
        set => workspace.LimitsRate = value;
    }

    /// <summary>Starts a workspace; it returns once the workspace listens.</summary>
    public static async Task<SlackSimulator> Start(SlackSimulatorOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        var workspace = new SlackWorkspace(options);
        SimulatorServer? server = null;
        var api = new SlackApi(options, workspace, () => server!.Url);
        server = await SimulatorServer.Start(
            new SimulatorServerOptions
            {
                Name = "slack",
                Description = "It speaks the Slack Web API below /api/.",
                Port = options.Port,
                Address = options.Address,
                Time = options.Time,
                Announce = options.Announce,
                HomePage = () => SlackPage.Of(workspace, options.People),
            },
            app => app.Map("/api/{method}", (RequestDelegate)api.Handle),
            cancellation);
        return new SlackSimulator(server, workspace);
    }

    /// <summary>The ID of a channel.</summary>
    public string ChannelId(string name) => workspace.Channels.Single(channel => channel.Name == name).Id;

    /// <summary>The messages of a channel, named or by ID, that are no replies, oldest first, with their replies and edits in them.</summary>
    public IReadOnlyList<SlackMessage> Messages(string channel) => workspace.Messages(channel);

    /// <summary>Takes a message away without a request, as a person could.</summary>
    public void Remove(string channel, string ts) => workspace.Remove(channel, ts);

    /// <summary>Stops the workspace.</summary>
    public ValueTask DisposeAsync() => server.DisposeAsync();
}
