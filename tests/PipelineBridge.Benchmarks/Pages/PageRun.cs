using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PipelineBridge.Benchmarks.Pages;

/// <summary>How long the first byte of the first page takes over a short and a long journal, beside an answer of the same size that nothing is read for.</summary>
static class PageRun
{
    const int Rounds = 3;
    const int WarmUp = 300;
    const int Samples = 300;

    public static async Task<int> Run(int events, CancellationToken cancellation)
    {
        Console.WriteLine(Setting.Machine(Path.GetTempPath()));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"60 apps in 6 environments; {Rounds} rounds of {Samples} answers each by turns on one connection, after {WarmUp}"));
        await using var few = ServedProcess.Start("page", "1000");
        await using var many = ServedProcess.Start("page", events.ToString(CultureInfo.InvariantCulture));
        var cases = new List<Case>();
        foreach (var (side, count) in new[] { (few, 1000), (many, events) })
        {
            var port = await side.Fresh(cancellation);
            var (_, _, size) = await Get(port, "/", cancellation);
            cases.Add(new Case(side, port, "/", $"`/`, {count} events"));
            cases.Add(new Case(side, port, $"{PageSide.BytesPath}?n={size}", $"so many bytes, {count} events"));
            cases.Add(new Case(side, port, "/health/live", $"`/health/live`, {count} events"));
        }
        foreach (var c in cases)
        {
            await Measure(c, WarmUp, cancellation);
        }
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var c in cases)
            {
                c.Rounds.Add(await Measure(c, Samples, cancellation));
            }
        }
        Console.WriteLine("""

            | | bytes | first byte p50, p99 ms | whole p50, p99 ms | CPU ms | first byte p50 by rounds |
            |---|---|---|---|---|---|
            """);
        foreach (var c in cases)
        {
            Console.WriteLine(c.Row());
        }
        Console.WriteLine();
        Console.WriteLine(Setting.Machine(Path.GetTempPath()));
        return 0;
    }

    static async Task<Round> Measure(Case c, int samples, CancellationToken cancellation)
    {
        var (first, whole) = (new long[samples], new long[samples]);
        using var socket = await Connect(c.Port, cancellation);
        var before = c.Side.Processor();
        for (var n = 0; n < samples; n++)
        {
            (first[n], whole[n], c.Bytes) = await Get(socket, c.Path, cancellation);
        }
        return new Round(new Sample(first, TimeSpan.Zero) { Processor = c.Side.Processor() - before }, new Sample(whole, TimeSpan.Zero));
    }

    static async Task<(long First, long Whole, int Bytes)> Get(int port, string path, CancellationToken cancellation)
    {
        using var socket = await Connect(port, cancellation);
        return await Get(socket, path, cancellation);
    }

    static async Task<Socket> Connect(int port, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellation);
        return socket;
    }

    static readonly byte[] Buffer = new byte[1 << 20];

    static async Task<(long First, long Whole, int Bytes)> Get(Socket socket, string path, CancellationToken cancellation)
    {
        var request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\nAuthorization: Bearer {Setting.Key}\r\n\r\n");
        var sent = Stopwatch.GetTimestamp();
        await socket.SendAsync(request, cancellation);
        var (first, have, whole, head) = (0L, 0, int.MaxValue, 0);
        while (have < whole)
        {
            var n = await socket.ReceiveAsync(Buffer.AsMemory(have), cancellation);
            first = first == 0 ? Stopwatch.GetTimestamp() - sent : first;
            have += n > 0 ? n : throw new InvalidOperationException("The server closed the connection.");
            if (whole == int.MaxValue && Buffer.AsSpan(0, have).IndexOf("\r\n\r\n"u8) is >= 0 and var end)
            {
                head = end + 4;
                var text = Encoding.ASCII.GetString(Buffer, 0, head);
                var at = text.IndexOf("Content-Length: ", StringComparison.Ordinal);
                if (!text.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal) || at < 0)
                {
                    throw new InvalidOperationException($"An answer is not the good one: {text}");
                }
                whole = head + int.Parse(text.AsSpan(at + 16, text.IndexOf('\r', at) - at - 16), CultureInfo.InvariantCulture);
            }
        }
        return (first, Stopwatch.GetTimestamp() - sent, have - head);
    }

    sealed record Round(Sample First, Sample Whole);

    sealed record Case(ServedProcess Side, int Port, string Path, string Name)
    {
        public List<Round> Rounds { get; } = [];

        public int Bytes { get; set; }

        public string Row()
        {
            var (first, whole) = (Sample.All([.. Rounds.Select(r => r.First)]), Sample.All([.. Rounds.Select(r => r.Whole)]));
            var byRounds = string.Join(" ", Rounds.Select(r => Sample.All([r.First]).Milliseconds(0.5).ToString("0.00", CultureInfo.InvariantCulture)));
            return string.Create(CultureInfo.InvariantCulture,
                $"| {Name} | {Bytes} | {first.Milliseconds(0.5):0.00}, {first.Milliseconds(0.99):0.0} | {whole.Milliseconds(0.5):0.00}, {whole.Milliseconds(0.99):0.0} | {first.ProcessorMicroseconds / 1000:0.00} | {byRounds} |");
        }
    }
}
