using System.CommandLine;
using PipelineBridge.CommandLine;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.CommandLine;

/// <summary>What a run of a verb came to.</summary>
sealed record CommandResult(int ExitCode, string Output, string Errors)
{
    public string All => Output + Errors;

    public CommandResult ShouldExit(int code)
    {
        ExitCode.Should().Be(code, "{0}", All);
        return this;
    }
}

/// <summary>Runs verbs of the command line in this process, as a shell with these variables would.</summary>
sealed class CommandRun(string url, string? token)
{
    public Dictionary<string, string> Variables { get; } = new() { ["BRIDGE_URL"] = url, ["BRIDGE_TOKEN"] = token ?? "", ["USER"] = "ann" };

    public bool IsTerminal { get; init; }

    /// <summary>What the run that was begun last has printed so far.</summary>
    public Shown Printed { get; private set; } = new();

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>A run whose waits are over soon.</summary>
    public static CommandRun Fast(Uri url) => new(url.ToString(), Bridge.RunningBridge.Key) { Clock = new FastTime(4) };

    public Task<CommandResult> Run(params string[] arguments) => Run(TestContext.Current.CancellationToken, arguments);

    public async Task<CommandResult> Run(CancellationToken stop, params string[] arguments)
    {
        var (output, errors) = (Printed = new Shown(), new Shown());
        var root = new RootCommand();
        var at = new Surroundings { Output = output, Errors = errors, Variable = name => Variables.GetValueOrDefault(name), IsTerminal = IsTerminal, Clock = Clock };
        foreach (var verb in OperatorVerbs.All(at))
        {
            root.Add(verb);
        }
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience.Bound);
        var exit = await WrongUse.OrRun(root.Parse(arguments), new InvocationConfiguration { Output = output, Error = errors }, limit.Token);
        return new CommandResult(exit, output.ToString(), errors.ToString());
    }
}
