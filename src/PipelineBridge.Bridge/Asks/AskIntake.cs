using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Events;
using PipelineBridge.Journal;
using PipelineBridge.Messaging;

namespace PipelineBridge.Bridge.Asks;

/// <summary>A write that was read and found right, ready for the journal.</summary>
public sealed record Ask
{
    /// <summary>The letter of its kind: see <see cref="RequestId"/>.</summary>
    public required char Kind { get; init; }

    /// <summary>The app.</summary>
    public required string App { get; init; }

    /// <summary>The environment, where there is one.</summary>
    public string? Environment { get; init; }

    /// <summary>What is asked, or what happened, once the request has its name.</summary>
    public required Func<RequestId, IEventContent> Content { get; init; }

    /// <summary>What every write may carry.</summary>
    public required IAskFields Fields { get; init; }

    /// <summary>The subject, where it is not the app.</summary>
    public string? Subject { get; init; }

    /// <summary>The image, as far as it is known.</summary>
    public string? Image { get; init; }

    /// <summary>Links besides causes.</summary>
    public IReadOnlyList<EventLink>? Links { get; init; }

    /// <summary>What a person should know all the same.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What is kept with it.</summary>
    public IReadOnlyList<BlobRow> Blobs { get; init; } = [];

    /// <summary>Why it cannot be, told by the state at the moment of writing; null when it can.</summary>
    public Func<JournalTransaction, RefusedException?>? Refusal { get; init; }

    /// <summary>For a replay: the sequence of the original.</summary>
    public long? Order { get; init; }
}

/// <summary>A write with its name and its event, ready for the writer.</summary>
/// <param name="Name">The request's name.</param>
/// <param name="Event">The event.</param>
/// <param name="Bytes">The event as it stands in the journal.</param>
/// <param name="Key">The idempotency key; null when none was given.</param>
/// <param name="BodyHash">The SHA-256 of the body, by which a repetition is told from another ask under the same key.</param>
sealed record PreparedAsk(RequestId Name, CdEvent Event, ReadOnlyMemory<byte> Bytes, byte[]? Key, byte[] BodyHash);

/// <summary>Puts writes into the journal, each once for its key, and answers with the receipt.</summary>
public sealed class AskIntake(EventJournal journal, Deciders deciders, BridgeOptions options, TimeProvider clock)
{
    /// <summary>Names a write and makes its event. Written and hashed here, so that the one writer only writes.</summary>
    internal PreparedAsk Prepare(HttpContext http, Caller caller, ReadOnlyMemory<byte> body, Ask ask)
    {
        var trace = Activity.Current is { } span && span.Source == Tracing.Source ? span.Id : http.Request.Headers.TraceParent.ToString();
        var key = KeyOf(http, caller);
        var now = clock.GetUtcNow();
        var birth = now.ToUnixTimeMilliseconds();
        var id = key is null ? EventId.Random(birth) : EventId.Derive(birth, "ask", caller.Name, http.Request.Method, http.Request.Path.Value!, http.Request.Headers["Idempotency-Key"].ToString());
        var name = new RequestId(ask.Kind, id);
        var content = ask.Content(name);
        var e = new CdEvent
        {
            Id = id.ToString(),
            Source = BridgeEvents.Source,
            Type = EventTypes.Of(content).Name,
            Time = now,
            ChainId = ask.Fields.ChainId ?? id.Then("chain").ToString(),
            Links = ask.Links,
            TraceParent = trace is not null && CdEventReader.IsTraceParent(trace) ? trace : null,
            SubjectId = ask.Subject ?? (ask.Environment is null ? ask.App : $"{ask.Environment}/{ask.App}"),
            Content = content,
            Custom = new CustomData
            {
                App = ask.App,
                Environment = ask.Environment,
                RequestId = name.ToString(),
                Image = ask.Image,
                By = new Actor(ask.Fields.By, caller.Name),
                Build = ask.Fields.Build is { } b ? new BuildReference(b.Url, b.Number, b.Job) : null,
            },
        };
        return new PreparedAsk(name, e, CdEventWriter.Write(e), key, SHA256.HashData(body.Span));
    }

