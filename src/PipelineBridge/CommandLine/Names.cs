using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Timeline;

namespace PipelineBridge.CommandLine;

/// <summary>Arguments that name something the bridge knows; a shell completes them from there, where a key is set.</summary>
sealed class Names(Surroundings at)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>The app.</summary>
    public Argument<string> App(string description = "The app.") => Of("app", description, a => a.Services.Select(s => s.App));

    /// <summary>The environment.</summary>
    public Argument<string> Environment(string description = "The environment.") => Of("environment", description, a => a.Environments.Select(e => e.Name));

    /// <summary>A request.</summary>
    public Argument<string> Request(string description) => Of("request", description, Open);

    /// <summary>A request, or an app.</summary>
    public Argument<string> RequestOrApp(string description) => Of("request-or-app", description, a => Open(a).Concat(a.Services.Select(s => s.App)));

    static IEnumerable<string> Open(ServicesAnswer a) => a.Services.Select(s => s.Newer).OfType<RequestDocument>().Select(d => VerbRun.PageName(d.Id));

    Argument<string> Of(string name, string description, Func<ServicesAnswer, IEnumerable<string>> read)
    {
        var argument = new Argument<string>(name) { Description = description, HelpName = name };
        argument.CompletionSources.Add(context => IsNext(context, argument) ? Known(context, read) : []);
        return argument;
    }

    // A shell is told of one argument at a time: the one that stands where the word does.
    static bool IsNext(CompletionContext context, Argument argument)
    {
        var result = context.ParseResult.CommandResult;
        var given = result.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).Select(t => t.Value).ToList();
        var before = given.Count - (context.WordToComplete.Length > 0 && given.Count > 0 && given[^1] == context.WordToComplete ? 1 : 0);
        return result.Command.Arguments.IndexOf(argument) == before;
    }

    // A shell waits for this while somebody types: what cannot be had soon is left out, and nothing is printed.
    IEnumerable<CompletionItem> Known(CompletionContext context, Func<ServicesAnswer, IEnumerable<string>> read)
    {
        try
        {
            using var bridge = new BridgeCalls(BridgeAddress.Of(context.ParseResult, at), at.Clock);
            using var limit = new CancellationTokenSource(Patience, at.Clock);
            var (answer, _) = Task.Run(() => bridge.TryRead("/v1/services", 0, limit.Token)).GetAwaiter().GetResult();
            return answer?.As(CommandJson.Default.ServicesAnswer) is { } services
                ? read(services).Where(n => n.StartsWith(context.WordToComplete, StringComparison.Ordinal) && n.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(n => new CompletionItem(n))
                : [];
        }
        catch (Exception e) when (e is VerbException or OperationCanceledException)
        {
            return [];
        }
    }
}
