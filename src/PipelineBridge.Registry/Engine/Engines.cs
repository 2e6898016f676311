using PipelineBridge.Events;

namespace PipelineBridge.Registry.Engine;

/// <summary>The engines of the configuration, for pushes.</summary>
sealed class Engines(IReadOnlyList<EngineOptions> engines, TimeProvider clock)
{
    /// <summary>Opens the engine of a name, for one push.</summary>
    public DockerEngine Open(string? name) => engines.FirstOrDefault(e => e.Name == name) is { } options
        ? new DockerEngine(options, clock)
        : throw new RegistryFailure(FailureCategory.Configuration, $"The registry stage knows no engine {name}; known: {(engines.Count == 0 ? "none" : string.Join(", ", engines.Select(e => e.Name).Order(StringComparer.Ordinal)))}.") { NothingMade = true };
}
