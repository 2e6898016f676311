using System.Text.RegularExpressions;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>The path of an app or a group, such as <c>/prod/portal</c>.</summary>
static partial class AppId
{
    static readonly string[] Reserved = ["restart", "tasks", "versions"];

    /// <summary>The absolute path of an id, read below a group; <c>..</c> goes up.</summary>
    public static string Absolute(string id, string below = "/")
    {
        var segments = new List<string>(id.StartsWith('/') ? [] : Segments(below));
        foreach (var segment in Segments(id))
        {
            if (segment == ".." && segments.Count > 0)
            {
                segments.RemoveAt(segments.Count - 1);
            }
            else if (segment is not ("." or ".."))
            {
                segments.Add(segment);
            }
        }

        return "/" + string.Join('/', segments);
    }

    public static bool IsBelow(string id, string group) =>
        group == "/" || id.StartsWith(group + "/", StringComparison.Ordinal);

    public static string Parent(string id) => id.LastIndexOf('/') is > 0 and var slash ? id[..slash] : "/";

    /// <summary>The id as it begins an instance's id.</summary>
    public static string InTaskId(string id) => id.Trim('/').Replace('/', '_');

    public static void Check(string id)
    {
        var segments = Segments(id);
        if (segments.Length == 0 || !segments.All(segment => Segment().IsMatch(segment)))
        {
            throw MarathonError.Invalid("/id",
                "must fully match regular expression '^(([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])\\.)*"
                + "([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])|(\\.|\\.\\.)$'");
        }

        if (Reserved.Contains(segments[^1]))
        {
            throw MarathonError.Invalid("/id", $"must not end with any of the following reserved keywords: {string.Join(", ", Reserved)}, ., ..");
        }
    }

    static string[] Segments(string id) => id.Split('/', StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex(@"^(([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])\.)*([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])\z")]
    private static partial Regex Segment();
}
