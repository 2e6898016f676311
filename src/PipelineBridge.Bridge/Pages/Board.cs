using PipelineBridge.Bridge.DeadLetters;
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

    /// <summary>The newest deliveries that came to their end, newest first.</summary>
    public IReadOnlyList<RequestDocument> Recent { get; init; } = [];

    /// <summary>The open dead letters, newest first.</summary>
    public IReadOnlyList<DeadLetter> DeadLetters { get; init; } = [];

    /// <summary>The troubles of running services that are open, newest first.</summary>
    public IReadOnlyList<OpenIncident> Incidents { get; init; } = [];

    /// <summary>The targets that do not take what they are told.</summary>
    public IReadOnlyList<RefusingTarget> Targets { get; init; } = [];

    /// <summary>After how long a request that its stage has should have come to its end.</summary>
    public TimeSpan Bound { get; init; } = TimeSpan.FromHours(1);

    /// <summary>After how long one that waits, and is not held, should have.</summary>
    public TimeSpan WaitingBound { get; init; } = TimeSpan.FromHours(2);

    /// <summary>When it was read.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>The requests that should have come to their end by now: something does not do its work.</summary>
    public IEnumerable<RequestDocument> Overdue => Open.Where(d => d.ReleasedAt is { } released
        ? Now - released > Bound
        : Now - d.AskedAt > WaitingBound && !Services.Any(s => s.Hold is not null && s.App == d.App && s.Environment == d.Environment));

    /// <summary>Whether something is in trouble.</summary>
    public bool HasTrouble => DeadLetters.Count > 0 || Incidents.Count > 0 || Targets.Count > 0 || Overdue.Any();

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
            Open = [.. Open.Where(Fits)],
            Recent = [.. Recent.Where(Fits)],
        };
        bool Fits(RequestDocument d) =>
            (zone.Length == 0 || (d.Environment is { } e && names.Contains(e))) && Has(words, [d.App, d.Environment, d.Image, d.State, d.Kind, d.Id]);
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

/// <summary>A target that does not take what it is told.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Cause">Why, in one sentence.</param>
/// <param name="Since">Since when messages were lost; null: none is, they wait.</param>
/// <param name="Lost">How many were.</param>
/// <param name="Waiting">How many wait for it.</param>
sealed record RefusingTarget(string Name, string? Cause, DateTimeOffset? Since, int Lost, long Waiting);
