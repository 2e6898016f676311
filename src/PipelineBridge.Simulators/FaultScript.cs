using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace PipelineBridge.Simulators;

/// <summary>The faults that a simulator still has to show, the first added first.</summary>
public sealed class FaultScript(TimeProvider time)
{
    readonly Lock gate = new();
    readonly List<Fault> pending = [];

    /// <summary>The faults still to be shown, each with the times that are left.</summary>
    public IReadOnlyList<Fault> Pending
    {
        get
        {
            lock (gate)
            {
                return [.. pending];
            }
        }
    }

    /// <summary>Adds a fault behind those that are there.</summary>
    /// <exception cref="ArgumentException">The fault contradicts itself; the message names each mistake.</exception>
    public void Add(Fault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        if (fault.Mistakes() is { Count: > 0 } mistakes)
        {
            throw new ArgumentException(string.Join(" ", mistakes), nameof(fault));
        }

        lock (gate)
        {
            pending.Add(fault);
        }
    }

    /// <summary>Forgets all faults that were not shown yet.</summary>
    public void Clear()
    {
        lock (gate)
        {
            pending.Clear();
        }
    }

    internal async Task Handle(HttpContext context, RequestDelegate next)
    {
        if (Take(context.Request) is not { } fault)
        {
            await next(context);
            return;
        }

        RequestLog.Note(context, "fault", Described(fault));
        if (fault.DelayMilliseconds is { } delay)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(delay), time, context.RequestAborted);
        }

        if (fault.DropConnection)
        {
            RequestLog.Drop(context);
        }
        else if (fault.Hang)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        }
        else if (fault.LoseAnswer)
        {
            await Lose(context, fault, next);
        }
        else
        {
            await Answer(context, fault, next);
        }
    }

    static async Task Lose(HttpContext context, Fault fault, RequestDelegate next)
    {
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
        await Answer(context, fault, next);
        RequestLog.Note(context, "lostStatus", $"{context.Response.StatusCode}");
        RequestLog.Drop(context);
    }

    static async Task Answer(HttpContext context, Fault fault, RequestDelegate next)
    {
        if (fault.TruncateAfterBytes is { } bytes)
        {
            context.Response.Body = new TruncatedStream(context.Response.Body, bytes);
        }

        if (fault.Status is not { } status)
        {
            await next(context);
            return;
        }

        context.Response.StatusCode = status;
        if (fault.Body is not null)
        {
            context.Response.ContentType = "application/json";
        }

        foreach (var (name, value) in fault.Headers ?? new Dictionary<string, string>())
        {
            context.Response.Headers[name] = value;
        }

        await context.Response.WriteAsync(fault.Body ?? "", context.RequestAborted);
    }

    Fault? Take(HttpRequest request)
    {
        lock (gate)
        {
            var index = pending.FindIndex(fault =>
                (request.Path.Value ?? "/").StartsWith(fault.PathPrefix, StringComparison.Ordinal)
                && (fault.Method is null || string.Equals(fault.Method, request.Method, StringComparison.OrdinalIgnoreCase)));
            if (index < 0)
            {
                return null;
            }

            var fault = pending[index];
            if (fault.Times == 1)
            {
                pending.RemoveAt(index);
            }
            else
            {
                pending[index] = fault with { Times = fault.Times - 1 };
            }

            return fault;
        }
    }

    static string Described(Fault fault) => string.Join(", ", new[]
    {
        fault.DelayMilliseconds is { } delay ? $"delay {delay} ms" : null,
        fault.DropConnection ? "connection dropped" : null,
        fault.Hang ? "hang" : null,
        fault.LoseAnswer ? "answer lost" : null,
        fault.Status is { } status ? $"status {status}" : null,
        fault.TruncateAfterBytes is { } bytes ? $"cut after {bytes} bytes" : null,
    }.OfType<string>());
}
