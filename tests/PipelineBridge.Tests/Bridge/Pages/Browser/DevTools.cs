using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace PipelineBridge.Tests.Bridge.Pages.Browser;

/// <summary>The Chrome DevTools Protocol: calls with their answers, and events, over one WebSocket.</summary>
sealed class DevTools : IAsyncDisposable
{
    static readonly TimeSpan Bound = TimeSpan.FromSeconds(120);

    readonly ClientWebSocket socket = new();
    readonly ConcurrentDictionary<int, TaskCompletionSource<JsonObject>> calls = new();
    readonly SemaphoreSlim sending = new(1);
    readonly CancellationTokenSource closing = new();
    Task reading = Task.CompletedTask;
    int last;

    /// <summary>Told of each event: session, method, parameters.</summary>
    public event Action<string?, string, JsonObject>? Happened;

    public static async Task<DevTools> Connect(Uri address)
    {
        var tools = new DevTools();
        using var limit = new CancellationTokenSource(Bound);
        await tools.socket.ConnectAsync(address, limit.Token);
        tools.reading = Task.Run(tools.Read);
        return tools;
    }

    /// <summary>A call and its answer.</summary>
    public async Task<JsonObject> Call(string method, JsonObject? parameters = null, string? session = null)
    {
        var id = Interlocked.Increment(ref last);
        var message = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters ?? [] };
        if (session is not null)
        {
            message["sessionId"] = session;
        }
        var answered = new TaskCompletionSource<JsonObject>(TaskCreationOptions.RunContinuationsAsynchronously);
        calls[id] = answered;
        await sending.WaitAsync(closing.Token);
        try
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(message.ToJsonString()), WebSocketMessageType.Text, true, closing.Token);
        }
        finally
        {
            sending.Release();
        }
        try
        {
            return await answered.Task.WaitAsync(Bound, closing.Token);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Chromium did not answer {method} within {Bound.TotalSeconds} s.");
        }
        finally
        {
            calls.TryRemove(id, out _);
        }
    }

    async Task Read()
    {
        var buffer = new byte[1 << 16];
        using var message = new MemoryStream();
        try
        {
            while (true)
            {
                message.SetLength(0);
                ValueWebSocketReceiveResult piece;
                do
                {
                    piece = await socket.ReceiveAsync(buffer.AsMemory(), closing.Token);
                    message.Write(buffer, 0, piece.Count);
                }
                while (!piece.EndOfMessage);
                if (piece.MessageType == WebSocketMessageType.Close)
                {
                    return;
                }
                Take(JsonNode.Parse(message.GetBuffer().AsSpan(0, (int)message.Length))!.AsObject());
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException)
        {
            foreach (var call in calls.Values)
            {
                call.TrySetException(new InvalidOperationException("Chromium closed the connection.", e));
            }
        }
    }

    void Take(JsonObject message)
    {
        if (message["id"]?.GetValue<int>() is not { } id)
        {
            Happened?.Invoke(message["sessionId"]?.GetValue<string>(), message["method"]!.GetValue<string>(), message["params"]!.AsObject());
        }
        else if (calls.TryGetValue(id, out var call))
        {
            if (message["error"] is { } error)
            {
                call.TrySetException(new InvalidOperationException($"Chromium: {error["message"]}"));
            }
            else
            {
                call.TrySetResult(message["result"]!.AsObject());
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        await reading;
        socket.Dispose();
        closing.Dispose();
        sending.Dispose();
    }
}
