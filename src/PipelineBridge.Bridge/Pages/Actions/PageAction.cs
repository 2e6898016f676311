using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using PipelineBridge.Bridge.Asks;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Events;
using PipelineBridge.Journal;

namespace PipelineBridge.Bridge.Pages.Actions;

/// <summary>What a button does: it asks back on a page of its own, and does it when that page's form comes.</summary>
/// <param name="Name">Its name in the address.</param>
/// <param name="Confirm">What it asks back; refuses what cannot be.</param>
/// <param name="Do">Does it, and gives the page to show afterwards.</param>
sealed record PageAction(string Name, Func<ActionCall, Confirmation> Confirm, Func<ActionCall, Task<string>> Do);

/// <summary>What a button asks back.</summary>
/// <param name="Question">The question, as a title.</param>
/// <param name="What">What will happen, in a few sentences.</param>
/// <param name="Button">The word on the button that does it.</param>
/// <param name="Back">The page to go back to.</param>
sealed record Confirmation(string Question, Html What, string Button, string Back)
{
    /// <summary>The fields that the form carries along.</summary>
    public IReadOnlyList<(string Name, string Value)> Carried { get; init; } = [];

    /// <summary>What is to be filled in.</summary>
    public Html Inputs { get; init; } = Html.Empty;
}

/// <summary>A call of an action: who, and the fields of the address or of the form.</summary>
sealed record ActionCall(HttpContext Http, Viewer Viewer, IEnumerable<KeyValuePair<string, StringValues>> Fields)
{
    /// <summary>The key.</summary>
    public Caller Caller => Viewer.Caller;

    /// <summary>The journal.</summary>
    public EventJournal Journal => Service<EventJournal>();

    /// <summary>Something that the server is composed of.</summary>
    public T Service<T>() where T : notnull => Http.RequestServices.GetRequiredService<T>();

    /// <summary>A field; empty where there is none.</summary>
    public string Field(string name) => Fields.FirstOrDefault(f => f.Key == name).Value.ToString();

    /// <summary>
    /// Asks as over HTTP, by the endpoint that answers there, and gives the receipt. The form's own key makes a click and its
    /// repetition one ask: told by what the form says, since a time that was counted from now differs between the two.
    /// </summary>
    public async Task<Receipt> Ask<T>(T body, Func<WriteCall<T>, Task> endpoint)
    {
        KeyOfForm();
        Receipt? receipt = null;
        var said = string.Join('\n', Fields.Where(f => f.Key is not ("token" or "key" or "back")).OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key}={f.Value}"));
        await endpoint(new WriteCall<T>(Http, Caller, Encoding.UTF8.GetBytes(said), body, Service<BridgeOptions>(), Service<AskIntake>())
        {
            Accepted = r => { receipt = r; return Task.CompletedTask; },
        });
        return receipt ?? throw new InvalidOperationException("An endpoint answered without a receipt.");
    }

    /// <summary>Takes the idempotency key from the form to where the intake looks for it.</summary>
    public void KeyOfForm()
    {
        var key = Field("key");
        if (key.Length is < 16 or > IdempotencyKey.Longest)
        {
            throw new RefusedException(StatusCodes.Status422UnprocessableEntity, "Not what it must be", "Nothing was done: the form has no key of its own. Load its page again.");
        }
        Http.Request.Headers["Idempotency-Key"] = key;
    }

    /// <summary>Refuses a button that is not for this key; before anything is said of the app.</summary>
    public void Demand(string verb, string app) => Caller.Demand(verb).Demand(verb, app);

    /// <summary>The page of a request, with the message that it was accepted.</summary>
    public static string PageOf(Receipt receipt) => RequestId.TryParse(receipt.Id, out var id) && id.Kind == RequestId.Fact ? $"/?asked={receipt.Id}" : $"/{receipt.Id}?asked={receipt.Id}";
}
