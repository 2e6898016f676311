using PipelineBridge.Registry.Engine;

namespace PipelineBridge.Registry;

/// <summary>A registry that the configuration knows; one that it does not know is asked over https (over http on loopback), without credentials.</summary>
/// <param name="Name">Its name as it stands in an image's name, host or host:port.</param>
/// <param name="Url">The root of its API, without <c>/v2/</c>.</param>
/// <param name="Username">Who signs in; null for nobody.</param>
/// <param name="Password">Reads the password when it is needed, so that no object carries it.</param>
public sealed record RegistryOptions(string Name, Uri Url, string? Username = null, Func<string?>? Password = null);

/// <summary>What the registry stage is configured with.</summary>
public sealed record RegistryStageOptions
{
    /// <summary>The registries that are known, each once.</summary>
    public IReadOnlyList<RegistryOptions> Registries { get; init; } = [];

    /// <summary>The directories below which OCI layouts are read, by the names that a push says.</summary>
    public IReadOnlyDictionary<string, string> Roots { get; init; } = new Dictionary<string, string>();

    /// <summary>The engines that images are pushed from.</summary>
    public IReadOnlyList<EngineOptions> Engines { get; init; } = [];
}
