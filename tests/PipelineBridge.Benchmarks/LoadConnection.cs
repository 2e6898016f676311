using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PipelineBridge.Benchmarks;

/// <summary>A keep-alive connection with one request on its way at a time; opened again where the server closes it after an answer.</summary>
sealed class LoadConnection(int port) : IDisposable
{
    readonly byte[] answer = new byte[16 * 1024];
    Socket? socket;

    /// <summary>Sends a request and gives the body of its answer, which stands until the next.</summary>
    /// <exception cref="InvalidOperationException">The answer is not the good one.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> Send(Call call, CancellationToken cancellation)
    {
        if (socket is null)
        {
            socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellation);
        }
        await socket.SendAsync(call.Next(), cancellation);
        int have = 0, head = 0, whole = int.MaxValue;
        while (have < whole)
        {
            var n = await socket.ReceiveAsync(answer.AsMemory(have), cancellation);
            if (n == 0)
            {
                throw new InvalidOperationException("The server closed the connection.");
            }
            have += n;
            if (whole == int.MaxValue && answer.AsSpan(0, have).IndexOf("\r\n\r\n"u8) is >= 0 and var end)
            {
                head = end + 4;
                whole = head + Length(answer.AsSpan(0, head));
            }
        }
        if (!answer.AsSpan(0, have).StartsWith(call.Good.Span) || !answer.AsSpan(0, have).EndsWith(call.GoodEnd.Span))
        {
            throw new InvalidOperationException($"An answer is not the good one: {Encoding.UTF8.GetString(answer, 0, have)}");
        }
        if (answer.AsSpan(0, head).IndexOf("connection: close\r\n"u8) >= 0)
        {
            Dispose();
        }
        return answer.AsMemory(head, have - head);
    }

    public void Dispose()
    {
        socket?.Dispose();
        socket = null;
    }

    static int Length(ReadOnlySpan<byte> head)
    {
        // The names of fields have no case (RFC 9110, 5.1); these are the two ways that the servers here write this one.
        var at = Math.Max(head.IndexOf("Content-Length: "u8), head.IndexOf("content-length: "u8));
        return at >= 0 && Utf8Parser.TryParse(head[(at + "Content-Length: ".Length)..], out int length, out _)
            ? length
            : throw new InvalidOperationException($"An answer has no Content-Length: {Encoding.UTF8.GetString(head)}");
    }
}
