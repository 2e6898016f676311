using PipelineBridge.Bridge.Deliveries;

namespace PipelineBridge.Bridge.Pages;

/// <summary>What the first page shows: only what its reader may see.</summary>
sealed record Board
{
    /// <summary>The environments in the order of the columns, each with its zone where that is known.</summary>
    public required IReadOnlyList<BoardEnvironment> Environments { get; init; }

    /// <summary>The cells.</summary>
    public required IReadOnlyList<ServiceDocument> Services { get; init; }

    /// <summary>The requests without an end.</summary>
    public required IReadOnlyList<RequestDocument> Open { get; init; }

    /// <summary>Whether there are more of them than stand here.</summary>
    public bool MoreOpen { get; init; }

    /// <summary>The open dead letters, newest first.</summary>
    public IReadOnlyList<BoardTrouble> DeadLetters { get; init; } = [];

    /// <summary>When it was read.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Those columns, rows and requests that the filter leaves.</summary>
    /// <param name="text">Words that a row must have, in its app, environments, images or states; none: all.</param>
    /// <param name="zone">The zone of the environments; none: all.</param>
    public Board Filter(string text, string zone)
    {
        var environments = Environments.Where(e => zone.Length == 0 || e.Zone == zone).ToList();
        var names = environments.Select(e => e.Name).ToHashSet(StringComparer.Ordinal);
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var services = Services.Where(s => names.Contains(s.Environment)).ToList();
        var apps = services.GroupBy(s => s.App)
            .Where(row => Has(words, row.SelectMany(s => new[] { s.App, s.Environment, s.Image, s.State, s.Newer?.Image, s.Newer?.State })))
            .Select(row => row.Key).ToHashSet(StringComparer.Ordinal);
        return this with
        {
            Environments = environments,
            Services = [.. services.Where(s => apps.Contains(s.App))],
            Open = [.. Open.Where(d => (zone.Length == 0 || (d.Environment is { } e && names.Contains(e))) && Has(words, [d.App, d.Environment, d.Image, d.State, d.Kind, d.Id]))],
        };
    }

    static bool Has(string[] words, IEnumerable<string?> texts)
    {
        if (words.Length == 0)
        {
            return true;
        }
        var all = string.Join('\n', texts);
        return words.All(w => all.Contains(w, StringComparison.OrdinalIgnoreCase));
    }
}

/// <summary>A column of the first page.</summary>
sealed record BoardEnvironment(string Name, string? Zone);

/// <summary>A dead letter as the first page names it.</summary>
sealed record BoardTrouble(string App, string? Environment, string Queue, string? RequestId, DateTimeOffset At);
