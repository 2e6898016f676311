using System.Text.RegularExpressions;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Asks;

/// <summary>The build that a write came from, as a caller gives it.</summary>
public sealed record BuildField(string? Url = null, int? Number = null, string? Job = null);

/// <summary>What every write may carry.</summary>
public interface IAskFields
{
    /// <summary>The chain that it belongs to, as an earlier receipt gave it.</summary>
    string? ChainId { get; }

    /// <summary>The build that it came from.</summary>
    BuildField? Build { get; }

    /// <summary>The person who asks, as the caller claims.</summary>
    string? By { get; }
}

/// <summary>Collects what is wrong with a write, so that all of it is told at once.</summary>
sealed partial class FieldChecks(Caller caller)
{
    readonly List<FieldMistake> mistakes = [];

    public void Add(string field, string? value, string message) => mistakes.Add(new FieldMistake(field, value, message));

    public void Add(FieldMistake mistake) => mistakes.Add(mistake);

    public void Throw()
    {
        if (mistakes.Count > 0)
        {
            throw RefusedException.Fields([.. mistakes]);
        }
    }

    public bool Any => mistakes.Count > 0;

    /// <summary>A name of an app or an environment.</summary>
    public void Name(string field, string? value)
    {
        if (value is null)
        {
            Add(field, null, "it is missing.");
        }
        else if (!NamePattern().IsMatch(value))
        {
            Add(field, Shown(value), "it must be 1 to 63 lower-case letters, digits and dashes.");
        }
    }

    public void App(string? app, BridgeOptions options)
    {
        Name("app", app);
        if (app is not null && options.Apps is { } apps && !apps.ContainsKey(app))
        {
            Add("app", Shown(app), $"it is not known. {Known(apps.Keys.Where(caller.MayTouch), apps.Count == 0 ? "This bridge has none." : "This key may touch none.")}");
        }
    }

    public EnvironmentOptions? Environment(string? environment, string? app, BridgeOptions options)
    {
        Name("environment", environment);
        if (environment is null)
        {
            return null;
        }
        if (!options.Environments.TryGetValue(environment, out var known))
        {
            Add("environment", Shown(environment), $"it is not known. {Known(options.Environments.Keys)}");
            return null;
        }
        if (app is not null && options.Apps is { } apps && apps.TryGetValue(app, out var a) && a.Environments is { } allowed && !allowed.Contains(environment))
        {
            Add("environment", environment, $"{app} may be deployed to {Some(allowed)} only.");
        }
        return known;
    }

    /// <summary>An image by name; with or without tag and digest.</summary>
    public ImageReference? Image(string field, string? value, string? app = null, BridgeOptions? options = null)
    {
        if (value is null)
        {
            Add(field, null, "it is missing.");
            return null;
        }
        if (!ImageReference.TryParse(value, out var image, out var wrong))
        {
            Add(field, Shown(value), wrong!);
        }
        else if (app is not null && options?.Apps is { } apps && apps.TryGetValue(app, out var known) && known.Repository is { } repository && image!.Name != repository)
        {
            Add(field, value, $"the images of {app} are in {repository}, by apps.{app}.repository.");
        }
        return image;
    }

    public void Tags(string field, IReadOnlyList<string>? tags)
    {
        for (var i = 0; i < (tags?.Count ?? 0); i++)
        {
            if (tags![i] is null || !ImageReference.IsTag(tags[i]))
            {
                Add($"{field}[{i}]", Shown(tags[i] ?? ""), "it is no tag: up to 128 letters, digits, _ . and -, and the first is none of the last two.");
            }
        }
    }

    public void Common(IAskFields ask)
    {
        if (ask.ChainId is { } chain && !EventId.TryParse(chain, out _))
        {
            Add("chainId", Shown(chain), "it must be the chainId of an earlier receipt, 26 characters.");
        }
        Text("by", ask.By, 256);
        Text("build.job", ask.Build?.Job, 512);
        if (ask.Build?.Url is { } url && !Uri.TryCreate(url, UriKind.Absolute, out _))
        {
            Add("build.url", Shown(url), "it is no URL, e.g. https://jenkins.internal/job/portal/412/.");
        }
    }

    public void Text(string field, string? value, int longest)
    {
        if (value is { } text && (text.Length == 0 || text.Length > longest))
        {
            Add(field, Shown(text), $"it must have 1 to {longest} characters.");
        }
    }

    /// <summary>Which ones there are, as a sentence.</summary>
    public static string Known(IEnumerable<string> names, string none = "This bridge has none.") => names.ToList() is { Count: > 0 } some ? $"Known are {Some(some)}." : none;

    public static string Some(IEnumerable<string> names)
    {
        var all = names.Order(StringComparer.Ordinal).ToList();
        return all.Count == 0 ? "none" : all.Count <= 8 ? string.Join(", ", all) : string.Join(", ", all.Take(8)) + $" and {all.Count - 8} more";
    }

    static string Shown(string value) => value.Length <= 200 ? value : value[..200] + "…";

    [GeneratedRegex(@"\A[a-z0-9-]{1,63}\z")]
    private static partial Regex NamePattern();
}
