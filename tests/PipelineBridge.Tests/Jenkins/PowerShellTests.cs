using System.Diagnostics;
using System.Text.Json.Nodes;
using PipelineBridge.Events;
using PipelineBridge.Simulators;
using PipelineBridge.Tests.Bridge;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Jenkins;

/// <summary>The call that agents on Windows make where the plugin is missing, run by PowerShell as it is on this machine.</summary>
[Trait("Needs", "service")]
public sealed class PowerShellTests : IAsyncLifetime
{
    const string Odd = "Zürich \"a\" 'b' $HOME ${x} $(id) %PATH% `id` ; rm \\ \n end";

    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("pipelinebridge-powershell-");
    RunningBridge bridge = null!;
    SimulatorServer before = null!;

    static string Program { get; } = Repository.PathOf("artifacts", "tools", "pwsh");

    public async ValueTask InitializeAsync()
    {
        bridge = await RunningBridge.Start();
        before = await BridgeProxy.Start(bridge);
    }

    public async ValueTask DisposeAsync()
    {
        await before.DisposeAsync();
        await bridge.DisposeAsync();
        directory.Delete(recursive: true);
    }

    [Fact]
    public async Task An_ask_arrives_as_it_is_and_its_receipt_comes_back()
    {
        var (status, _, answer) = await Post("/v1/pushes", new JsonObject { ["app"] = "portal", ["image"] = "registry.internal/portal:412", ["by"] = Odd });

        status.Should().Be("202", answer);
        JsonNode.Parse(answer)!["id"]!.ToString().Should().StartWith("p-");
        bridge.Journaled<ImagePushRequested>().Should().ContainSingle().Which.Read<ImagePushRequested>().Image.Should().Be("registry.internal/portal:412");
        (await bridge.Request(JsonNode.Parse(answer)!.AsObject()))["by"]!["person"]!.ToString().Should().Be(Odd);
        (await Post("/v1/pushes", new JsonObject { ["app"] = "portal", ["image"] = "registry.internal/portal:412", ["by"] = Odd })).Text.Should().Contain(JsonNode.Parse(answer)!["id"]!.ToString(), "the key is the same");
        directory.GetFiles().Should().BeEmpty("a call leaves no file behind");
    }

    [Fact]
    public async Task A_refusal_is_an_answer_and_says_when_to_ask_again()
    {
        (await Post("/v1/pushes", new JsonObject { ["app"] = "Zürich" })).Should().Match<(string Status, string RetryAfter, string Text)>(a => a.Status == "422" && a.RetryAfter == "" && a.Text.Contains("app", StringComparison.Ordinal));
        before.Faults.Add(new Fault { PathPrefix = "/v1/pushes", Status = 503, Body = """{"detail":"später"}""", Headers = new Dictionary<string, string> { ["Retry-After"] = "7" } });
        (await Post("/v1/pushes", [])).Should().Be(("503", "7", """{"detail":"später"}"""));
    }

    [Fact]
    public async Task What_is_not_answered_is_told_within_its_time()
    {
        before.Faults.Add(new Fault { PathPrefix = "/v1/pushes", Hang = true });
        var began = Stopwatch.StartNew();
        (await Post("/v1/pushes", [])).Should().Match<(string Status, string RetryAfter, string Text)>(a => a.Status == "000" && a.Text.Length > 0);
        began.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(170));
        (await Run("GET", "http://127.0.0.1:9/v1/requests/x", "")).Status.Should().Be("000");
    }

    [Fact]
    public async Task What_is_read_comes_in_its_own_charset()
    {
        var (status, _, text) = await Run("GET", $"{before.Url}v1/services", "");
        status.Should().Be("200", text);
        text.Should().StartWith("{");
    }

    Task<(string Status, string RetryAfter, string Text)> Post(string path, JsonObject body) => Run("POST", $"{before.Url.ToString().TrimEnd('/')}{path}", body.ToJsonString());

    async Task<(string Status, string RetryAfter, string Text)> Run(string method, string address, string body)
    {
        Assert.SkipUnless(File.Exists(Program), "PowerShell is not installed; tests/run installs it");
        var file = Path.Combine(directory.FullName, "body.json");
        await File.WriteAllTextAsync(file, body, TestContext.Current.CancellationToken);
        // The key is in the environment alone: these are all the arguments that others see.
        var start = new ProcessStartInfo(Program, ["-NoProfile", "-NonInteractive", "-File", Path.Combine(GroovyProgram.Library, "resources", "io", "pipelinebridge", "post.ps1")]) { RedirectStandardOutput = true };
        foreach (var (name, value) in new[] { ("METHOD", method), ("ADDRESS", address), ("KEY", "a%20key:1"), ("BODY", file), ("SECONDS", "5"), ("TOKEN", RunningBridge.Key + "\n") })
        {
            start.Environment["BRIDGE_" + name] = value;
        }
        start.Environment["POWERSHELL_TELEMETRY_OPTOUT"] = "1";
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(3));
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            var parts = output.Split('\n', 3);
            return (parts[0], parts[1], parts[2]);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
