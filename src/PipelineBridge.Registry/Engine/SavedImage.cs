using System.Formats.Tar;
using PipelineBridge.Events;
using PipelineBridge.Registry.Oci;

namespace PipelineBridge.Registry.Engine;

/// <summary>An image as an engine gives it: a tar file that is read once, from front to end, and lies nowhere.</summary>
sealed class SavedImage : IAsyncDisposable
{
    readonly DockerEngine engine;
    readonly IdleTimeout idle;
    readonly Stream stream;
    readonly TarReader tar;

    SavedImage(DockerEngine engine, IdleTimeout idle, Stream stream)
    {
        this.engine = engine;
        this.idle = idle;
        this.stream = new WatchedStream(stream, engine, idle);
        tar = new TarReader(this.stream);
    }

    public static async Task<SavedImage> Open(DockerEngine engine, string id, CancellationToken cancellation)
    {
        var idle = new IdleTimeout(engine.Clock, cancellation);
        try
        {
            return new SavedImage(engine, idle, await engine.Save(id, idle));
        }
        catch (OperationCanceledException) when (idle.Passed && !cancellation.IsCancellationRequested)
        {
            idle.Dispose();
            throw engine.Lost("give an image");
        }
        catch
        {
            idle.Dispose();
            throw;
        }
    }

    /// <summary>The next file; null at the end.</summary>
    public async Task<TarEntry?> Next(CancellationToken cancellation)
    {
        try
        {
            return await tar.GetNextEntryAsync(copyData: false, cancellation);
        }
        catch (EndOfStreamException)
        {
            throw engine.Lost("give an image");
        }
        catch (InvalidDataException e)
        {
            throw new RegistryFailure(FailureCategory.Image, $"What the engine {engine.Name} gives for an image is no tar file.", e.Message) { NothingMade = true };
        }
    }

    public async ValueTask DisposeAsync()
    {
        await tar.DisposeAsync();
        await stream.DisposeAsync();
        idle.Dispose();
    }

    /// <summary>Tells an engine that is silent, or breaks off, from a registry that lets us wait.</summary>
    sealed class WatchedStream(Stream inner, DockerEngine engine, IdleTimeout idle) : Stream
    {
        bool isFirst = true;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (isFirst)
            {
                // The engine writes the whole image to its disk before it gives any of it.
                idle.AllSent();
            }
            else
            {
                idle.Moved();
            }
            try
            {
                var read = await inner.ReadAsync(buffer, idle.Token);
                isFirst = false;
                idle.Rest();
                return read;
            }
            catch (OperationCanceledException) when (idle.Passed && !cancellationToken.IsCancellationRequested)
            {
                throw engine.Lost("give an image");
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                throw engine.Lost("give an image");
            }
        }

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override void Flush() { }
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
