using System.Collections.Concurrent;

namespace PipelineBridge.Simulators.Registry;

/// <summary>The bytes of the blobs by digest, in memory or as files of a directory.</summary>
sealed class BlobStore(string? directory)
{
    readonly ConcurrentDictionary<string, byte[]?> blobs = new();
    readonly ConcurrentDictionary<string, long> sizes = new();

    public Stream NewUpload(string id) => directory is null
        ? new MemoryStream()
        : new FileStream(UploadPath(id), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.Asynchronous);

    /// <summary>Takes what was uploaded in as a blob; the stream is closed.</summary>
    public async Task Commit(string digest, string id, Stream upload)
    {
        var size = upload.Length;
        var memory = (upload as MemoryStream)?.ToArray();
        await upload.DisposeAsync();
        if (directory is not null)
        {
            File.Move(UploadPath(id), BlobPath(digest), overwrite: true);
        }

        blobs[digest] = memory;
        sizes[digest] = size;
    }

    public async Task Discard(string id, Stream upload)
    {
        await upload.DisposeAsync();
        if (directory is not null)
        {
            File.Delete(UploadPath(id));
        }
    }

    public void Put(string digest, byte[] bytes)
    {
        if (directory is not null)
        {
            File.WriteAllBytes(BlobPath(digest), bytes);
        }

        blobs[digest] = directory is null ? bytes : null;
        sizes[digest] = bytes.LongLength;
    }

    public long Size(string digest) => sizes[digest];

    public bool Has(string digest) => sizes.ContainsKey(digest);

    public Stream Open(string digest) => blobs[digest] is { } bytes
        ? new MemoryStream(bytes, writable: false)
        : new FileStream(BlobPath(digest), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 64 * 1024, FileOptions.Asynchronous);

    string UploadPath(string id) => Path.Combine(directory!, "upload-" + id);

    string BlobPath(string digest) => Path.Combine(directory!, digest.Replace(':', '-'));
}
