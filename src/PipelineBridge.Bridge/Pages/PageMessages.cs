using System.Globalization;
using Microsoft.AspNetCore.Http;
using PipelineBridge.Bridge.DeadLetters;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Events;
using PipelineBridge.Journal;

namespace PipelineBridge.Bridge.Pages;

/// <summary>The message of what a form did, on the page that it leads to. Its words come from the journal, never from the address: a link cannot claim anything.</summary>
static class PageMessages
{
    /// <summary>The message that the address asks for; nothing where there is none, or not for this reader.</summary>
    public static Html Of(JournalReader r, HttpRequest request, Caller caller)
    {
        var (asked, dropped) = (request.Query["asked"].ToString(), request.Query["dropped"].ToString());
        return RequestId.TryParse(asked, out var id) ? Asked(r, id, caller)
            : long.TryParse(dropped, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Dropped(r, number, caller)
            : Html.Empty;
    }

    static Html Asked(JournalReader r, RequestId id, Caller caller)
    {
        RequestDocument found;
        try
        {
            found = RequestLookup.Find(r, id.ToString());
        }
        catch (RefusedException)
        {
            return Html.Empty;
        }
        if (!caller.MayTouch(found.App))
        {
            return Html.Empty;
        }
        var what = id.Kind == RequestId.Fact && r.Event(id.Ask) is { } fact
            ? Html.Of($"{EventWords.Of(CdEventReader.Read(fact.Body)).Text}")
            : Html.Of($"{found.Kind} {PageWords.Where(found)}: {PageWords.Stands(found)}");
        return Message(Html.Of($"Accepted, {PageWords.Link(found.Id)}: {what}"));
    }

    static Html Dropped(JournalReader r, long number, Caller caller) =>
        r.DeadLetter(number) is { State: DeadLetterState.Dropped } row && caller.MayTouch(DeadLetterEndpoints.Of(row).App)
            ? Message(Html.Of($"Dead letter {number} is dropped."))
            : Html.Empty;

    static Html Message(Html text) => Html.Of($"<p class=\"message\" data-key=\"message\" role=\"status\">{text}</p>\n");
}
