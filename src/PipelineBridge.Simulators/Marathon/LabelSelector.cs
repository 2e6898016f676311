using System.Text.RegularExpressions;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>The label query of the list of apps: <c>a==b</c>, <c>a!=b</c>, <c>a in (b,c)</c>, <c>a notin (b,c)</c>, <c>a</c>, joined by commas.</summary>
static partial class LabelSelector
{
    public static bool Matches(AppDefinition app, string? selector) =>
        selector is null || Parts().Matches(selector).All(part => Holds(app, part.Value.Trim()));

    static bool Holds(AppDefinition app, string part)
    {
        if (Shape().Match(part) is not { Success: true } match)
        {
            throw MarathonError.Plain(422, $"Can not parse label selector {part}");
        }

        var value = app.Body["labels"]?[match.Groups["key"].Value]?.GetValue<string>();
        var wanted = match.Groups["value"].Value.Split(',').Select(one => one.Trim()).ToList();
        return match.Groups["op"].Value switch
        {
            "==" or "in" => value is not null && wanted.Contains(value),
            "!=" or "notin" => value is not null && !wanted.Contains(value),
            _ => value is not null,
        };
    }

    [GeneratedRegex(@"[^,(]+(\([^)]*\))?")]
    private static partial Regex Parts();

    [GeneratedRegex(@"^(?<key>[^\s=!]+)\s*((?<op>==|!=|in|notin)\s*\(?(?<value>[^)]*)\)?)?\z")]
    private static partial Regex Shape();
}
