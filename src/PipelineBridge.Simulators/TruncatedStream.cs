namespace PipelineBridge.Simulators;

/// <summary>Passes the first bytes on and then fails, so that the server closes the connection in the middle of an answer.</summary>
sealed class TruncatedStream(Stream inner, long bytes) : Stream
{
    long left = bytes;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var passed = (int)Math.Min(left, buffer.Length);
        left -= passed;
        await inner.WriteAsync(buffer[..passed], cancellationToken);
        if (passed < buffer.Length)
        {
            await inner.FlushAsync(cancellationToken);
            throw new AnswerCutException();
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => throw new NotSupportedException("Answers are written asynchronously.");

    public override void Write(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("Answers are written asynchronously.");

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
