using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Simulators.Registry;

/// <summary>A refusal of the registry in the words of the reference implementation (distribution-spec, Error Codes).</summary>
sealed class RegistryError(int status, string code, string message, object? detail = null) : Exception(message)
{
    public int Status => status;

    public static RegistryError BlobUnknown(string digest) => new(404, "BLOB_UNKNOWN", "blob unknown to registry", digest);

    public static RegistryError UploadUnknown() => new(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");

    // The reference implementation answers 404, not 400, to an upload whose state does not fit.
    public static RegistryError UploadInvalid(string detail) => new(404, "BLOB_UPLOAD_INVALID", "blob upload invalid", detail);

    public static RegistryError RangeInvalid(string detail) => new(416, "RANGE_INVALID", "invalid content range", detail);

    public static RegistryError DigestInvalid(object? detail = null) =>
        new(400, "DIGEST_INVALID", "provided digest did not match uploaded content", detail);

    public static RegistryError ManifestUnknown(object? detail = null) => new(404, "MANIFEST_UNKNOWN", "manifest unknown", detail);

    public static RegistryError NotAccepted(string message) => new(404, "MANIFEST_UNKNOWN", message);

    public static RegistryError ManifestInvalid(string detail) => new(400, "MANIFEST_INVALID", "manifest invalid", detail);

    public static RegistryError NameInvalid(string name) => new(400, "NAME_INVALID", "invalid repository name", name);

    public static RegistryError NameUnknown(string name) =>
        new(404, "NAME_UNKNOWN", "repository name not known to registry", new { name });

    public static RegistryError TagInvalid(string detail) => new(400, "TAG_INVALID", "manifest tag did not match URI", detail);

    public static RegistryError PageInvalid(string n) =>
        new(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested", new { n });

    public static RegistryError Unauthorized(object? detail) => new(401, "UNAUTHORIZED", "authentication required", detail);

    public static RegistryError Denied() => new(403, "DENIED", "requested access to the resource is denied");

    public static RegistryError Unsupported() => new(405, "UNSUPPORTED", "The operation is unsupported.");

    public static Task Write(HttpContext context, RegistryError error) =>
        Write(context, error.Status, [error.Entry]);

    public static Task WriteMissing(HttpContext context, IEnumerable<string> digests) =>
        Write(context, 400, digests.Select(digest =>
            new RegistryError(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", digest).Entry));

    object Entry => detail is null ? new { code, message = Message } : new { code, message = Message, detail };

    static Task Write(HttpContext context, int status, IEnumerable<object> errors)
    {
        context.Response.StatusCode = status;
        return RegistryJson.Write(context, new { errors });
    }
}
