using System.Globalization;
using System.Net;
using PipelineBridge.Events;

namespace PipelineBridge.Registry.Oci;

/// <summary>Brings one blob into a repository: mounted where possible, else uploaded, and a broken upload goes on where the registry has it.</summary>
sealed class BlobUpload(Repository repository, IImageSource images, Descriptor blob, PushMeter? meter = null)
{
    readonly RegistryConnection connection = repository.Connection;
    readonly string doing = $"take the blob {blob.Digest} into {repository.Name}";

    /// <summary>Brings the blob over; false when it was there or was mounted, so that no byte of it moved.</summary>
    public async Task<bool> Run(CancellationToken cancellation)
    {
        if (await repository.HasBlob(blob.Digest, cancellation))
        {
            return Is(moved: false);
        }
        using var source = images.Open(blob) ?? throw new RegistryFailure(FailureCategory.Image, $"The blob {blob.Digest} is neither in {images.Name} nor in the registry {connection.Name}.");
        var session = await Begin(cancellation);
        long offset = 0;
        var backoff = new Backoff(connection.Clock);
        while (session is not null)
        {
            // One PUT carries all that is left (distribution-spec, "POST then PUT"): two round trips a blob.
            var from = offset;
            var put = new RegistryRequest(HttpMethod.Put, new Uri($"{session}{(session.Query.Length == 0 ? "?" : "&")}digest={Uri.EscapeDataString(blob.Digest)}"), doing, repository.Scopes)
            {
                Content = idle => new BlobContent(source, blob, from, idle, images, meter),
            };
            RegistryUnavailable trouble;
            try
            {
                var answer = await connection.Try(put, cancellation);
                if (answer.IsGood)
                {
                    return Is(moved: true);
                }
                if (!IsLost(answer))
                {
                    throw connection.Refused(put, answer);
                }
                trouble = new RegistryUnavailable($"The registry {connection.Name} lost an upload on its way.");
            }
            catch (RegistryUnavailable e)
            {
                trouble = e;
            }
            catch (RegistryFailure)
            {
                await Abandon(session, cancellation);
                throw;
            }
            if (!await backoff.Wait(trouble.RetryAfter, cancellation))
            {
                throw trouble;
            }
            // Perhaps only the answer was lost.
            if (await repository.HasBlob(blob.Digest, cancellation))
            {
                return Is(moved: true);
            }
            (session, offset) = await Progress(session!, cancellation);
            if (session is null)
            {
                session = await Begin(cancellation);
            }
            else if (offset > from)
            {
                backoff.Progressed();
            }
        }
        return Is(moved: false);
    }

    bool Is(bool moved)
    {
        connection.BlobHomes.Seen(blob.Digest, repository.Name);
        return moved;
    }

    /// <summary>Opens an upload; null when the blob was mounted instead.</summary>
    async Task<Uri?> Begin(CancellationToken cancellation)
    {
        if (connection.BlobHomes.Other(blob.Digest, repository.Name) is { } home)
        {
            var mount = new RegistryRequest(HttpMethod.Post, connection.Url($"v2/{repository.Name}/blobs/uploads/?mount={Uri.EscapeDataString(blob.Digest)}&from={Uri.EscapeDataString(home)}"),
                doing, repository.Scopes, Scope.Pull(home));
            try
            {
                var answer = await connection.Send(mount, cancellation);
                if (answer.Status == HttpStatusCode.Created)
                {
                    return null;
                }
                if (answer.IsGood && answer.Header("Location") is { } instead)
                {
                    return connection.Location(mount.Url, instead);
                }
            }
            catch (RegistryFailure)
            {
                // Who may not read there may still upload here.
            }
        }
        var open = new RegistryRequest(HttpMethod.Post, connection.Url($"v2/{repository.Name}/blobs/uploads/"), doing, repository.Scopes);
        var opened = await connection.Send(open, cancellation);
        return opened.IsGood && opened.Header("Location") is { } location ? connection.Location(open.Url, location) : throw connection.Refused(open, opened);
    }

    /// <summary>How far an upload got; no session when the registry does not know it any more.</summary>
    async Task<(Uri? Session, long Offset)> Progress(Uri session, CancellationToken cancellation)
    {
        var ask = new RegistryRequest(HttpMethod.Get, session, doing, repository.Scopes);
        var answer = await connection.Send(ask, cancellation);
        if (!answer.IsGood || answer.Header("Location") is not { } location)
        {
            return (null, 0);
        }
        // "0-<last byte>"; 0-0 is said for nothing, too, which is by far the likelier.
        var range = (answer.Header("Range") ?? "").Replace("bytes=", "", StringComparison.Ordinal).Split('-');
        return range is ["0", var text] && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var last) && last < blob.SizeBytes
            ? (connection.Location(session, location), last == 0 ? 0 : last + 1)
            : (null, 0);
    }

    async Task Abandon(Uri session, CancellationToken cancellation)
    {
        try
        {
            await connection.Try(new RegistryRequest(HttpMethod.Delete, session, doing, repository.Scopes), cancellation);
        }
        catch (Exception e) when (e is RegistryUnavailable or RegistryFailure)
        {
            // A registry throws old uploads away by itself.
        }
    }

    // The digest was right when the last byte left here; what the registry has got is not what was sent.
    static bool IsLost(RegistryAnswer answer) => answer.Status is HttpStatusCode.NotFound or HttpStatusCode.RequestedRangeNotSatisfiable
        || answer.HasCode("DIGEST_INVALID") || answer.HasCode("BLOB_UPLOAD_INVALID") || answer.HasCode("BLOB_UPLOAD_UNKNOWN");
}
