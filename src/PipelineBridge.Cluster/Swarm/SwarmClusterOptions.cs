using PipelineBridge.Cluster.Engine;

namespace PipelineBridge.Cluster.Swarm;

/// <summary>A Swarm.</summary>
/// <param name="Name">The cluster's name in the configuration.</param>
/// <param name="Managers">The engines of its managers; one that answers is enough.</param>
/// <param name="Environments">The environments whose apps run here.</param>
public sealed record SwarmClusterOptions(string Name, IReadOnlyList<EngineHostOptions> Managers, IReadOnlyCollection<string> Environments)
{
    /// <summary>Who signs in at which registry when an image is pulled, by the registry's name in image names.</summary>
    public IReadOnlyDictionary<string, RegistryLogin> Logins { get; init; } = new Dictionary<string, RegistryLogin>();
}
