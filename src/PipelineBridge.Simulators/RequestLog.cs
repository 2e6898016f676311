using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Simulators;

/// <summary>The requests a simulator received, in the order of their arrival; the oldest are dropped past a bound.</summary>
public sealed class RequestLog
{
    /// <summary>How many requests are kept.</summary>
    public const int Kept = 20_000;

    static readonly object EntryKey = new();
    static readonly object DroppedKey = new();

    // Slack still takes a token in the query, and OAuth 2 token endpoints take the others.
    static readonly string[] SecretParameters =
        ["token", "access_token", "refresh_token", "password", "client_secret", "secret"];

    readonly Lock gate = new();
    readonly SortedDictionary<long, RecordedRequest> requests = [];
    long last;

    /// <summary>The requests kept, oldest first, as they are known now.</summary>
    public IReadOnlyList<RecordedRequest> Requests
    {
        get
        {
            lock (gate)
            {
                return [.. requests.Values];
            }
        }
    }

    /// <summary>How many requests were dropped from the front of the log.</summary>
    public long Dropped
    {
        get
        {
            lock (gate)
            {
                return last - requests.Count;
            }
        }
    }

    /// <summary>Adds a fact about a request to its entry; never a credential.</summary>
    public static void Note(HttpContext context, string name, string value)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Items[EntryKey] is Entry entry)
        {
            entry.Log.Change(entry.Number, request => request with
            {
                Facts = ImmutableSortedDictionary.CreateRange(request.Facts).SetItem(name, value),
            });
        }
    }

    internal long Open(HttpContext context, DateTimeOffset now)
    {
        var request = context.Request;
        lock (gate)
        {
            last++;
            requests.Add(last, new RecordedRequest(
                last, now, request.Method, request.Path.Value ?? "", Masked(request), null, null,
                ImmutableSortedDictionary<string, string>.Empty));
            if (requests.Count > Kept)
            {
                requests.Remove(last - Kept);
            }

            context.Items[EntryKey] = new Entry(this, last);
            return last;
        }
    }

    /// <summary>Closes the connection of a request that is not answered.</summary>
    internal static void Drop(HttpContext context)
    {
        context.Items[DroppedKey] = true;
        context.Abort();
    }

    // Kestrel says that an answer starts also when the connection was closed before.
    internal void Answering(long number, HttpContext context)
    {
        if (!context.Items.ContainsKey(DroppedKey))
        {
            Change(number, request => request with { Status = context.Response.StatusCode });
        }
    }

    internal void Close(long number, DateTimeOffset now) => Change(number, request => request with { Ended = now });

    void Change(long number, Func<RecordedRequest, RecordedRequest> change)
    {
        lock (gate)
        {
            if (requests.TryGetValue(number, out var request))
            {
                requests[number] = change(request);
            }
        }
    }

    static string Masked(HttpRequest request)
    {
        if (!request.QueryString.HasValue)
        {
            return "";
        }

        if (!request.Query.Keys.Any(key => SecretParameters.Contains(key, StringComparer.OrdinalIgnoreCase)))
        {
            return request.QueryString.Value!;
        }

        return QueryString.Create(request.Query.SelectMany(pair => pair.Value.Select(value =>
            KeyValuePair.Create(
                pair.Key,
                SecretParameters.Contains(pair.Key, StringComparer.OrdinalIgnoreCase) ? "***" : value)))).Value ?? "";
    }

    sealed record Entry(RequestLog Log, long Number);
}
