using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Simulators.Registry;

/// <summary>Gives each request of the registry API to the part that answers it.</summary>
sealed class RegistryApi(RegistryContent content, RegistryAccess access, RegistrySimulatorOptions options)
{
    readonly UploadEndpoints uploads = new(content, options);
    readonly BlobEndpoints blobs = new(content);
    readonly ManifestEndpoints manifests = new(content, options);
    readonly ListEndpoints lists = new(content, options);

    public async Task Handle(HttpContext context)
    {
        try
        {
            if (context.Request.Path == "/token" && options.Authentication == RegistryAuthentication.Token)
            {
                await access.GiveToken(context);
                return;
            }

            context.Response.Headers["Docker-Distribution-Api-Version"] = "registry/2.0";
            if (RegistryCall.Of(context) is not { } call || (options.Flavor == RegistryFlavor.DockerRegistry282 && !HasRoute(call)))
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                context.Response.ContentType = "text/plain; charset=utf-8";
                await context.Response.WriteAsync("404 page not found\n", context.RequestAborted);
                return;
            }

            access.Check(call);
            if (call.Name.Length > 0 && !RegistryCall.IsName(call.Name))
            {
                throw RegistryError.NameInvalid(call.Name);
            }

            await Answer(call);
        }
        catch (RegistryError error)
        {
            await RegistryError.Write(context, error);
        }
    }

    // docker-registry 2.8.2 finds no route for what is no name or no tag, and has none for referrers.
    static bool HasRoute(RegistryCall call) =>
        call.Kind != "referrers"
        && (call.Name.Length == 0 || RegistryCall.IsName(call.Name))
        && (call.Kind != "manifests" || call.ReferenceIsDigest || RegistryCall.IsTag(call.Reference));

    Task Answer(RegistryCall call) => (call.Kind, call.Method) switch
    {
        ("base", "GET" or "HEAD") => RegistryJson.Write(call.Context, new { }),
        ("catalog", "GET") => lists.Catalog(call),
        ("tags", "GET") => lists.Tags(call),
        ("referrers", "GET") => lists.Referrers(call),
        ("uploads", "POST") => uploads.Open(call),
        ("upload", _) => uploads.Session(call),
        ("blobs", _) => blobs.Handle(call),
        ("manifests", _) => manifests.Handle(call),
        _ => throw RegistryError.Unsupported(),
    };
}
