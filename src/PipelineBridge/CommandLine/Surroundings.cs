namespace PipelineBridge.CommandLine;

/// <summary>What a verb runs in: where it writes, what the environment says, and whether a person looks on.</summary>
sealed record Surroundings
{
    /// <summary>For what was asked for.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>For what went wrong.</summary>
    public required TextWriter Errors { get; init; }

    /// <summary>Reads a variable of the environment; null and empty are the same.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>Whether the output is a terminal that can redraw.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>How many characters a line of the terminal has.</summary>
    public Func<int> Width { get; init; } = () => 80;

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Those of this process.</summary>
    public static Surroundings OfProcess() => new()
    {
        Output = Console.Out,
        Errors = Console.Error,
        Variable = Environment.GetEnvironmentVariable,
        IsTerminal = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } and not "dumb",
        Width = () => Console.WindowWidth is > 0 and var width ? width : 80,
    };

    /// <summary>A variable that says something; null for none.</summary>
    public string? Said(string name) => Variable(name) is { Length: > 0 } value ? value : null;
}
