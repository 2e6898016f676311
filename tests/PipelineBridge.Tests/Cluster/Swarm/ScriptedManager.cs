using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace PipelineBridge.Tests.Cluster.Swarm;

/// <summary>A manager of a Swarm that keeps the services that it is given, starts no task, and answers writes as a test wants.</summary>
sealed class ScriptedManager : IAsyncDisposable
{
    readonly DirectoryInfo home = Directory.CreateTempSubdirectory("pbsm-");
    readonly List<JsonNode> services = [];
    readonly WebApplication app;

    ScriptedManager()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.ListenUnixSocket($"{home.FullName}/s"));
        app = builder.Build();
        app.Run(Answer);
    }

    public Uri Url => new($"unix://{home.FullName}/s");

    /// <summary>What the next write of a service is answered; null: as it should be.</summary>
    public (int Status, string Message)? NextAnswer { get; set; }

    /// <summary>Whether a write is made though its answer says otherwise.</summary>
    public bool MakesAllTheSame { get; set; }

    /// <summary>How often a service was to be made.</summary>
    public int Creates { get; private set; }

    public static async Task<ScriptedManager> Start()
    {
        var manager = new ScriptedManager();
        await manager.app.StartAsync(TestContext.Current.CancellationToken);
        return manager;
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        home.Delete(recursive: true);
    }

    async Task Answer(HttpContext http)
    {
        var (method, path) = (http.Request.Method, http.Request.Path.Value!);
        if (method == "POST" && path.EndsWith("/services/create", StringComparison.Ordinal))
        {
            Creates++;
            var (answer, spec) = (NextAnswer, await JsonNode.ParseAsync(http.Request.Body));
            NextAnswer = null;
            var id = $"service{Creates}";
            if (answer is null || MakesAllTheSame)
            {
                services.Add(new JsonObject { ["ID"] = id, ["Version"] = new JsonObject { ["Index"] = Creates }, ["CreatedAt"] = DateTime.UtcNow, ["UpdatedAt"] = DateTime.UtcNow, ["Spec"] = spec });
            }
            http.Response.StatusCode = answer?.Status ?? 201;
            await http.Response.WriteAsJsonAsync(answer is { } a ? new JsonObject { ["message"] = a.Message } : new JsonObject { ["ID"] = id });
        }
        else if (method == "DELETE")
        {
            services.Clear();
        }
        else if (method == "GET" && path.EndsWith("/services", StringComparison.Ordinal))
        {
            await http.Response.WriteAsJsonAsync(new JsonArray([.. services.Select(s => s.DeepClone())]));
        }
        else if (path.EndsWith("/logs", StringComparison.Ordinal))
        {
            http.Response.StatusCode = 404;
        }
        else
        {
            await http.Response.WriteAsJsonAsync(new JsonArray());
        }
    }
}
