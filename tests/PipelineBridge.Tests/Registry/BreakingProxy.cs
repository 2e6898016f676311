using System.Net;
using System.Net.Sockets;

namespace PipelineBridge.Tests.Registry;

/// <summary>Passes bytes on to a server, breaks the first connection that brought so many, and is slow if told so.</summary>
sealed class BreakingProxy : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource stop = new();
    readonly Uri target;
    readonly long afterBytes;
    readonly int millisecondsPerMegabyte;
    readonly Task accepting;

    public BreakingProxy(Uri target, long afterBytes, int millisecondsPerMegabyte = 0)
    {
        this.target = target;
        this.afterBytes = afterBytes;
        this.millisecondsPerMegabyte = millisecondsPerMegabyte;
        listener.Start();
        Url = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        accepting = Accept();
    }

    public Uri Url { get; }

    public int Broken => broken;

    int broken;

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
        using (var server = new TcpClient())
        {
            try
            {
                await server.ConnectAsync(target.Host, target.Port, stop.Token);
                var back = server.GetStream().CopyToAsync(client.GetStream(), stop.Token);
                var buffer = new byte[64 * 1024];
                long passed = 0;
                while (await client.GetStream().ReadAsync(buffer, stop.Token) is var read and > 0)
                {
                    await server.GetStream().WriteAsync(buffer.AsMemory(0, read), stop.Token);
                    passed += read;
                    if (passed / 1_000_000 != (passed - read) / 1_000_000)
                    {
                        await Task.Delay(millisecondsPerMegabyte, stop.Token);
                    }
                    if (passed >= afterBytes && Interlocked.CompareExchange(ref broken, 1, 0) == 0)
                    {
                        return;
                    }
                }
                await back;
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or SocketException)
            {
            }
        }
    }
}
