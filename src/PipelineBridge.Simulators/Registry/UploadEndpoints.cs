using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Simulators.Registry;

/// <summary>Pushing blobs (distribution-spec 1.1, "Pushing blobs" and "Mounting a blob from another repository").</summary>
sealed class UploadEndpoints(RegistryContent content, RegistrySimulatorOptions options)
{
    int opened;

    public async Task Open(RegistryCall call)
    {
        if (call.Query("mount") is { } mount && call.Query("from") is { } from && Mounted(call, mount, from))
        {
            Stored(call, mount);
            return;
        }

        var number = Interlocked.Increment(ref opened).ToString(CultureInfo.InvariantCulture);
        var id = new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{call.Name} {number}")).AsSpan(0, 16)).ToString();
        var upload = new BlobUpload(id, call.Name, content.Blobs.NewUpload(id));
        content.Uploads[id] = upload;
        content.Write(call.Name, _ => { });

        if (options.Flavor == RegistryFlavor.DistributionSpec11 && call.Query("digest") is { } digest)
        {
            await Receive(call, upload);
            try
            {
                await Finish(call, upload, digest);
            }
            catch (RegistryError)
            {
                // Nobody was told where this session is.
                await Discard(upload);
                throw;
            }

            return;
        }

        Progress(call, upload, StatusCodes.Status202Accepted);
    }

    public async Task Session(RegistryCall call)
    {
        if (options.Flavor == RegistryFlavor.DockerRegistry282 && call.Query("_state") is null)
        {
            throw RegistryError.UploadInvalid("the Location that was given last has a _state");
        }

        if (!content.Uploads.TryGetValue(call.Reference, out var upload) || upload.Repository != call.Name)
        {
            throw RegistryError.UploadUnknown();
        }

        await upload.Turn.WaitAsync(call.Cancellation);
        try
        {
            if (!content.Uploads.ContainsKey(upload.Id))
            {
                throw RegistryError.UploadUnknown();
            }

            switch (call.Method)
            {
                case "GET" or "HEAD":
                    // docker-registry does not even tell where a session stands to who does not know it.
                    if (options.Flavor == RegistryFlavor.DockerRegistry282)
                    {
                        RequireState(call, upload);
                    }

                    Progress(call, upload, StatusCodes.Status204NoContent);
                    break;
                case "PATCH":
                    RequireType(call);
                    RequireState(call, upload);
                    RequireRange(call, upload);
                    await Receive(call, upload);
                    Progress(call, upload, StatusCodes.Status202Accepted);
                    break;
                case "PUT":
                    RequireState(call, upload);
                    var digest = call.Query("digest") ?? throw RegistryError.DigestInvalid("digest missing");
                    RequireRange(call, upload);
                    await Receive(call, upload);
                    await Finish(call, upload, digest);
                    break;
                case "DELETE":
                    await Discard(upload);
                    call.Context.Response.StatusCode = StatusCodes.Status204NoContent;
                    break;
                default:
                    throw RegistryError.Unsupported();
            }
        }
        finally
        {
            upload.Turn.Release();
        }
    }

    bool Mounted(RegistryCall call, string digest, string from)
    {
        if (!content.Read(from, repository => repository.Blobs.Contains(digest)))
        {
            return false;
        }

        content.Write(call.Name, repository => repository.Blobs.Add(digest));
        content.Count(digest, traffic => traffic with { Mounts = traffic.Mounts + 1 });
        RequestLog.Note(call.Context, "mounted", digest);
        return true;
    }

    async Task Receive(RegistryCall call, BlobUpload upload)
    {
        var before = upload.Length;
        try
        {
            await upload.Append(call.Context.Request.Body, call.Cancellation);
        }
        finally
        {
            content.CountReceived(upload.Length - before);
            RequestLog.Note(call.Context, "bytesReceived", (upload.Length - before).ToString(CultureInfo.InvariantCulture));
        }
    }

    async Task Finish(RegistryCall call, BlobUpload upload, string digest)
    {
        if (!RegistryCall.IsDigest(digest) || upload.Digest != digest)
        {
            // docker-registry 2.8.2 keeps the session with the bytes that did not fit.
            throw RegistryError.DigestInvalid(digest);
        }

        content.Uploads.TryRemove(upload.Id, out _);
        await content.Blobs.Commit(digest, upload.Id, upload.Content);
        upload.Dispose();
        content.Write(call.Name, repository => repository.Blobs.Add(digest));
        content.Count(digest, traffic => traffic with
        {
            Uploads = traffic.Uploads + 1,
            BytesReceived = traffic.BytesReceived + upload.Length,
        });
        RequestLog.Note(call.Context, "stored", digest);
        Stored(call, digest);
    }

    async Task Discard(BlobUpload upload)
    {
        content.Uploads.TryRemove(upload.Id, out _);
        await content.Blobs.Discard(upload.Id, upload.Content);
        upload.Dispose();
    }

    // docker-registry answers 500 here, and so does what imitates it.
    void RequireType(RegistryCall call)
    {
        if (options.Flavor == RegistryFlavor.DockerRegistry282
            && call.Context.Request.ContentType is { Length: > 0 } type and not "application/octet-stream")
        {
            throw new RegistryError(500, "UNKNOWN", "unknown error", $"bad Content-Type {type}");
        }
    }

    static void RequireState(RegistryCall call, BlobUpload upload)
    {
        if (call.Query("_state") != upload.State)
        {
            throw RegistryError.UploadInvalid("the Location that was given last has another _state");
        }
    }

    void RequireRange(RegistryCall call, BlobUpload upload)
    {
        var given = call.Context.Request.Headers.ContentRange.ToString();
        if (given.Length == 0 || options.Flavor == RegistryFlavor.DockerRegistry282)
        {
            return;
        }

        // "<start>-<end>" without a unit, both inclusive: not the Content-Range of RFC 9110.
        var parts = given.Split('-');
        if (parts.Length != 2 || !long.TryParse(parts[0], out var start) || !long.TryParse(parts[1], out var end)
            || start != upload.Length
            || (call.Context.Request.ContentLength is { } length && end - start + 1 != length))
        {
            call.Context.Response.Headers.Location = Location(call, $"/v2/{call.Name}/blobs/uploads/{upload.Id}?_state={upload.State}");
            call.Context.Response.Headers.Range = Received(upload);
            throw RegistryError.RangeInvalid($"Content-Range is {given}; the next byte is {upload.Length}");
        }
    }

    void Progress(RegistryCall call, BlobUpload upload, int status)
    {
        var response = call.Context.Response;
        response.StatusCode = status;
        response.Headers.Location = Location(call, $"/v2/{call.Name}/blobs/uploads/{upload.Id}?_state={upload.State}");
        response.Headers.Range = Received(upload);
        response.Headers["Docker-Upload-UUID"] = upload.Id;
    }

    void Stored(RegistryCall call, string digest)
    {
        var response = call.Context.Response;
        response.StatusCode = StatusCodes.Status201Created;
        response.Headers.Location = Location(call, $"/v2/{call.Name}/blobs/{digest}");
        response.Headers["Docker-Content-Digest"] = digest;
    }

    string Location(RegistryCall call, string path) =>
        options.RelativeLocations ? path : $"http://{call.Context.Request.Host}{path}";

    // Nothing received is also 0-0: the form has no way to say it.
    static string Received(BlobUpload upload) => $"0-{Math.Max(0, upload.Length - 1)}";
}
