using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Simulators.Registry;

/// <summary>One request, taken apart: on which repository, on what in it.</summary>
/// <param name="Context">The request and its answer.</param>
/// <param name="Kind">manifests, uploads, upload, blobs, tags, referrers, catalog or base.</param>
/// <param name="Name">The repository's name; empty for the catalog and the base.</param>
/// <param name="Reference">The tag, the digest or the upload's id.</param>
sealed partial record RegistryCall(HttpContext Context, string Kind, string Name, string Reference)
{
    public string Method => Context.Request.Method;

    public CancellationToken Cancellation => Context.RequestAborted;

    public bool ReferenceIsDigest => Reference.Contains(':');

    public string? Query(string key) => Context.Request.Query[key].FirstOrDefault() is { Length: > 0 } value ? value : null;

    /// <summary>The call behind a path of the API; null for a path that is none.</summary>
    public static RegistryCall? Of(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        if (path is "/v2/" or "/v2")
        {
            return new RegistryCall(context, "base", "", "");
        }

        if (path == "/v2/_catalog")
        {
            return new RegistryCall(context, "catalog", "", "");
        }

        foreach (var (kind, shape) in Shapes)
        {
            if (shape.Match(path) is { Success: true } match)
            {
                return new RegistryCall(context, kind, match.Groups["name"].Value, match.Groups["reference"].Value);
            }
        }

        return null;
    }

    public static bool IsName(string name) => name.Length <= 255 && NameShape().IsMatch(name);

    public static bool IsTag(string tag) => TagShape().IsMatch(tag);

    public static bool IsDigest(string digest) => DigestShape().IsMatch(digest);

    static readonly (string Kind, Regex Shape)[] Shapes =
    [
        ("manifests", ManifestPath()), ("uploads", UploadsPath()), ("upload", UploadPath()),
        ("blobs", BlobPath()), ("tags", TagsPath()), ("referrers", ReferrersPath()),
    ];

    [GeneratedRegex("^/v2/(?<name>.+)/manifests/(?<reference>[^/]+)$")]
    private static partial Regex ManifestPath();

    [GeneratedRegex("^/v2/(?<name>.+)/blobs/uploads/?$")]
    private static partial Regex UploadsPath();

    [GeneratedRegex("^/v2/(?<name>.+)/blobs/uploads/(?<reference>[^/]+)$")]
    private static partial Regex UploadPath();

    [GeneratedRegex("^/v2/(?<name>.+)/blobs/(?<reference>[^/]+)$")]
    private static partial Regex BlobPath();

    [GeneratedRegex("^/v2/(?<name>.+)/tags/list$")]
    private static partial Regex TagsPath();

    [GeneratedRegex("^/v2/(?<name>.+)/referrers/(?<reference>[^/]+)$")]
    private static partial Regex ReferrersPath();

    // distribution-spec, "Pulling manifests": the patterns of <name> and of a tag.
    [GeneratedRegex("^[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*\\z")]
    private static partial Regex NameShape();

    [GeneratedRegex("^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\\z")]
    private static partial Regex TagShape();

    [GeneratedRegex("^sha256:[a-f0-9]{64}\\z")]
    private static partial Regex DigestShape();
}
