using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace PipelineBridge.CommandLine;

/// <summary>The options of verbs that ask for something, and of those that wait for its end.</summary>
static class AskOptions
{
    static readonly Option<string?> Key = new("--key") { Description = "The Idempotency-Key: the same command with the same key is the same ask. Default: a new one.", HelpName = "key" };
    static readonly Option<string?> Chain = new("--chain") { Description = "The chain that it belongs to; default: BRIDGE_CHAIN_ID, else a new one.", HelpName = "chainId" };
    static readonly Option<string?> By = new("--by") { Description = "The person who asks; default: BRIDGE_BY, else who is signed in here, when no build asks.", HelpName = "person" };
    static readonly Option<bool> NoWait = new("--no-wait") { Description = "End as soon as it is accepted." };
    static readonly Option<double> Minutes = new("--minutes") { Description = "How long to wait for the end; then the exit code is 4.", DefaultValueFactory = _ => 30, HelpName = "minutes" };

    /// <summary>Gives a verb the options of an ask.</summary>
    public static void AddTo(Command command, bool waits = true, bool saysWho = true)
    {
        command.Options.Add(Key);
        if (saysWho)
        {
            command.Options.Add(Chain);
            command.Options.Add(By);
        }
        if (waits)
        {
            command.Options.Add(NoWait);
            AddWait(command);
        }
    }

    /// <summary>Gives a verb the option of a wait.</summary>
    public static void AddWait(Command command)
    {
        command.Options.Add(Minutes);
        command.Validators.Add(result =>
        {
            if (result.GetResult(Minutes) is { Implicit: false } given && given.Errors.Any() == false && given.GetValueOrDefault<double>() is not (> 0 and <= 1440))
            {
                result.AddError("--minutes must be more than 0 and at most 1440.");
            }
        });
    }

    public static bool Waits(ParseResult parsed) => !parsed.GetValue(NoWait);

    public static TimeSpan BoundOf(ParseResult parsed) => TimeSpan.FromMinutes(parsed.GetValue(Minutes));

    /// <summary>The key of the command, else a new one.</summary>
    public static string KeyOf(ParseResult parsed)
    {
        var key = parsed.GetValue(Key) ?? NewKey();
        return key.Length is > 0 and <= 2048 && key.All(c => c is >= ' ' and < '\x7f') && key == key.Trim()
            ? key
            : throw new VerbException(ExitCode.WrongUse, "--key is no Idempotency-Key.", "It has 1 to 2048 letters, digits and signs of ASCII, and no blank at its ends.");
    }

    /// <summary>A key of its own for one run.</summary>
    public static string NewKey() => $"cli-{Guid.NewGuid():N}";

    /// <summary>Writes into an ask who asks, from which build, in which chain.</summary>
    public static void AddTo(JsonObject body, ParseResult parsed, Surroundings at)
    {
        Add(body, "chainId", parsed.GetValue(Chain) ?? at.Said("BRIDGE_CHAIN_ID"));
        // The variables that Jenkins gives to what a build runs.
        var build = new JsonObject();
        Add(build, "url", at.Said("BUILD_URL"));
        Add(build, "job", at.Said("JOB_NAME"));
        if (int.TryParse(at.Said("BUILD_NUMBER"), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            build["number"] = number;
        }
        var isBuild = build["url"] is not null;
        if (isBuild)
        {
            body["build"] = build;
        }
        Add(body, "by", parsed.GetValue(By) ?? at.Said("BRIDGE_BY") ?? (isBuild ? null : at.Said("SUDO_USER") ?? at.Said("USER")));
    }

    /// <summary>Adds a field that has a value.</summary>
    public static void Add(JsonObject body, string name, string? value)
    {
        if (value is not null)
        {
            body[name] = value;
        }
    }

    /// <summary>Adds a list that has entries.</summary>
    public static void Add(JsonObject body, string name, IEnumerable<string>? values)
    {
        if (values?.ToList() is { Count: > 0 } list)
        {
            body[name] = new JsonArray([.. list.Select(v => (JsonNode)v)]);
        }
    }
}
