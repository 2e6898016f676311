using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>The script over HTTP, below <c>/_simulator/</c>: the same as the methods of the simulator.</summary>
sealed class MarathonControls(MarathonSimulator simulator)
{
    public const string Listing =
        "GET, POST, DELETE /_simulator/behaviors: what tasks do. POST /_simulator/locks: somebody else's deployment holds an app.\n"
        + "POST /_simulator/changes: somebody else changes an app. POST /_simulator/tasks: tasks end by themselves.\n"
        + "POST /_simulator/events: drop streams, swap or double events. GET, POST /_simulator/leader: which node leads.\n";

    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>Answers a control path; false when it is none of these.</summary>
    public async Task<bool> Handle(HttpContext context, string path)
    {
        try
        {
            return await Answer(context, path);
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or MarathonError)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync(exception.Message + "\n", context.RequestAborted);
            return true;
        }
    }

    async Task<bool> Answer(HttpContext context, string path)
    {
        switch (context.Request.Method, path)
        {
            case ("GET", "/behaviors"):
                await Write(context, simulator.Behaviors);
                return true;
            case ("POST", "/behaviors"):
                var behavior = await Read<TaskBehavior>(context);
                simulator.Script(behavior);
                await Write(context, behavior, StatusCodes.Status201Created);
                return true;
            case ("DELETE", "/behaviors"):
                simulator.ClearScript(context.Request.Query["app"].FirstOrDefault());
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return true;
            case ("POST", "/locks"):
                var wanted = await Read<LockWanted>(context);
                await Write(context, new
                {
                    deploymentId = simulator.LockApp(
                        wanted.App, wanted.Milliseconds is { } wait ? TimeSpan.FromMilliseconds(wait) : null),
                }, StatusCodes.Status201Created);
                return true;
            case ("POST", "/changes"):
                var change = await Read<ChangeWanted>(context);
                await Write(context, new { deploymentId = simulator.ChangeApp(change.App, change.Update) });
                return true;
            case ("POST", "/tasks"):
                var end = await Read<EndWanted>(context);
                await Write(context, new { tasks = simulator.EndTasks(end.App, end.State, end.Message, end.Count) });
                return true;
            case ("POST", "/events"):
                await Disturb(context);
                return true;
            case ("GET", "/leader"):
                await Write(context, new { leader = simulator.Leader, nodes = simulator.Nodes });
                return true;
            case ("POST", "/leader"):
                simulator.SwitchLeader((await Read<LeaderWanted>(context)).Node);
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return true;
            default:
                return false;
        }
    }

    async Task Disturb(HttpContext context)
    {
        var wanted = await Read<EventsWanted>(context);
        simulator.SwapEvents(wanted.SwapNext);
        simulator.DoubleEvents(wanted.DoubleNext);
        await Write(context, new { dropped = wanted.Drop ? simulator.DropEventStreams() : 0 });
    }

    static async Task<T> Read<T>(HttpContext context) =>
        await JsonSerializer.DeserializeAsync<T>(context.Request.Body, Json, context.RequestAborted)
        ?? throw new JsonException("The body is null; it is an object.");

    static Task Write(HttpContext context, object value, int status = StatusCodes.Status200OK)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(value, Json, context.RequestAborted);
    }

    sealed record LockWanted(string App, int? Milliseconds);

    sealed record ChangeWanted(string App, JsonObject Update);

    sealed record EndWanted(string App, string State = "TASK_FAILED", string Message = "Container exited with status 137", int Count = 1);

    sealed record EventsWanted(bool Drop = false, int SwapNext = 0, int DoubleNext = 0);

    sealed record LeaderWanted(Uri? Node);
}
