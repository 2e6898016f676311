using System.Globalization;
using System.Net;

namespace PipelineBridge.Registry.Oci;

/// <summary>
/// Uploads a blob whose digest is known only at its end, in chunks (distribution-spec, "Pushing a blob in chunks"). A chunk
/// stays in the caller's memory until the registry has it, so that what breaks is sent again without its source.
/// </summary>
sealed class ChunkedUpload(Repository repository, string what)
{
    readonly RegistryConnection connection = repository.Connection;
    readonly string doing = $"take {what} into {repository.Name}";
    Uri? session;
    long offset;

    /// <summary>Sends a chunk that is not the last.</summary>
    public async Task Add(ReadOnlyMemory<byte> chunk, CancellationToken cancellation)
    {
        session ??= await Open(cancellation);
        await Send(HttpMethod.Patch, chunk, null, cancellation);
    }

    /// <summary>Sends the last chunk; false when the registry had the blob and nothing was sent.</summary>
    public async Task<bool> Finish(ReadOnlyMemory<byte> last, string digest, CancellationToken cancellation)
    {
        if (session is null)
        {
            if (await repository.HasBlob(digest, cancellation))
            {
                connection.BlobHomes.Seen(digest, repository.Name);
                return false;
            }
            session = await Open(cancellation);
        }
        await Send(HttpMethod.Put, last, digest, cancellation);
        connection.BlobHomes.Seen(digest, repository.Name);
        return true;
    }

    /// <summary>Tells the registry that no more comes.</summary>
    public async Task Abandon(CancellationToken cancellation)
    {
        if (session is null)
        {
            return;
        }
        try
        {
            await connection.Try(new RegistryRequest(HttpMethod.Delete, session, doing, repository.Scopes), cancellation);
        }
        catch (Exception e) when (e is RegistryUnavailable or RegistryFailure)
        {
            // A registry throws old uploads away by itself.
        }
    }

    async Task Send(HttpMethod method, ReadOnlyMemory<byte> chunk, string? digest, CancellationToken cancellation)
    {
        var end = offset + chunk.Length;
        var backoff = new Backoff(connection.Clock);
        while (true)
        {
            var rest = chunk[(int)(chunk.Length - (end - offset))..];
            var url = digest is null ? session! : new Uri($"{session}{(session!.Query.Length == 0 ? "?" : "&")}digest={Uri.EscapeDataString(digest)}");
            var request = new RegistryRequest(method, url, doing, repository.Scopes) { Content = idle => new ChunkContent(rest, offset, idle) };
            RegistryUnavailable trouble;
            try
            {
                var answer = await connection.Try(request, cancellation);
                if (answer.IsGood)
                {
                    if (digest is null)
                    {
                        session = answer.Header("Location") is { } location ? connection.Location(request.Url, location) : session;
                    }
                    offset = end;
                    return;
                }
                // What the registry has is not what was sent, or it forgot the upload; the blob begins anew with the next try of the work.
                if (answer.Status is HttpStatusCode.NotFound || answer.HasCode("BLOB_UPLOAD_UNKNOWN") || answer.HasCode("BLOB_UPLOAD_INVALID") || answer.HasCode("DIGEST_INVALID"))
                {
                    throw new RegistryUnavailable($"The registry {connection.Name} lost an upload on its way.");
                }
                if (answer.Status != HttpStatusCode.RequestedRangeNotSatisfiable)
                {
                    throw connection.Refused(request, answer);
                }
                trouble = new RegistryUnavailable($"The registry {connection.Name} lost an upload on its way.");
            }
            catch (RegistryUnavailable e)
            {
                trouble = e;
            }
            if (!await backoff.Wait(trouble.RetryAfter, cancellation))
            {
                throw trouble;
            }
            // Perhaps only the answer was lost.
            if (digest is not null && await repository.HasBlob(digest, cancellation))
            {
                return;
            }
            var at = await Progress(cancellation);
            if (at < offset || at > end)
            {
                throw trouble;
            }
            if (at > offset)
            {
                backoff.Progressed();
            }
            offset = at;
            if (offset == end && digest is null)
            {
                return;
            }
        }
    }

    /// <summary>How far the registry has it; -1 when it does not know the upload any more.</summary>
    async Task<long> Progress(CancellationToken cancellation)
    {
        var answer = await connection.Send(new RegistryRequest(HttpMethod.Get, session!, doing, repository.Scopes), cancellation);
        if (!answer.IsGood || answer.Header("Location") is not { } location)
        {
            return -1;
        }
        session = connection.Location(session!, location);
        // "0-<last byte>"; 0-0 is said for nothing, too, which is by far the likelier.
        var range = (answer.Header("Range") ?? "").Replace("bytes=", "", StringComparison.Ordinal).Split('-');
        return range is ["0", var text] && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var last) ? last == 0 ? 0 : last + 1 : -1;
    }

    async Task<Uri> Open(CancellationToken cancellation)
    {
        var open = new RegistryRequest(HttpMethod.Post, connection.Url($"v2/{repository.Name}/blobs/uploads/"), doing, repository.Scopes);
        var opened = await connection.Send(open, cancellation);
        return opened.IsGood && opened.Header("Location") is { } location ? connection.Location(open.Url, location) : throw connection.Refused(open, opened);
    }
}
