using System.Text;
using PipelineBridge.Journal;

namespace PipelineBridge.Tests.Journal;

public sealed class BlobTests : IAsyncLifetime
{
    readonly JournalFile file = new();
    EventJournal journal = null!;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        journal = file.Open();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await journal.DisposeAsync();
        file.Dispose();
    }

    [Fact]
    public async Task A_blob_is_kept_once_under_the_digest_of_its_bytes()
    {
        var blob = BlobRow.Of("text/plain", "abc"u8.ToArray());
        blob.Digest.Should().Be("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        await journal.Write(t =>
        {
            t.PutBlob(blob);
            t.PutBlob(BlobRow.Of("text/html", "abc"u8.ToArray()));
            return t.Blob(blob.Digest);
        }, Cancellation);
        journal.Read(r => r.Blob(blob.Digest)).Should().BeEquivalentTo(blob);
        journal.Read(r => r.Blob(blob.Digest[..^1] + "0")).Should().BeNull();
        journal.Invoking(j => j.Read(r => r.Blob("abc"))).Should().Throw<ArgumentException>().WithMessage("*64 lower-case hexadecimal digits*");
    }

    [Theory]
    [InlineData(100)]
    [InlineData(100_000)]
    public async Task An_erased_blob_leaves_a_tombstone_no_byte_in_any_file_and_a_whole_chain(int times)
    {
        const string Secret = "name of the patient: ";
        var blob = BlobRow.Of("text/plain", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Secret, times))));
        await journal.Write(t =>
        {
            t.PutBlob(blob);
            return t.Append(JournalFile.Event("uses it"));
        }, Cancellation);
        FilesWith(Secret).Should().NotBeEmpty();
        await journal.Write(t =>
        {
            t.EraseBlob(blob.Digest, "asked for by the patient");
            return t.Blob(blob.Digest)!.Bytes.Should().BeNull("its own change sees it");
        }, Cancellation);
        await journal.Write(t =>
        {
            t.PutBlob(blob);
            return 0;
        }, Cancellation);

        var left = journal.Read(r => r.Blob(blob.Digest))!;
        (left.Bytes, left.SizeBytes, left.MediaType, left.ErasedReason).Should().Be((null, blob.SizeBytes, "text/plain", "asked for by the patient"));
        FilesWith(Secret).Should().BeEmpty();
        JournalVerifier.Verify(file.Path, cancellation: Cancellation).Wrong.Should().BeNull();
    }

    List<string> FilesWith(string text)
    {
        var with = new List<string>();
        foreach (var name in Directory.GetFiles(file.Folder, "journal.db*").Where(name => !name.EndsWith(".lock", StringComparison.Ordinal)))
        {
            using var stream = new FileStream(name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            if (bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0)
            {
                with.Add(name);
            }
        }
        return with;
    }
}
