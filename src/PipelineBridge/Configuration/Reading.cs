namespace PipelineBridge.Configuration;

/// <summary>What all parts of the configuration share while it is read.</summary>
/// <param name="directory">Relative paths begin there.</param>
/// <param name="environment">The environment variables.</param>
sealed class Reading(string directory, IReadOnlyDictionary<string, string> environment)
{
    Secrets? secrets;

    public Findings Findings { get; } = new();

    public Variables Variables { get; } = new(environment);

    public Secrets Secrets => secrets ??= new Secrets(this);

    /// <summary>The patterns of all keys that were asked for.</summary>
    public HashSet<string> Known { get; } = [];

    /// <summary>The files of apps' specifications that could be read, by app.</summary>
    public Dictionary<string, Given> Specifications { get; } = [];

    /// <summary>A path as a whole one.</summary>
    public string Path(string path) => System.IO.Path.GetFullPath(path, directory);
}
