namespace PipelineBridge.Registry.Oci;

/// <summary>What a token must allow, as the token flow writes it: <c>repository:portal:pull,push</c>.</summary>
static class Scope
{
    public static string Pull(string repository) => $"repository:{repository}:pull";

    public static string PullAndPush(string repository) => $"repository:{repository}:pull,push";

    public static string PullAndDelete(string repository) => $"repository:{repository}:pull,delete";

    /// <summary>The scopes together, actions joined by resource, in one order, so that the same need finds the same token.</summary>
    public static IReadOnlyList<string> Union(IEnumerable<string> scopes)
    {
        var actions = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        foreach (var scope in scopes)
        {
            // The resource may hold a colon itself (a host with a port); the actions are behind the last.
            var last = scope.LastIndexOf(':');
            if (last < 0)
            {
                continue;
            }
            if (!actions.TryGetValue(scope[..last], out var known))
            {
                actions[scope[..last]] = known = new SortedSet<string>(StringComparer.Ordinal);
            }
            known.UnionWith(scope[(last + 1)..].Split(',', StringSplitOptions.RemoveEmptyEntries));
        }
        return [.. actions.Select(a => $"{a.Key}:{string.Join(',', a.Value)}")];
    }
}