    /// <summary>The key of a write in the idempotency table; null when its caller gave none.</summary>
    internal static byte[]? KeyOf(HttpContext http, Caller caller)
    {
        var header = http.Request.Headers["Idempotency-Key"].ToString();
        if (header.Length > IdempotencyKey.Longest)
        {
            throw RefusedException.Fields(new FieldMistake("Idempotency-Key", header[..50] + "…", $"it has {header.Length} characters; at most {IdempotencyKey.Longest} are taken."));
        }
        return header.Length == 0 ? null : IdempotencyKey.Of(caller.Name, http.Request.Method, http.Request.Path, header);
    }

    /// <summary>Refuses a key that was used for another body.</summary>
    internal static void SameBody(IdempotencyRow earlier, byte[] bodyHash)
    {
        if (!earlier.BodyHash.AsSpan().SequenceEqual(bodyHash))
        {
            throw RefusedException.Fields(new FieldMistake("Idempotency-Key", null, "it was used for another body. A key belongs to one ask; give another one, or the same body."));
        }
    }

    /// <summary>Journals a write; the receipt is there once it is on disk.</summary>
    public async Task<Receipt> Journal(HttpContext http, Caller caller, ReadOnlyMemory<byte> body, Ask ask)
    {
        using var span = Tracing.Source.StartActivity($"ask {http.Request.Path}");
        var (name, e, bytes, key, bodyHash) = Prepare(http, caller, body, ask);
        return await Write(tx =>
        {
            if (key is not null && tx.Idempotency(key) is { } earlier)
            {
                return Repeated(tx, earlier, bodyHash, ask);
            }
            if (ask.Refusal?.Invoke(tx) is { } refusal)
            {
                throw refusal;
            }
            foreach (var blob in ask.Blobs)
            {
                tx.PutBlob(blob);
            }
            var appended = deciders.Happened(tx, e, born: true, bytes, ask.Order, key);
            if (key is not null)
            {
                tx.PutIdempotency(new IdempotencyRow(key, bodyHash, appended.Sequence, e.Time.ToUnixTimeMilliseconds()));
            }
            return Of(tx, appended.Sequence, name, e.ChainId!, ask.Warnings);
        }, http.RequestAborted);
    }

    /// <summary>Writes, and turns what the journal cannot do now into answers.</summary>
    public async Task<T> Write<T>(Func<JournalTransaction, T> change, CancellationToken cancellation)
    {
        try
        {
            return await journal.Write(change, cancellation);
        }
        catch (JournalBusyException)
        {
            throw new RefusedException(StatusCodes.Status429TooManyRequests, "Too much at once", "More is being asked than the journal writes. Send it again with the same Idempotency-Key.") { RetryAfterSeconds = 1 };
        }
        catch (JournalUnavailableException)
        {
            // The cause is the operator's, and stands in the log and under /health/ready.
            throw new RefusedException(StatusCodes.Status503ServiceUnavailable, "The journal cannot be written",
                "Whether this was accepted is not known. Send it again with the same Idempotency-Key: it joins what was accepted.") { RetryAfterSeconds = 5 };
        }
    }

    Receipt Repeated(JournalTransaction tx, IdempotencyRow earlier, byte[] bodyHash, Ask ask)
    {
        SameBody(earlier, bodyHash);
        var e = CdEventReader.Read(tx.Body(earlier.Sequence)!);
        return Of(tx, earlier.Sequence, RequestId.Parse(e.Custom!.RequestId!), e.ChainId!, ask.Warnings);
    }

    Receipt Of(JournalTransaction tx, long sequence, RequestId name, string chainId, IReadOnlyList<string> warnings)
    {
        // A posted fact has no document: it happened, and that is its end.
        var row = tx.Request(sequence);
        return Of(name.ToString(), chainId, row?.State ?? RequestState.Succeeded, row?.Revision ?? 1, warnings);
    }

    /// <summary>The receipt of a request.</summary>
    public Receipt Of(string name, string chainId, string state, long revision, IReadOnlyList<string> warnings) =>
        new(name, chainId, state, revision, warnings, $"{options.Url}/v1/requests/{name}", $"{options.Url}/{name}");
}
