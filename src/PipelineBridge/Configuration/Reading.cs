namespace PipelineBridge.Configuration;

/// <summary>What all parts of the configuration share while it is read.</summary>
/// <param name="directory">Relative paths begin there.</param>
/// <param name="environment">The environment variables.</param>
/// <param name="needed">The parts of the configuration whose secrets this process uses; null: all of them.</param>
sealed class Reading(string directory, IReadOnlyDictionary<string, string> environment, IReadOnlyCollection<string>? needed = null)
{
    Secrets? secrets;

    public Findings Findings { get; } = new();

    public Variables Variables { get; } = new(environment);

    public Secrets Secrets => secrets ??= new Secrets(this);

    /// <summary>The patterns of all keys that were asked for.</summary>
    public HashSet<string> Known { get; } = [];

    /// <summary>The files of apps' specifications that could be read, by app.</summary>
    public Dictionary<string, Given> Specifications { get; } = [];

    /// <summary>Whether this process uses what the key at a place names: another's secret or directory may lie where it cannot be seen from here.</summary>
    public bool Uses(ConfigurationPlace place) => needed is null || needed.Any(part => place.Path == part || place.Path.StartsWith(part + ".", StringComparison.Ordinal));

    /// <summary>A path as a whole one.</summary>
    public string Path(string path) => System.IO.Path.GetFullPath(path, directory);
}
