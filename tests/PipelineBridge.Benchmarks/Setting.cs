using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using PipelineBridge.Bridge;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;

namespace PipelineBridge.Benchmarks;

/// <summary>What both sides are given alike.</summary>
static class Setting
{
    public const string Key = "key-of-the-benchmark";

    public static BridgeOptions Options { get; } = new()
    {
        Url = "https://bridge.internal",
        Environments = new Dictionary<string, EnvironmentOptions>
        {
            ["prod"] = new() { Zone = "internal", Cluster = "main", ClusterKind = "marathon" },
        },
        Keys = [new KeyOptions("benchmark", [Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Key)))], ["*"], ["*"])],
    };

    /// <summary>What stands on the broker.</summary>
    public static Topology Topology { get; } = new(["main"], []);

    /// <summary>Where the machine is and how busy, for whoever reads the figures later.</summary>
    public static string Machine(string directory)
    {
        var load = File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";
        var disk = new DriveInfo(directory).DriveFormat;
        return string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.UtcNow:yyyy-MM-dd HH:mm} UTC, {Environment.ProcessorCount} cores, load {load}, journal on {disk}");
    }
}

/// <summary>Reads a specification as any check must; it finds nothing wrong.</summary>
sealed class ReadingCheck : ISpecificationCheck
{
    public string Format => "marathon";

    public IReadOnlyList<SpecificationFinding> Check(SpecificationToCheck specification)
    {
        using var document = JsonDocument.Parse(specification.Content);
        return document.RootElement.GetProperty("id").GetString() is { Length: > 0 } ? [] : [new SpecificationFinding(true, "spec.id", null, "it is missing.")];
    }
}
