using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Simulators.Registry;

/// <summary>The lists: repositories, tags, referrers.</summary>
sealed class ListEndpoints(RegistryContent content, RegistrySimulatorOptions options)
{
    const int CatalogPage = 100;

    public Task Catalog(RegistryCall call)
    {
        var page = Page(call, content.Names(), CatalogPage, "/v2/_catalog");
        return RegistryJson.Write(call.Context, new { repositories = page });
    }

    public Task Tags(RegistryCall call)
    {
        if (!content.Knows(call.Name))
        {
            throw RegistryError.NameUnknown(call.Name);
        }

        var tags = content.Read(call.Name, repository => repository.Tags.Keys.ToList());
        var page = options.Flavor == RegistryFlavor.DockerRegistry282
            ? tags
            : Page(call, tags, int.MaxValue, $"/v2/{call.Name}/tags/list");
        return RegistryJson.Write(call.Context, new { name = call.Name, tags = page });
    }

    public Task Referrers(RegistryCall call)
    {
        if (!RegistryCall.IsDigest(call.Reference))
        {
            throw RegistryError.DigestInvalid(call.Reference);
        }

        var asked = call.Query("artifactType");
        var found = new JsonArray();
        foreach (var (digest, manifest) in content.Read(call.Name, repository => repository.Manifests.ToList()))
        {
            var parts = ManifestContent.Of(manifest);
            if (parts.Subject == call.Reference && (asked is null || asked == parts.ArtifactType))
            {
                var descriptor = new JsonObject
                {
                    ["mediaType"] = manifest.MediaType,
                    ["digest"] = digest,
                    ["size"] = manifest.Bytes.Length,
                    ["artifactType"] = parts.ArtifactType,
                };
                if (JsonNode.Parse(manifest.Bytes.Span)!["annotations"] is { } annotations)
                {
                    descriptor["annotations"] = annotations.DeepClone();
                }

                found.Add((JsonNode)descriptor);
            }
        }

        if (asked is not null)
        {
            call.Context.Response.Headers["OCI-Filters-Applied"] = "artifactType";
        }

        call.Context.Response.ContentType = MediaTypes.OciIndex;
        return call.Context.Response.WriteAsync(
            new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = MediaTypes.OciIndex, ["manifests"] = found }.ToJsonString(),
            call.Cancellation);
    }

    List<string> Page(RegistryCall call, IReadOnlyList<string> all, int size, string path)
    {
        if (call.Query("n") is { } n)
        {
            if (int.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out var asked))
            {
                size = asked;
            }
            else if (options.Flavor == RegistryFlavor.DistributionSpec11)
            {
                throw RegistryError.PageInvalid(n);
            }
        }

        var last = call.Query("last");
        var rest = all.Where(name => last is null || string.CompareOrdinal(name, last) > 0).ToList();
        var page = rest.Take(size).ToList();
        if (page.Count > 0 && page.Count < rest.Count)
        {
            call.Context.Response.Headers.Link = $"<{path}?last={Uri.EscapeDataString(page[^1])}&n={size}>; rel=\"next\"";
        }

        return page;
    }
}
