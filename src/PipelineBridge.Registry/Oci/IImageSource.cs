using PipelineBridge.Events;

namespace PipelineBridge.Registry.Oci;

/// <summary>Images that lie on a disk and are pushed from there. What it says is believed only as far as digests prove it.</summary>
interface IImageSource
{
    /// <summary>How a sentence of ours names it.</summary>
    string Name { get; }

    /// <summary>The image or index that is meant.</summary>
    /// <exception cref="RegistryFailure">None is, or more than one.</exception>
    Task<Descriptor> Choose(ImageReference image, CancellationToken cancellation);

    /// <summary>A manifest, which matches its digest; null when only its name is there.</summary>
    Manifest? Manifest(Descriptor descriptor);

    /// <summary>A blob's content, of the length that its descriptor says; null when it is not there.</summary>
    IBlob? Open(Descriptor descriptor);

    /// <summary>What to say of content that is not what its digest says.</summary>
    RegistryFailure Broken(string digest);

    /// <summary>What to say when the disk or its rights are in the way.</summary>
    RegistryFailure Unreadable(Exception e);
}

/// <summary>The content of a blob; it is read again for each try.</summary>
interface IBlob : IDisposable
{
    /// <summary>A stream of its own for each reader.</summary>
    Stream Read();
}
