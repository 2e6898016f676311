using System.CommandLine;
using System.Text.Json.Nodes;
using PipelineBridge.Bridge.Asks;
using PipelineBridge.Bridge.Deliveries;

namespace PipelineBridge.CommandLine;

/// <summary>One run of a verb that talks with a bridge.</summary>
sealed class VerbRun : IDisposable
{
    /// <summary>Answers of the bridge as they came, for scripts.</summary>
    public static readonly Option<bool> JsonOption = new("--json") { Description = "Print the bridge's own answer, for scripts." };

    VerbRun(Surroundings at, ParseResult parsed, BridgeAddress address)
    {
        At = at;
        Parsed = parsed;
        Bridge = new BridgeCalls(address, at.Clock);
        IsJson = parsed.GetValue(JsonOption);
    }

    public Surroundings At { get; }

    public ParseResult Parsed { get; }

    public BridgeCalls Bridge { get; }

    public bool IsJson { get; }

    /// <summary>Gives a verb what every verb takes, and what it does.</summary>
    public static Command Verb(Command command, Surroundings at, Func<VerbRun, CancellationToken, Task<int>> act)
    {
        foreach (var option in new Option[] { JsonOption, BridgeAddress.UrlOption, BridgeAddress.TokenFileOption, BridgeAddress.TokenOption })
        {
            command.Options.Add(option);
        }
        command.SetAction((parsed, stop) => Guarded(at, async () =>
        {
            using var run = new VerbRun(at, parsed, BridgeAddress.Of(parsed, at));
            return await act(run, stop);
        }, stop));
        return command;
    }

    /// <summary>Asks, tells that it was accepted, and follows it to its end unless that is not wanted.</summary>
    /// <param name="method">How.</param>
    /// <param name="path">Where.</param>
    /// <param name="body">What.</param>
    /// <param name="stop">Stops it.</param>
    /// <param name="wanted">The end that is the good one.</param>
    public async Task<int> AskAndFollow(HttpMethod method, string path, JsonObject body, CancellationToken stop, string wanted = RequestState.Succeeded)
    {
        var (receipt, text) = await Ask(method, path, body, stop);
        if (!AskOptions.Waits(Parsed))
        {
            Print(IsJson ? text : $"{Accepted(receipt)}\n  to follow it   pipelinebridge await {PageName(receipt.Id)}");
            return ExitCode.Live;
        }
        if (!IsJson)
        {
            At.Output.WriteLine(Accepted(receipt));
        }
        return await Follow(receipt.Id, stop, wanted);
    }

    /// <summary>Lets the bridge judge an ask that comes later; nothing is accepted by it.</summary>
    /// <exception cref="VerbException">It would be refused, or the bridge cannot be asked.</exception>
    public async Task Check(string path, JsonObject body, CancellationToken stop)
    {
        AskOptions.KeyOf(Parsed);
        AskOptions.AddTo(body, Parsed, At);
        await Bridge.Check(path, body, stop);
    }

    /// <summary>Asks for something under the key of the command.</summary>
    public async Task<(Receipt Receipt, string Text)> Ask(HttpMethod method, string path, JsonObject body, CancellationToken stop)
    {
        AskOptions.AddTo(body, Parsed, At);
        var (receipt, text) = await Bridge.Ask(method, path, body, AskOptions.KeyOf(Parsed), stop);
        foreach (var warning in receipt.Warnings ?? [])
        {
            At.Errors.WriteLine($"warning: {Refusals.Line(warning)}");
        }
        return (receipt, text);
    }

    /// <summary>Shows a request until its end; the exit code says which.</summary>
    public async Task<int> Follow(string id, CancellationToken stop, string wanted = RequestState.Succeeded)
    {
        IRequestView view = IsJson ? new SilentView() : At.IsTerminal ? new LiveBlock(At) : new PlainLines(At);
        var bound = AskOptions.BoundOf(Parsed);
        RequestDocument document;
        string text;
        try
        {
            (document, text) = await new Following(Bridge, view, At.Clock).ToEnd(id, bound, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw new VerbException(ExitCode.Unknown, $"Stopped here; #{PageName(id)} goes on at the bridge.", $"To wait on: pipelinebridge await {PageName(id)}. To take it back: pipelinebridge cancel {PageName(id)}.");
        }
        if (IsJson)
        {
            At.Output.WriteLine(text);
        }
        else
        {
            foreach (var line in await EndLines.Of(document, Bridge, stop))
            {
                At.Output.WriteLine(line);
            }
        }
        return document.State switch
        {
            var end when end == wanted => ExitCode.Live,
            RequestState.Failed or RequestState.Succeeded => ExitCode.Failed,
            _ => ExitCode.Refused,
        };
    }

    /// <summary>A request as people call it.</summary>
    public static string PageName(string id) => id.Length > 8 ? id[..8] : id;

    public void Print(string text) => At.Output.WriteLine(text);

    public void Dispose() => Bridge.Dispose();

    static string Accepted(Receipt receipt) => $"accepted  #{PageName(receipt.Id)}  {receipt.TimelineUrl}";

    /// <summary>Does something, and tells why it ends early.</summary>
    public static async Task<int> Guarded(Surroundings at, Func<Task<int>> act, CancellationToken stop)
    {
        try
        {
            return await act();
        }
        catch (VerbException e)
        {
            at.Errors.WriteLine(e.Message);
            if (e.ToDo is { } toDo)
            {
                at.Errors.WriteLine(toDo);
            }
            return e.ExitCode;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            at.Errors.WriteLine("Stopped here. What the bridge accepted goes on there.");
            return ExitCode.Unknown;
        }
    }
}
