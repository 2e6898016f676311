using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using PipelineBridge.Simulators.Marathon;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Simulators.Slack;
using PipelineBridge.Tests.Processes;

namespace PipelineBridge.Tests.Jenkins;

/// <summary>A bridge as a process, with all that it talks to, for Jenkinsfiles that are run against it.</summary>
public sealed partial class JenkinsScene : IAsyncLifetime
{
    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("pipelinebridge-jenkins-");
    BridgeProcess? bridge;

    internal BridgeProcess Bridge => bridge!;

    internal RegistrySimulator Registry { get; private set; } = null!;

    internal MarathonSimulator Marathon { get; private set; } = null!;

    internal SlackSimulator Slack { get; private set; } = null!;

    /// <summary>The file that a team keeps beside its code.</summary>
    public static JsonObject Specification => new()
    {
        ["id"] = "/prod/portal",
        ["instances"] = 1,
        ["cpus"] = 0.1,
        ["mem"] = 64,
        ["container"] = new JsonObject
        {
            ["type"] = "DOCKER",
            ["docker"] = new JsonObject { ["image"] = "registry.internal/portal:400" },
            ["portMappings"] = new JsonArray(new JsonObject { ["containerPort"] = 8080, ["hostPort"] = 0 }),
        },
        ["networks"] = new JsonArray(new JsonObject { ["mode"] = "container/bridge" }),
        ["healthChecks"] = new JsonArray(new JsonObject { ["protocol"] = "MESOS_HTTP", ["path"] = "/health", ["portIndex"] = 0, ["gracePeriodSeconds"] = 5, ["intervalSeconds"] = 1, ["timeoutSeconds"] = 1, ["maxConsecutiveFailures"] = 3 }),
    };

    public async ValueTask InitializeAsync()
    {
        if (!GroovyProgram.IsThere)
        {
            return;
        }
        Registry = await RegistrySimulator.Start(new RegistrySimulatorOptions { Announce = _ => { } }, TestContext.Current.CancellationToken);
        Marathon = await MarathonSimulator.Start(new MarathonSimulatorOptions { Announce = _ => { } }, TestContext.Current.CancellationToken);
        Slack = await SlackSimulator.Start(new SlackSimulatorOptions { Announce = _ => { }, LimitsRate = false }, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(directory.FullName, "token"), "xoxb-simulator", TestContext.Current.CancellationToken);
        var withoutId = Specification;
        withoutId.Remove("id");
        await File.WriteAllTextAsync(Path.Combine(directory.FullName, "portal.json"), withoutId.ToJsonString(), TestContext.Current.CancellationToken);
        bridge = new BridgeProcess(url => $$"""
            listen: {{url}}
            registries:
              registry.internal: { url: {{Registry.Url}} }
            clusters:
              main: { marathon: { url: {{Marathon.Url}} } }
            environments:
              test: { zone: internal, cluster: main, group: /test }
              prod: { zone: internal, cluster: main, group: /prod, notify: [team] }
            apps:
              portal: { spec: {{Path.Combine(directory.FullName, "portal.json")}}, notify: [team] }
            targets:
              team: { slack: { channel: "#deploys", token: { file: {{Path.Combine(directory.FullName, "token")}} }, url: {{Slack.ApiUrl}} } }
            """);
        await bridge.Start();
    }

    /// <summary>Writes the app as marathon-plugin does, forced and without a mark of ours.</summary>
    public async Task WriteAsThePlugin()
    {
        GroovyProgram.SkipUnlessThere();
        using var http = new HttpClient { BaseAddress = Marathon.Url };
        using var left = await http.PutAsJsonAsync("/v2/apps//prod/portal?force=true", Specification, TestContext.Current.CancellationToken);
        left.EnsureSuccessStatusCode();
    }

    /// <summary>Runs a Jenkinsfile as build <paramref name="number"/>; gives the result of the process and the log.</summary>
    public async Task<(int ExitCode, string Log)> Run(string jenkinsfile, string number, params string[] options)
    {
        var (file, workspace) = Workspace(jenkinsfile, number);
        var (exitCode, output, errors) = await GroovyProgram.Run("run-pipeline", ["--number", number, "--workspace", workspace, "--fast", .. options, file], TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken, Variables);
        (output + errors).Should().NotContain(BridgeProcess.Key, "a key is named, never shown");
        return (exitCode, output + errors);
    }

    public (string Name, string Value)[] Variables => [("BRIDGE_URL", Bridge.Url), ("BRIDGE_TOKEN", BridgeProcess.Key)];

    /// <summary>A workspace with a team's files, in which make and docker do nothing.</summary>
    public (string Jenkinsfile, string Workspace) Workspace(string jenkinsfile, string number)
    {
        var workspace = directory.CreateSubdirectory("workspace-" + number).FullName;
        Directory.CreateDirectory(Path.Combine(workspace, "bin"));
        foreach (var program in new[] { "make", "docker" })
        {
            Program(workspace, program, $"#!/bin/sh\necho \"{program} $*\"\n");
        }
        File.WriteAllText(Path.Combine(workspace, "marathon.json"), Specification.ToJsonString());
        var file = Path.Combine(workspace, "Jenkinsfile");
        File.WriteAllText(file, jenkinsfile);
        return (file, workspace);
    }

    /// <summary>Images of the app that are in the registry.</summary>
    public void Seed(params string[] tags)
    {
        GroovyProgram.SkipUnlessThere();
        foreach (var tag in tags)
        {
            Registry.SeedImage("portal", tag, tag);
        }
    }

    /// <summary>What somebody else deployed before.</summary>
    public async Task Deployed(string tag)
    {
        var receipt = await Bridge.Accepted("/v1/deployments", new JsonObject { ["app"] = "portal", ["environment"] = "prod", ["image"] = "registry.internal/portal:" + tag }, "test-" + tag);
        (await Bridge.End(receipt))["state"]!.ToString().Should().Be("succeeded", Bridge.ToString());
    }

    public async Task<JsonArray> Deployments() =>
        (await Bridge.Http.GetFromJsonAsync<JsonObject>("/v1/deployments?app=portal&environment=prod&limit=100", TestContext.Current.CancellationToken))!["deployments"]!.AsArray();

    public static void Program(string workspace, string name, string text)
    {
        var file = Path.Combine(workspace, "bin", name);
        File.WriteAllText(file, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>The block of a page under a heading.</summary>
    public static string Block(string page, string heading, string language = "groovy")
    {
        var text = File.ReadAllText(page == "README.md" ? Repository.PathOf(page) : Repository.PathOf("docs", page));
        var under = text[text.IndexOf($"\n## {heading}\n", StringComparison.Ordinal)..];
        var match = Fenced().Matches(under).First(m => m.Groups[1].Value == language);
        return match.Groups[2].Value;
    }

    public async ValueTask DisposeAsync()
    {
        if (bridge is not null)
        {
            await bridge.DisposeAsync();
            await Slack.DisposeAsync();
            await Marathon.DisposeAsync();
            await Registry.DisposeAsync();
        }
        directory.Delete(recursive: true);
    }

    [GeneratedRegex("```(\\w+)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Fenced();
}
