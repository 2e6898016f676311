using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Simulators.Registry;

/// <summary>Manifests by tag and by digest, negotiated as docker-registry 2.8.2 does it.</summary>
sealed class ManifestEndpoints(RegistryContent content, RegistrySimulatorOptions options)
{
    const int LargestManifestBytes = 4 * 1024 * 1024;

    public Task Handle(RegistryCall call)
    {
        if (call.ReferenceIsDigest ? !RegistryCall.IsDigest(call.Reference) : !RegistryCall.IsTag(call.Reference))
        {
            throw call.ReferenceIsDigest ? RegistryError.DigestInvalid(call.Reference) : RegistryError.TagInvalid(call.Reference);
        }

        return call.Method switch
        {
            "GET" or "HEAD" => Get(call),
            "PUT" => Put(call),
            "DELETE" => Delete(call),
            _ => throw RegistryError.Unsupported(),
        };
    }

    async Task Get(RegistryCall call)
    {
        var digest = Resolved(call);
        var response = call.Context.Response;
        if (call.Context.Request.Headers.IfNoneMatch.Contains($"\"{digest}\""))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        var manifest = Stored(call, digest);
        var accepted = Accepted(call.Context.Request);
        if (manifest.MediaType == MediaTypes.OciImage && !accepted.Contains(MediaTypes.OciImage))
        {
            throw RegistryError.NotAccepted("OCI manifest found, but accept header does not support OCI manifests");
        }

        if (manifest.MediaType == MediaTypes.OciIndex && !accepted.Contains(MediaTypes.OciIndex))
        {
            throw RegistryError.NotAccepted("OCI index found, but accept header does not support OCI indexes");
        }

        // A client of before manifest lists is given the image for linux/amd64 behind the tag, under
        // its own digest: the trap for who asks a tag for its digest without naming the list type.
        if (!call.ReferenceIsDigest && manifest.MediaType == MediaTypes.DockerList && !accepted.Contains(MediaTypes.DockerList))
        {
            digest = ManifestContent.Of(manifest).AmdLinux ?? throw RegistryError.ManifestUnknown();
            manifest = Stored(call, digest);
        }

        // Such a client wants schema 1, which docker-registry makes of the image where it can; this simulator never can.
        if (!call.ReferenceIsDigest && manifest.MediaType == MediaTypes.DockerImage && !accepted.Contains(MediaTypes.DockerImage))
        {
            throw RegistryError.ManifestInvalid("schema 1 is not made here; name the type of the manifest in Accept");
        }

        response.Headers["Docker-Content-Digest"] = digest;
        response.Headers.ETag = $"\"{digest}\"";
        RequestLog.Note(call.Context, "digest", digest);
        response.ContentType = manifest.MediaType;
        response.ContentLength = manifest.Bytes.Length;
        if (call.Method == "GET")
        {
            await response.Body.WriteAsync(manifest.Bytes, call.Cancellation);
        }
    }

    async Task Put(RegistryCall call)
    {
        var bytes = await Body(call);
        var manifest = new StoredManifest(MediaTypeOf(call.Context.Request.ContentType), bytes);
        var parts = ManifestContent.Of(manifest);
        var digest = RegistryContent.DigestOf(bytes);
        if (call.ReferenceIsDigest && digest != call.Reference)
        {
            throw RegistryError.DigestInvalid();
        }

        var tags = Tags(call);
        var missing = content.Read(call.Name, repository => parts.Blobs.Where(blob => !repository.Blobs.Contains(blob))
            .Concat(parts.Manifests.Where(child => !repository.Manifests.ContainsKey(child))).ToList());
        if (missing.Count > 0)
        {
            await RegistryError.WriteMissing(call.Context, missing);
            return;
        }

        content.Write(call.Name, repository =>
        {
            repository.Manifests[digest] = manifest;
            foreach (var tag in tags)
            {
                repository.Tags[tag] = digest;
            }
        });

        var response = call.Context.Response;
        response.StatusCode = StatusCodes.Status201Created;
        var path = $"/v2/{call.Name}/manifests/{digest}";
        response.Headers.Location = options.RelativeLocations ? path : $"http://{call.Context.Request.Host}{path}";
        response.Headers["Docker-Content-Digest"] = digest;
        RequestLog.Note(call.Context, "digest", digest);
        if (options.Flavor == RegistryFlavor.DistributionSpec11)
        {
            if (parts.Subject is { } subject)
            {
                response.Headers["OCI-Subject"] = subject;
            }

            if (call.ReferenceIsDigest && tags.Count > 0)
            {
                response.Headers.Append("OCI-Tag", new([.. tags]));
            }
        }
    }

    Task Delete(RegistryCall call)
    {
        if (!call.ReferenceIsDigest && options.Flavor == RegistryFlavor.DockerRegistry282)
        {
            throw RegistryError.DigestInvalid();
        }

        var digest = Resolved(call);
        Stored(call, digest);
        content.Write(call.Name, repository =>
        {
            if (!call.ReferenceIsDigest)
            {
                repository.Tags.Remove(call.Reference);
                return;
            }

            repository.Manifests.Remove(digest);
            foreach (var tag in repository.Tags.Where(tag => tag.Value == digest).Select(tag => tag.Key).ToList())
            {
                repository.Tags.Remove(tag);
            }
        });
        call.Context.Response.StatusCode = StatusCodes.Status202Accepted;
        return Task.CompletedTask;
    }

    List<string> Tags(RegistryCall call)
    {
        if (!call.ReferenceIsDigest)
        {
            return [call.Reference];
        }

        if (options.Flavor == RegistryFlavor.DockerRegistry282)
        {
            return [];
        }

        var tags = call.Context.Request.Query["tag"].OfType<string>().ToList();
        return tags.Find(tag => !RegistryCall.IsTag(tag)) is { } wrong ? throw RegistryError.TagInvalid(wrong) : tags;
    }

    string Resolved(RegistryCall call) => call.ReferenceIsDigest
        ? call.Reference
        : content.Read(call.Name, repository => repository.Tags.GetValueOrDefault(call.Reference))
            ?? throw RegistryError.ManifestUnknown(new { Tag = call.Reference });

    StoredManifest Stored(RegistryCall call, string digest) =>
        content.Read(call.Name, repository => repository.Manifests.GetValueOrDefault(digest))
        ?? throw RegistryError.ManifestUnknown(new { call.Name, Revision = digest });

    static async Task<byte[]> Body(RegistryCall call)
    {
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await call.Context.Request.Body.ReadAsync(buffer, call.Cancellation)) > 0)
        {
            body.Write(buffer, 0, read);
            if (body.Length > LargestManifestBytes)
            {
                throw RegistryError.ManifestInvalid($"a manifest has at most {LargestManifestBytes} bytes");
            }
        }

        return body.ToArray();
    }

    // Only the four types by name count: neither q-values nor */* are looked at.
    static HashSet<string> Accepted(HttpRequest request) =>
    [
        .. request.Headers.Accept.OfType<string>().SelectMany(header => header.Split(','))
            .Select(MediaTypeOf),
    ];

    static string MediaTypeOf(string? header) =>
        MediaTypeHeaderValue.TryParse(header?.Trim(), out var type) ? type.MediaType ?? "" : "";
}
