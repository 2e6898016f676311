using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using PipelineBridge.Configuration;

namespace PipelineBridge.CommandLine;

/// <summary>Runs what was typed, or says in a few lines what is wrong with it, without the whole help.</summary>
static class WrongUse
{
    /// <summary>Runs what was parsed; wrong use is 2, for 1 is what was tried and failed.</summary>
    public static async Task<int> OrRun(ParseResult parsed, InvocationConfiguration where, CancellationToken stop)
    {
        if (Of(parsed) is { Count: > 0 } lines)
        {
            lines.ForEach(where.Error.WriteLine);
            return ExitCode.WrongUse;
        }
        var exit = await parsed.InvokeAsync(where, stop);
        return parsed.Errors.Count > 0 ? ExitCode.WrongUse : exit;
    }

    /// <summary>What is wrong, and how it is used; nothing when it can be run, or when help is what answers it.</summary>
    static List<string> Of(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var isGroup = command.Subcommands.Count > 0;
        if (parsed.Action is not ParseErrorAction && (isGroup || parsed.Action != command.Action))
        {
            // --help, --version, and what a shell asks for its completion.
            return [];
        }
        var path = Path(parsed.CommandResult);
        var of = path.Count > 0 ? $" of {string.Join(' ', path)}" : "";
        var help = $"{string.Join(' ', ["pipelinebridge", .. path])} --help has them all.";
        if (Typed(parsed).FirstOrDefault(IsOption) is { } option)
        {
            var known = command.Options.Concat(parsed.RootCommandResult.Command.Options.Where(o => o.Recursive)).Where(o => !o.Hidden).Select(o => o.Name);
            // A single letter is near to every other one.
            var near = option.StartsWith("--", StringComparison.Ordinal) ? Nearest.Find(option, known) : null;
            return [$"There is no option {Refusals.Line(option)}{of}. {Hint(near, help)}", .. isGroup ? [] : new[] { Usage(command, path) }];
        }
        if (isGroup)
        {
            return parsed.UnmatchedTokens is [var word, ..]
                ? [$"There is no verb {Refusals.Line(word)}{of}. {Hint(Nearest.Find(word, command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name)), help)}"]
                : [];
        }
        var missing = command.Arguments.Where(a => a.Arity.MinimumNumberOfValues > 0 && !a.HasDefaultValue && parsed.GetResult(a) is not { Tokens.Count: > 0 }).ToList();
        if (missing.Count > 0)
        {
            return [.. missing.Select(a => $"{string.Join(' ', path)} needs {Shown(a)}: {a.Description}"), Usage(command, path)];
        }
        return parsed.Errors.Count > 0 ? [.. parsed.Errors.Select(e => e.Message).Distinct(), Usage(command, path)] : [];
    }

    static string Hint(string? near, string otherwise) => near is null ? otherwise : $"Did you mean {near}?";

    /// <summary>The words that no option took, but for those behind <c>--</c>, which says that they are none.</summary>
    static IEnumerable<string> Typed(ParseResult parsed)
    {
        var words = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).Select(t => t.Value).Concat(parsed.UnmatchedTokens);
        var free = parsed.Tokens.SkipWhile(t => t.Type != TokenType.DoubleDash).Select(t => t.Value).ToHashSet(StringComparer.Ordinal);
        return words.Where(w => !free.Contains(w));
    }

    static bool IsOption(string word) => word.Length > 1 && word[0] == '-' && (word[1] == '-' || char.IsAsciiLetter(word[1]));

    static string Usage(Command command, IReadOnlyList<string> path) => $"Usage: {string.Join(' ', ["pipelinebridge", .. path, .. command.Arguments.Select(Shown), "[options]"])}";

    static string Shown(Argument argument)
    {
        var name = $"<{argument.HelpName ?? argument.Name}>{(argument.Arity.MaximumNumberOfValues > 1 ? "..." : "")}";
        return argument.Arity.MinimumNumberOfValues == 0 || argument.HasDefaultValue ? $"[{name}]" : name;
    }

    static List<string> Path(CommandResult result) => result.Command is RootCommand ? [] : [.. result.Parent is CommandResult parent ? Path(parent) : [], result.Command.Name];
}
