using System.Text;
using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>Gives each request of one node to the endpoint that answers it.</summary>
sealed class MarathonApi(
    Agenda agenda,
    Leadership leadership,
    MarathonAccess access,
    EventStream stream,
    AppEndpoints apps,
    TaskEndpoints tasks,
    DeploymentEndpoints deployments,
    GroupEndpoints groups,
    InfoEndpoints info)
{
    public async Task Handle(HttpContext context, Uri node)
    {
        var path = context.Request.Path.Value ?? "";
        if (path == "/ping")
        {
            await context.Response.WriteAsync("pong", context.RequestAborted);
            return;
        }

        if (leadership.Leader is not { } leader)
        {
            context.Response.StatusCode = StatusCodes.Status502BadGateway;
            await context.Response.WriteAsync("Could not determine the current leader", context.RequestAborted);
            return;
        }

        context.Response.Headers["X-Marathon-Leader"] = leader.GetLeftPart(UriPartial.Authority);
        if (leader != node)
        {
            // A follower proxies everything but the event stream; the nodes here share one state, which comes to the same.
            if (path.StartsWith("/v2/events", StringComparison.Ordinal))
            {
                context.Response.Redirect(new Uri(leader, path + context.Request.QueryString.Value).ToString());
                return;
            }

            context.Response.Headers["X-Marathon-Via"] = $"1.1 {node.Authority}";
        }

        await Write(context, node, await Answer(context, node, path));
    }

    async Task<Answer?> Answer(HttpContext context, Uri node, string path)
    {
        try
        {
            access.Check(context.Request);
            if (path.TrimEnd('/') == "/v2/events")
            {
                await stream.Serve(context);
                return null;
            }

            var call = await MarathonCall.Read(context);
            return agenda.Do(() => Route(call, node));
        }
        catch (MarathonError error)
        {
            RequestLog.Note(context, "refusal", error.Message);
            return error.Answer;
        }
    }

    Answer Route(MarathonCall call, Uri node)
    {
        if (Below(call.Path, "/v2/apps") is { } app)
        {
            return RouteApp(call, app);
        }

        if (Below(call.Path, "/v2/groups") is { } group)
        {
            return groups.One(call, AppId.Absolute(group));
        }

        if (Below(call.Path, "/v2/deployments") is { } deployment)
        {
            return deployment.Length == 0 ? deployments.All(call) : deployments.One(call, deployment.TrimStart('/'));
        }

        if (Below(call.Path, "/v2/queue") is { Length: > 0 } queued && queued.EndsWith("/delay", StringComparison.Ordinal)
            && call.Method == "DELETE")
        {
            return info.ResetDelay(AppId.Absolute(queued[..^"/delay".Length]));
        }

        return (call.Method, call.Path) switch
        {
            ("GET", "/v2/tasks") => tasks.All(call),
            ("POST", "/v2/tasks/delete") => tasks.Many(call),
            ("GET", "/v2/queue") => info.Queue(),
            ("GET", "/v2/info") => info.Info(node),
            (_, "/v2/leader") => info.Leader(call),
            _ => throw MarathonError.UnknownUri(),
        };
    }

    Answer RouteApp(MarathonCall call, string rest)
    {
        if (rest.Length == 0)
        {
            return apps.All(call);
        }

        if (rest.EndsWith("/restart", StringComparison.Ordinal) && call.Method == "POST")
        {
            return apps.Restart(call, AppId.Absolute(rest[..^"/restart".Length]));
        }

        foreach (var part in new[] { "/versions", "/tasks" })
        {
            if (rest.LastIndexOf(part, StringComparison.Ordinal) is > 0 and var at
                && rest[(at + part.Length)..] is var last && (last.Length == 0 || (last[0] == '/' && last.IndexOf('/', 1) < 0)))
            {
                var id = AppId.Absolute(rest[..at]);
                return (part, last) switch
                {
                    ("/versions", "") => apps.Versions(id),
                    ("/versions", _) => apps.Version(id, last[1..]),
                    ("/tasks", "") => tasks.OfApp(call, id),
                    _ => tasks.One(call, id, last[1..]),
                };
            }
        }

        return apps.One(call, rest.EndsWith("/*", StringComparison.Ordinal) ? rest : AppId.Absolute(rest));
    }

    static string? Below(string path, string root) =>
        path == root ? "" : path.StartsWith(root + "/", StringComparison.Ordinal) ? path[root.Length..] : null;

    static async Task Write(HttpContext context, Uri node, Answer? answer)
    {
        if (answer is null)
        {
            return;
        }

        context.Response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers)
        {
            context.Response.Headers[name] = name == "Location" ? new Uri(node, value).ToString() : value;
            RequestLog.Note(context, name, value);
        }

        if (answer.Body is null)
        {
            return;
        }

        var bytes = Encoding.UTF8.GetBytes(answer.Body.ToJsonString(AppDefinition.JsonText));
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }
}
