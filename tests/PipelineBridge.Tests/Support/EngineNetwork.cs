using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace PipelineBridge.Tests.Support;

/// <summary>A network of machines of their own, as namespaces on a bridge, for one test: this machine is in it as .1.</summary>
sealed class EngineNetwork : IAsyncDisposable
{
    const string Firewall = "/usr/sbin/iptables";

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
        await made.Passes("-I");
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

    /// <summary>Makes one Swarm of the engines of its first two nodes: the first is the manager.</summary>
    public async Task MakeSwarm(DockerEngine manager, DockerEngine worker)
    {
        await manager.Call(HttpMethod.Post, "swarm/init", new JsonObject { ["ListenAddr"] = $"{AddressOf(1)}:2377", ["AdvertiseAddr"] = AddressOf(1) });
        var join = new JsonObject
        {
            ["ListenAddr"] = $"{AddressOf(2)}:2377", ["AdvertiseAddr"] = AddressOf(2), ["RemoteAddrs"] = new JsonArray($"{AddressOf(1)}:2377"),
            ["JoinToken"] = (string)(await manager.Call(HttpMethod.Get, "swarm"))!["JoinTokens"]!["Worker"]!,
        };
        // On a busy machine it says after 20 s that it goes on joining in the background.
        await worker.Send(HttpMethod.Post, "swarm/join", join);
        var until = DateTime.UtcNow.AddMinutes(2);
        while ((await manager.Call(HttpMethod.Get, "nodes"))!.AsArray().Count(n => (string?)n!["Status"]!["State"] == "ready") < 2)
        {
            DateTime.UtcNow.Should().BeBefore(until, "the second node is to join the Swarm\n{0}", worker.Log);
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
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
        await Passes("-D");
        await DockerEngine.Run("/sbin/ip", "link", "delete", bridge);
    }

    /// <summary>A Docker engine that this machine runs for itself has bridged packets pass its firewall, and drops those that it does not know.</summary>
    async Task Passes(string change)
    {
        if (File.Exists(Firewall))
        {
            await DockerEngine.Run(Firewall, "-w", change, "FORWARD", "-i", bridge, "-o", bridge, "-j", "ACCEPT");
        }
    }
}
