using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using PipelineBridge.CommandLine;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;
using PipelineBridge.Tests.Bridge;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.CommandLine;

/// <summary>What a person sees on a terminal.</summary>
public sealed partial class LiveBlockTests
{
    static readonly DateTimeOffset Asked = new(2026, 11, 24, 13, 0, 0, TimeSpan.Zero);

    static RequestDocument Rolling => new()
    {
        Id = "d-81c0xyzw",
        Kind = "deployment",
        App = "portal",
        Environment = "prod",
        ChainId = "chain",
        State = "running",
        AskedAt = Asked,
        ReleasedAt = Asked.AddSeconds(4),
        Usual = new Phases { PulledSeconds = 9, HealthySeconds = 13 },
        Progress = new DeploymentProgressed("main", "rolling", 2, 3, [new("1", "healthy", "h07", 31044), new("2", "healthy", "h11", 31990), new("3", "running", "h12", 31202)]),
    };

    [Fact]
    public void A_rollout_is_shown_with_its_phases_its_tasks_and_the_usual_times() =>
        string.Join('\n', RequestBlock.Of(Rolling, Asked.AddSeconds(21), 80)).Should().Be("""
            portal → prod   #d-81c0xy   rolling out   0:21
              ● queued     0:04
              ● pulled
              ◐ healthy    2 of 3   ██████░░░░   usual 0:13
                  h07:31044  healthy   h11:31990  healthy   h12:31202  running
            """);

    [Fact]
    public void What_waits_says_for_what_and_what_is_taken_back_says_so()
    {
        string.Join('\n', RequestBlock.Of(Rolling with { State = "waiting", ReleasedAt = null, Progress = null, WaitingFor = "the push p-7f3a" }, Asked, 80))
            .Should().Contain("waiting   0:00").And.Contain("  ◐ queued     waits for the push p-7f3a").And.Contain("  ○ healthy");
        string.Join('\n', RequestBlock.Of(Rolling with { Progress = Rolling.Progress! with { Phase = "takingback" } }, Asked, 80))
            .Should().Contain("taking back").And.Contain("  ◐ taken back 2 of 3");
    }

    [Fact]
    public void A_drawing_takes_the_place_of_the_one_before_and_no_line_wraps()
    {
        var output = new StringWriter();
        var block = new LiveBlock(new Surroundings { Output = output, Errors = output, Variable = _ => null, IsTerminal = true, Width = () => 44 });
        block.Moved(Rolling);
        block.Second();
        block.Lost("it refuses connections");
        block.Moved(Rolling with { State = "succeeded", EndedAt = Asked.AddSeconds(26), Phases = new Phases { PulledSeconds = 9, HealthySeconds = 13 } });
        block.Second();

        var screen = Screen(output.ToString());

        screen.Should().HaveCount(4).And.OnlyContain(l => l.Length < 44);
        screen[0].Should().Be("portal → prod   #d-81c0xy   live   0:26");
        screen[2].Should().StartWith("  ● pulled     0:09");
        output.ToString().Should().Contain("the bridge gives no answer");
    }

    [Fact]
    public async Task A_terminal_is_redrawn_by_the_executable_and_a_pipe_gets_lines()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "script is not installed (Debian package bsdutils)");
        await using var bridge = await RunningBridge.Start();
        await bridge.Until(await bridge.Deploy(), "succeeded");
        var shown = new Shown();
        bridge.Stages.Deploy = async (work, told, stop) =>
        {
            await told.Tell(work.Observed(new DeploymentProgressed("main", "rolling", 1, 3)), stop);
            await shown.Until("1 of 3", stop);
            return [ScriptedStages.Live(work)];
        };
        var command = $"dotnet '{Path.Combine(AppContext.BaseDirectory, "pipelinebridge.dll")}' deploy portal prod registry.internal/portal:413";

        var terminal = await Shell($"script -qec \"{command}\" /dev/null </dev/null", bridge, shown);
        var pipe = await Shell($"{command} | cat", bridge, shown = new Shown());

        terminal.Should().MatchRegex(@"\x1b\[\d+F\x1b\[J");
        var screen = Screen(terminal.Replace("\r", "", StringComparison.Ordinal));
        screen.Count(l => l.Contains("portal → prod   #d-", StringComparison.Ordinal)).Should().Be(1, "it was redrawn: {0}", terminal);
        screen.Should().Contain(l => l.StartsWith("portal is live on prod: 413", StringComparison.Ordinal));
        pipe.Should().NotContain("\x1b").And.Contain("portal is live on prod: 413");
    }

    static async Task<string> Shell(string line, RunningBridge bridge, Shown shown)
    {
        var start = new ProcessStartInfo("bash", ["-c", line]) { RedirectStandardOutput = true };
        start.Environment["BRIDGE_URL"] = bridge.Http.BaseAddress!.ToString();
        start.Environment["BRIDGE_TOKEN"] = RunningBridge.Key;
        start.Environment["TERM"] = "xterm";
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience.Bound);
        try
        {
            var buffer = new char[4096];
            while (await process.StandardOutput.ReadAsync(buffer, limit.Token) is > 0 and var read)
            {
                shown.Write(new string(buffer, 0, read));
            }
            await process.WaitForExitAsync(limit.Token);
            return shown.ToString();
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>What stands on a terminal after a text was written to it.</summary>
    static List<string> Screen(string text)
    {
        List<string> lines = [""];
        var row = 0;
        foreach (var part in Parts().Matches(text).Select(m => m.Value))
        {
            if (part == "\n")
            {
                if (++row == lines.Count)
                {
                    lines.Add("");
                }
            }
            else if (part.EndsWith('F') && part[0] == '\x1b')
            {
                row -= int.Parse(part[2..^1], CultureInfo.InvariantCulture);
            }
            else if (part == "\x1b[J")
            {
                lines.RemoveRange(row + 1, lines.Count - row - 1);
                lines[row] = "";
            }
            else if (part[0] != '\x1b')
            {
                lines[row] += part;
            }
        }
        return [.. lines.Where(l => l.Length > 0)];
    }

    [GeneratedRegex(@"\n|\x1b\[\d+F|\x1b\[J|\x1b\[\?\d+[hl]|\x1b[=>]|[^\n\x1b]+|\x1b")]
    private static partial Regex Parts();
}
