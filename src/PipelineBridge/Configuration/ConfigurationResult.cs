using PipelineBridge.Messaging.Broker;

namespace PipelineBridge.Configuration;

/// <summary>What came of reading the configuration: the configuration, or all its mistakes at once; and warnings.</summary>
/// <param name="Source">What was read, for people: the file's name, or that there is none.</param>
/// <param name="Configuration">The configuration; null when there are mistakes.</param>
/// <param name="Mistakes">What keeps the bridge from starting, in the order of lines.</param>
/// <param name="Warnings">What is told and does not keep it.</param>
/// <param name="KnownKeys">Every key that could be written, as a pattern such as <c>environments.&lt;name&gt;.zone</c>.</param>
public sealed record ConfigurationResult(
    string Source,
    BridgeConfiguration? Configuration,
    IReadOnlyList<ConfigurationFinding> Mistakes,
    IReadOnlyList<ConfigurationFinding> Warnings,
    IReadOnlyCollection<string> KnownKeys)
{
    /// <summary>How the broker is reached, whatever is wrong elsewhere; null when nothing says it, or wrongly.</summary>
    public BrokerOptions? Broker { get; init; }
}

/// <summary>A mistake or a warning, and where it stands.</summary>
/// <param name="Place">Where.</param>
/// <param name="Message">What it is and what would be right; it never shows a secret.</param>
public sealed record ConfigurationFinding(ConfigurationPlace Place, string Message);

/// <summary>A place in the configuration.</summary>
/// <param name="Path">The key with those above it, such as <c>clusters.main.marathon.url</c>; empty for the whole.</param>
/// <param name="Line">The line in the file, from 1; null when it does not stand in the file.</param>
/// <param name="Variable">The environment variable that gave it; null when it stands in the file.</param>
public sealed record ConfigurationPlace(string Path, int? Line, string? Variable = null);
