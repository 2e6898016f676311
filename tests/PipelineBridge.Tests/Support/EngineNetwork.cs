using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography;

namespace PipelineBridge.Tests.Support;

/// <summary>A network of machines of their own, as namespaces on a bridge, for one test: this machine is in it as .1.</summary>
sealed class EngineNetwork : IAsyncDisposable
{
    readonly string bridge = "pn" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5));
    readonly string network = Free();
    readonly List<string> nodes = [];

    EngineNetwork()
    {
    }

    /// <summary>Where this machine is reached in it.</summary>
    public IPAddress Here => IPAddress.Parse($"{network}.1");

    public string Subnet => $"{network}.0/24";

    public static async Task<EngineNetwork> Make()
    {
        DockerEngine.SkipWhereMissing();
        var made = new EngineNetwork();
        await DockerEngine.Run("/sbin/ip", "link", "add", "name", made.bridge, "type", "bridge");
        await DockerEngine.Run("/sbin/ip", "address", "add", $"{made.Here}/24", "dev", made.bridge);
        await DockerEngine.Run("/sbin/ip", "link", "set", made.bridge, "up");
        return made;
    }

    /// <summary>Where a node is reached, from 1.</summary>
    public string AddressOf(int node) => $"{network}.{node + 1}";

    /// <summary>One more node; returns the name of its namespace.</summary>
    public async Task<string> Join()
    {
        var name = $"{bridge}-{nodes.Count + 1}";
        nodes.Add(name);
        var (outer, inner) = ($"{bridge[..^2]}{nodes.Count}o", $"{bridge[..^2]}{nodes.Count}i");
        await DockerEngine.Run("/sbin/ip", "netns", "add", name);
        await DockerEngine.Run("/sbin/ip", "link", "add", outer, "type", "veth", "peer", "name", inner);
        await DockerEngine.Run("/sbin/ip", "link", "set", outer, "master", bridge, "up");
        await DockerEngine.Run("/sbin/ip", "link", "set", inner, "netns", name);
        await DockerEngine.Run("/sbin/ip", "-n", name, "address", "add", $"{AddressOf(nodes.Count)}/24", "dev", inner);
        await DockerEngine.Run("/sbin/ip", "-n", name, "link", "set", inner, "up");
        await DockerEngine.Run("/sbin/ip", "-n", name, "link", "set", "lo", "up");
        return name;
    }

    /// <summary>The beginning of a network (three numbers) that this machine is in nowhere.</summary>
    public static string Free()
    {
        var taken = NetworkInterface.GetAllNetworkInterfaces().SelectMany(i => i.GetIPProperties().UnicastAddresses).Select(a => string.Join('.', $"{a.Address}".Split('.').Take(3))).ToHashSet();
        return Enumerable.Range(0, 50).Select(_ => $"10.{RandomNumberGenerator.GetInt32(64, 250)}.{RandomNumberGenerator.GetInt32(1, 250)}").First(n => !taken.Contains(n));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes)
        {
            await DockerEngine.Run("/sbin/ip", "netns", "delete", node);
        }
        await DockerEngine.Run("/sbin/ip", "link", "delete", bridge);
    }
}
