using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Processes;

/// <summary>Who has Docker and this, and no configuration, no registry, no cluster.</summary>
[Trait("Needs", "process")]
public partial class LocalEngineTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_image_that_was_built_here_is_deployed_to_this_machines_engine_without_a_configuration()
    {
        DockerEngine.SkipWhereMissing();
        await using var engine = await DockerEngine.Start();
        await engine.BuildService("hello:1", "hello");
        await engine.BuildService("hello:2", "hello again");
        var directory = Directory.CreateTempSubdirectory("pipelinebridge-local-");
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "pipelinebridge.dll"), "all"]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = directory.FullName };
        start.Environment["DOCKER_HOST"] = $"{engine.Url}";
        start.Environment["PIPELINEBRIDGE_LISTEN"] = "http://127.0.0.1:0";
        using var process = Process.Start(start)!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync(Cancellation);
            var said = "";
            while (!KeyPattern().IsMatch(said) && await process.StandardOutput.ReadLineAsync(Cancellation) is { } line)
            {
                said += line + "\n";
            }
            said.Should().Contain($"the environment local on the Docker engine at {engine.Url}");
            using var http = new HttpClient { BaseAddress = new Uri(UrlPattern().Match(said).Groups[1].Value) };
            var key = KeyPattern().Match(said).Groups[1].Value;
            said.Should().Contain($"export BRIDGE_URL={http.BaseAddress.OriginalString} BRIDGE_TOKEN={key}");
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
            _ = process.StandardOutput.ReadToEndAsync(Cancellation);

            var first = await Deployed(http, new JsonObject
            {
                ["app"] = "hello", ["environment"] = "local", ["image"] = "localhost/hello:1", ["spec"] = "kind: service\nports: [8080]\nhealth: {path: /health}\nstopSeconds: 1",
            });
            ((string)first["state"]!).Should().Be("succeeded", first.ToJsonString());
            (await Served(engine, http)).Should().Equal("hello");
            var second = await Deployed(http, new JsonObject { ["app"] = "hello", ["environment"] = "local", ["image"] = "localhost/hello:2" });
            ((string)second["state"]!).Should().Be("succeeded", second.ToJsonString());
            (await http.GetStringAsync($"/v1/chains/{(string)second["chainId"]!}", Cancellation)).Should().Contain("deployment.started").And.NotContain("to pull the image");
            using var push = await http.PostAsync("/v1/pushes", new StringContent(new JsonObject { ["app"] = "hello", ["image"] = "localhost/hello:2" }.ToJsonString()), Cancellation);
            ((int)push.StatusCode, await push.Content.ReadAsStringAsync(Cancellation)).Should().Match<(int Status, string Text)>(a => a.Status == 422 && a.Text.Contains("no push is needed, deploy it."));
            // The end does not wait for the old task to go.
            await Cluster.ClusterScene.Until(async () => (await Served(engine, http)) is ["hello again"], "the old task to be retired");
            var missing = await Deployed(http, new JsonObject { ["app"] = "hello", ["environment"] = "local", ["image"] = "localhost/hello:3" });
            ((string)missing["state"]!, (string)missing["cause"]!).Should().Be(("refused", "This machine's engine has no image hello:3."));
            await TheWalkOfTheDocs(engine, http.BaseAddress.OriginalString, key);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            directory.Delete(recursive: true);
        }
    }

    /// <summary>What docs/installation.md tells a person to type in a second terminal, as it stands there.</summary>
    static async Task TheWalkOfTheDocs(DockerEngine engine, string url, string key)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/docker"), "docker is not installed (Debian package docker.io)");
        var byHand = (await File.ReadAllTextAsync(Repository.PathOf("docs", "installation.md"), Cancellation)).Split("\n## By hand\n")[1];
        using var shell = new CommandLine.InstalledCommand(url, key) { Variables = { ["DOCKER_HOST"] = $"{engine.Url}" } };
        var result = await shell.Run("set -e\n" + byHand.Split("```bash\n")[1].Split("```")[0]);
        result.ExitCode.Should().Be(0, $"{result.Output}{result.Errors}");
        result.Output.Should().Contain("hello is live on local").And.MatchRegex(@"hello\s+● 1\b");
    }

    static async Task<JsonObject> Deployed(HttpClient http, JsonObject ask)
    {
        using var answer = await http.PostAsync("/v1/deployments", new StringContent(ask.ToJsonString()), Cancellation);
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        answer.IsSuccessStatusCode.Should().BeTrue(text);
        var id = (string)JsonNode.Parse(text)!["id"]!;
        for (long since = 0; ;)
        {
            var document = (await http.GetFromJsonAsync<JsonObject>($"/v1/requests/{id}?wait=30&since={since}", Cancellation))!;
            since = (long)document["revision"]!;
            if (document["endedAt"] is not null)
            {
                return document;
            }
        }
    }

    static async Task<List<string>> Served(DockerEngine engine, HttpClient http)
    {
        var answers = new List<string>();
        foreach (var port in (await engine.Call(HttpMethod.Get, "containers/json"))!.AsArray().SelectMany(c => c!["Ports"]!.AsArray()).Select(p => (int?)p!["PublicPort"]).OfType<int>())
        {
            try
            {
                answers.Add(await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), Cancellation));
            }
            catch (HttpRequestException)
            {
                // It is being stopped at this moment.
                answers.Add("");
            }
        }
        return answers;
    }

    [GeneratedRegex(@"(pb-[0-9a-f]{64})")]
    private static partial Regex KeyPattern();

    [GeneratedRegex(@"PipelineBridge on (http://[0-9.:]+)")]
    private static partial Regex UrlPattern();
}
