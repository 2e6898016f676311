namespace PipelineBridge.Registry.Engine;

/// <summary>A Docker engine that images are built on.</summary>
/// <param name="Name">Its name in the configuration.</param>
/// <param name="Url">Where its API is: <c>unix:///var/run/docker.sock</c> or <c>tcp://build-1.internal:2376</c>.</param>
public sealed record EngineOptions(string Name, Uri Url)
{
    /// <summary>The file with the certificate authority that its certificate is from (PEM); null: those that the machine trusts.</summary>
    public string? Authority { get; init; }

    /// <summary>The file with the certificate that is shown to it (PEM); null for none.</summary>
    public string? Certificate { get; init; }

    /// <summary>Reads the key of that certificate (PEM) when it is needed, so that no object carries it.</summary>
    public Func<string?>? Key { get; init; }

    /// <summary>Whether it is reached over TLS: a certificate or an authority is given.</summary>
    public bool IsTls => Authority is not null || Certificate is not null;

    /// <summary>Whether it pushes by itself, straight to the registry; else the bridge reads the image and writes the registry.</summary>
    public bool PushesItself { get; init; }
}
