using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace PipelineBridge.Tests.Support;

/// <summary>A port for a program that is started later, perhaps minutes later, or again and again.</summary>
static class FreePort
{
    // Below those that the system gives to whoever asks for any (net.ipv4.ip_local_port_range): none is lost meanwhile.
    const int Lowest = 10_000;
    const int Highest = 32_000;

    static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <summary>One that nobody listens on and that was not given before.</summary>
    public static int Take()
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(Lowest, Highest);
            if (Given.TryAdd(port, true) && IsFree(port))
            {
                return port;
            }
        }
    }

    static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Any, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
