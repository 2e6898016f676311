using System.Globalization;
using PipelineBridge.Bridge.DeadLetters;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Pages.Actions;

/// <summary>The buttons of a dead letter: replay, drop.</summary>
static class DeadLetterActions
{
    /// <summary>Asks again for what a dead letter was about.</summary>
    public static PageAction Replay { get; } = new("replay", call =>
    {
        var letter = Open(call);
        return !letter.Replayable
            ? throw RefusedException.Conflict("It is no ask of somebody; it can only be dropped.")
            : new Confirmation($"Replay dead letter {letter.Id}?", Html.Of($"""
                {What(letter)}<p>It becomes a new request with its old place in line: what is newer by now is not overtaken.</p>
                """), "Replay", Back) { Carried = [("letter", Number(letter))] };
    }, async call =>
    {
        call.KeyOfForm();
        return ActionCall.PageOf(await DeadLetterEndpoints.Replay(call.Http, call.Caller, call.Field("letter"), call.Viewer.Session?.Person));
    });

    /// <summary>Gives a dead letter up.</summary>
    public static PageAction Drop { get; } = new("drop", call =>
    {
        var letter = Open(call);
        return new Confirmation($"Drop dead letter {letter.Id}?", Html.Of($"{What(letter)}<p>Nothing more is done about it. Its request has its end already.</p>"), "Drop", Back) { Carried = [("letter", Number(letter))] };
    }, async call =>
    {
        // Dropped already, by the first of two clicks: that is what was asked for.
        if (DeadLetterEndpoints.Find(call.Http, call.Caller, call.Field("letter")).Letter is not { State: "dropped" })
        {
            await DeadLetterEndpoints.Drop(call.Http, call.Caller, call.Field("letter"));
        }
        return $"/?dropped={Uri.EscapeDataString(call.Field("letter"))}";
    });

    const string Back = "/#trouble";

    static DeadLetter Open(ActionCall call)
    {
        var letter = DeadLetterEndpoints.Find(call.Http, call.Caller, call.Field("letter")).Letter;
        return letter.State == "open" ? letter : throw RefusedException.Conflict($"It was {letter.State} already.");
    }

    static Html What(DeadLetter letter) => Html.Of($"""
        <p>{letter.App}{(letter.Environment is null ? "" : $" → {letter.Environment}")} on {letter.Queue}, {PageWords.Full(letter.At)}{(letter.RequestId is null ? Html.Empty : Html.Of($", {PageWords.Link(letter.RequestId)}"))}</p>
        <p>{EventTypes.All.FirstOrDefault(t => t.Name == letter.Type)?.ShortName ?? letter.Type}: {letter.Reason}</p>
        """);

    static string Number(DeadLetter letter) => letter.Id.ToString(CultureInfo.InvariantCulture);
}
