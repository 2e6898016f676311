using System.Diagnostics;
using PipelineBridge.Tests.Bridge;

namespace PipelineBridge.Tests.CommandLine;

/// <summary>A shell in which <c>pipelinebridge</c> is installed, with the variables of a bridge.</summary>
sealed class InstalledCommand : IDisposable
{
    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("pipelinebridge-installed-");

    public InstalledCommand(RunningBridge bridge) : this(bridge.Http.BaseAddress!.ToString().TrimEnd('/'), RunningBridge.Key)
    {
    }

    public InstalledCommand(string url, string key)
    {
        var program = Path.Combine(directory.FullName, "pipelinebridge");
        WriteProgram(program, $"#!/bin/sh\nexec dotnet '{Path.Combine(AppContext.BaseDirectory, "pipelinebridge.dll")}' \"$@\"\n");
        Variables["BRIDGE_URL"] = url;
        Variables["BRIDGE_TOKEN"] = key;
        Variables["PATH"] = $"{directory.FullName}:{Environment.GetEnvironmentVariable("PATH")}";
        Variables["HOME"] = Variables["DOCKER_CONFIG"] = directory.FullName;
    }

    public Dictionary<string, string> Variables { get; } = [];

    /// <summary>Where its lines run.</summary>
    public string Folder => directory.FullName;

    /// <summary>Writes a script that can be started by its name.</summary>
    public static void WriteProgram(string path, string script)
    {
        File.WriteAllText(path, script);
        using var chmod = Process.Start("chmod", ["700", path]);
        chmod.WaitForExit(TimeSpan.FromMinutes(4)).Should().BeTrue();
    }

    public async Task<CommandResult> Run(string script, string shell = "bash")
    {
        var start = new ProcessStartInfo(shell, ["-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = directory.FullName };
        foreach (var (name, value) in Variables)
        {
            start.Environment[name] = value;
        }
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(120));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new CommandResult(process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    public void Dispose() => directory.Delete(recursive: true);
}
