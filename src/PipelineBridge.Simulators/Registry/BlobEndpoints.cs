using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace PipelineBridge.Simulators.Registry;

/// <summary>Reading and unlinking blobs.</summary>
sealed class BlobEndpoints(RegistryContent content)
{
    public async Task Handle(RegistryCall call)
    {
        var digest = call.Reference;
        if (!RegistryCall.IsDigest(digest))
        {
            throw RegistryError.DigestInvalid(digest);
        }

        if (!content.Read(call.Name, repository => repository.Blobs.Contains(digest)))
        {
            throw RegistryError.BlobUnknown(digest);
        }

        switch (call.Method)
        {
            case "GET" or "HEAD":
                await Serve(call, digest);
                break;
            case "DELETE":
                content.Write(call.Name, repository => repository.Blobs.Remove(digest));
                call.Context.Response.StatusCode = StatusCodes.Status202Accepted;
                break;
            default:
                throw RegistryError.Unsupported();
        }
    }

    async Task Serve(RegistryCall call, string digest)
    {
        if (call.Method == "GET")
        {
            content.Count(digest, traffic => traffic with { Downloads = traffic.Downloads + 1 });
        }

        call.Context.Response.Headers["Docker-Content-Digest"] = digest;
        call.Context.Response.Headers.CacheControl = "max-age=31536000";

        // Answers Range, If-Range and If-None-Match, and HEAD without a body, as RFC 9110 says.
        await Results.Stream(
            content.Blobs.Open(digest), "application/octet-stream",
            entityTag: new EntityTagHeaderValue($"\"{digest}\""), enableRangeProcessing: true).ExecuteAsync(call.Context);
    }
}
