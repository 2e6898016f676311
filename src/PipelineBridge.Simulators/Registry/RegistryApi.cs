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

            if (RegistryCall.Of(context) is not { } call)
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                await context.Response.WriteAsync("404 page not found\n", context.RequestAborted);
                return;
            }

            context.Response.Headers["Docker-Distribution-Api-Version"] = "registry/2.0";
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

    Task Answer(RegistryCall call) => (call.Kind, call.Method) switch
    {
        ("base", "GET" or "HEAD") => call.Context.Response.WriteAsJsonAsync(new { }, call.Cancellation),
        ("catalog", "GET") => lists.Catalog(call),
        ("tags", "GET") => lists.Tags(call),
        ("referrers", "GET") when options.Flavor == RegistryFlavor.DistributionSpec11 => lists.Referrers(call),
        ("referrers", _) => throw RegistryError.ManifestUnknown(),
        ("uploads", "POST") => uploads.Open(call),
        ("upload", _) => uploads.Session(call),
        ("blobs", _) => blobs.Handle(call),
        ("manifests", _) => manifests.Handle(call),
        _ => throw RegistryError.Unsupported(),
    };
}
