using System.Text.Json.Nodes;
using PipelineBridge.Tests.Bridge;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.CommandLine;

/// <summary>A bridge, a shell to ask it from, and the specification of portal.</summary>
public abstract class VerbsScene : IAsyncLifetime
{
    private protected const string Image = "registry.internal/portal:412";

    private protected readonly FileInfo spec = new(Path.GetTempFileName());
    private protected RunningBridge bridge = null!;
    private protected CommandRun shell = null!;

    public async ValueTask InitializeAsync()
    {
        bridge = await RunningBridge.Start();
        shell = new CommandRun(bridge.Http.BaseAddress!.ToString(), RunningBridge.Key);
        await File.WriteAllTextAsync(spec.FullName, """{ "id": "/prod/portal", "instances": 3 }""", TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await bridge.DisposeAsync();
        spec.Delete();
        GC.SuppressFinalize(this);
    }

    private protected Task<CommandResult> Deploy(string image = Image, params string[] more) => shell.Run(["deploy", "portal", "prod", image, "--spec", spec.FullName, .. more]);

    private protected async Task<JsonObject> Newest() => (await Deployments())[0]!.AsObject();

    /// <summary>Waits until so many deployments of portal to prod are in a state.</summary>
    private protected async Task Until(int count, string state, string waitingFor = "")
    {
        for (var until = DateTime.UtcNow + Patience.Bound; DateTime.UtcNow < until;)
        {
            if ((await Deployments()).Count(d => (string)d!["state"]! == state && $"{d["waitingFor"]}".StartsWith(waitingFor, StringComparison.Ordinal)) == count)
            {
                return;
            }
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        throw new TimeoutException($"there are no {count} deployments that are {state}");
    }

    async Task<JsonArray> Deployments()
    {
        using var response = await bridge.Send(HttpMethod.Get, "/v1/deployments?app=portal&environment=prod");
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["deployments"]!.AsArray();
    }
}
