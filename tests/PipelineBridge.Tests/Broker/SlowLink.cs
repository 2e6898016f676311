using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace PipelineBridge.Tests.Broker;

/// <summary>Passes bytes on to a port of this machine, each some time after it came, as a long way between would.</summary>
sealed class SlowLink : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource stop = new();
    readonly int target;
    readonly TimeSpan oneWay;
    readonly int answers;
    readonly Task accepting;

    /// <param name="target">The port.</param>
    /// <param name="oneWay">How long a byte is on its way.</param>
    /// <param name="answers">After how many answers of the server's a connection is cut; none by default.</param>
    public SlowLink(int target, TimeSpan oneWay, int answers = int.MaxValue)
    {
        (this.target, this.oneWay, this.answers) = (target, oneWay, answers);
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = Accept();
    }

    public int Port { get; }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await accepting;
        stop.Dispose();
    }

    async Task Accept()
    {
        try
        {
            while (true)
            {
                _ = Pass(await listener.AcceptTcpClientAsync(stop.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
        }
    }

    async Task Pass(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient { NoDelay = true })
        {
            try
            {
                client.NoDelay = true;
                await server.ConnectAsync(IPAddress.Loopback, target, stop.Token);
                await Task.WhenAny(Pass(client.GetStream(), server.GetStream(), int.MaxValue), Pass(server.GetStream(), client.GetStream(), answers));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
            }
        }
    }

    async Task Pass(NetworkStream from, NetworkStream to, int most)
    {
        var way = Channel.CreateUnbounded<(byte[] Bytes, DateTime Arrives)>();
        var arriving = Arrive();
        try
        {
            var buffer = new byte[64 * 1024];
            for (var reads = 0; reads < most && await from.ReadAsync(buffer, stop.Token) is var read and > 0; reads++)
            {
                way.Writer.TryWrite((buffer[..read], DateTime.UtcNow + oneWay));
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
        }
        way.Writer.TryComplete();
        await arriving;

        async Task Arrive()
        {
            try
            {
                await foreach (var (bytes, arrives) in way.Reader.ReadAllAsync(stop.Token))
                {
                    if (arrives - DateTime.UtcNow is var left && left > TimeSpan.Zero)
                    {
                        await Task.Delay(left, stop.Token);
                    }
                    await to.WriteAsync(bytes, stop.Token);
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
            {
            }
        }
    }
}
