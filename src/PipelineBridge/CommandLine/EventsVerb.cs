using System.CommandLine;
using PipelineBridge.Configuration;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;
using PipelineBridge.Verbs;

namespace PipelineBridge.CommandLine;

/// <summary><c>pipelinebridge events tail</c>: events as they come, from the broker where one is named, else from the bridge.</summary>
static class EventsVerb
{
    public static Command Command(Surroundings at)
    {
        var patterns = new Argument<string[]>("patterns")
        {
            Description = "Routing keys, subject.predicate.app.environment, with * for a word and # for any number of them; default: #.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var after = new Option<long?>("--after") { Description = "First what the journal has after this sequence, from the bridge; 0: everything.", HelpName = "sequence" };
        after.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<long?>() < 0)
            {
                result.AddError("--after is the sequence of an event: 0 or more.");
            }
        });
        var json = new Option<bool>("--json") { Description = "Print the events themselves, one a line." };
        var file = AllVerb.FileOption();
        var tail = new Command("tail", "Print events as they come: from the broker that bridge.yaml or PIPELINEBRIDGE_BROKER__… names, else from the bridge.")
        {
            patterns, after, json, file, BridgeAddress.UrlOption, BridgeAddress.TokenFileOption, BridgeAddress.TokenOption,
        };
        tail.SetAction((parsed, stop) => VerbRun.Guarded(at, async () =>
        {
            var keys = Patterns(parsed.GetValue(patterns));
            var broker = parsed.GetResult(BridgeAddress.UrlOption) is null ? Broker(at, parsed.GetValue(file)) : null;
            var from = parsed.GetValue(after);
            var isBridgeNamed = parsed.GetResult(BridgeAddress.UrlOption) is not null || at.Said("BRIDGE_URL") is not null;
            if (broker is null && !isBridgeNamed)
            {
                throw new VerbException(ExitCode.WrongUse, "Neither a broker nor a bridge is named.",
                    "Set BRIDGE_URL and BRIDGE_TOKEN; or PIPELINEBRIDGE_BROKER__URL, PIPELINEBRIDGE_BROKER__USERNAME and PIPELINEBRIDGE_BROKER__PASSWORD_FILE.");
            }
            var address = broker is null || from is not null ? BridgeAddress.Of(parsed, at) : null;
            using var calls = address is null ? null : new BridgeCalls(address, at.Clock);
            var bridge = address is null ? null : new BridgeEvents(address, calls!, from, at.Clock);
            return await new EventTail(at, keys, parsed.GetValue(json)).Run(broker is null ? bridge! : new BrokerEvents(broker, keys, bridge, from), stop);
        }, stop));
        return new Command("events", "What happens, as it happens.") { tail };
    }

    static List<KeyPattern> Patterns(string[]? given) => [.. (given is { Length: > 0 } ? given : ["#"]).Select(text => KeyPattern.TryParse(text, out var pattern, out var mistake)
        ? pattern
        : throw new VerbException(ExitCode.WrongUse, $"The pattern \"{Refusals.Line(text)}\" {mistake}"))];

    static BrokerOptions? Broker(Surroundings at, FileInfo? file)
    {
        var result = BridgeConfiguration.Load(file?.FullName ?? BridgeConfiguration.DefaultFile(Directory.GetCurrentDirectory()), ConfigCheck.ProcessEnvironment(), needed: ["broker"]);
        if (result.Broker is null && result.Mistakes.Where(Concerns).ToList() is { Count: > 0 } mistakes)
        {
            ConfigurationReport.Write(at.Errors, result with { Mistakes = mistakes, Warnings = [] }, "nothing was listened to");
            throw new VerbException(ExitCode.WrongUse, "Name another file by --file, or the bridge itself by --bridge.");
        }
        return result.Broker;
        // What the bridge needs for its own work need not be where somebody listens. Without a known key the file could not be read at all.
        bool Concerns(ConfigurationFinding mistake) =>
            result.KnownKeys.Count == 0 || mistake.Place.Variable is not null || mistake.Place.Path == "broker" || mistake.Place.Path.StartsWith("broker.", StringComparison.Ordinal);
    }
}
