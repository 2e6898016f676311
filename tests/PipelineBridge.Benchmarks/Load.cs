using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PipelineBridge.Benchmarks;

/// <summary>A closed loop: each connection has one request on its way, and sends the next when the answer is there.</summary>
static class Load
{
    /// <summary>Loads a server for a while, and gives how long each answer took, in ticks of <see cref="Stopwatch"/>.</summary>
    /// <exception cref="InvalidOperationException">An answer was not 202.</exception>
    public static async Task<Sample> Run(int port, int connections, Func<Call> call, TimeSpan during, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        var end = start + (long)(during.TotalSeconds * Stopwatch.Frequency);
        var loops = Enumerable.Range(0, connections).Select(_ => Task.Run(() => Connection(port, call(), end, cancellation), cancellation)).ToList();
        var ticks = (await Task.WhenAll(loops)).SelectMany(t => t).ToArray();
        return new Sample(ticks, Stopwatch.GetElapsedTime(start));
    }

    static async Task<List<long>> Connection(int port, Call call, long end, CancellationToken cancellation)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellation);
        var answer = new byte[16 * 1024];
        var ticks = new List<long>(64 * 1024);
        while (true)
        {
            var sent = Stopwatch.GetTimestamp();
            if (sent >= end)
            {
                return ticks;
            }
            await socket.SendAsync(call.Next(), cancellation);
            await Receive(socket, answer, cancellation);
            ticks.Add(Stopwatch.GetTimestamp() - sent);
        }
    }

    static async Task Receive(Socket socket, byte[] answer, CancellationToken cancellation)
    {
        int have = 0, whole = int.MaxValue;
        while (have < whole)
        {
            var n = await socket.ReceiveAsync(answer.AsMemory(have), cancellation);
            if (n == 0)
            {
                throw new InvalidOperationException("The server closed the connection.");
            }
            have += n;
            if (whole == int.MaxValue && answer.AsSpan(0, have).IndexOf("\r\n\r\n"u8) is >= 0 and var head)
            {
                whole = head + 4 + Length(answer.AsSpan(0, head));
            }
        }
        if (!answer.AsSpan(0, have).StartsWith("HTTP/1.1 202 "u8))
        {
            throw new InvalidOperationException($"An answer is not 202: {Encoding.UTF8.GetString(answer, 0, have)}");
        }
    }

    static int Length(ReadOnlySpan<byte> head)
    {
        var at = head.IndexOf("Content-Length: "u8);
        return at >= 0 && Utf8Parser.TryParse(head[(at + "Content-Length: ".Length)..], out int length, out _)
            ? length
            : throw new InvalidOperationException("An answer has no Content-Length.");
    }
}
