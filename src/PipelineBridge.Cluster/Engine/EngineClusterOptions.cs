namespace PipelineBridge.Cluster.Engine;

/// <summary>One or several Docker engines that together run apps.</summary>
/// <param name="Name">The cluster's name in the configuration.</param>
/// <param name="Hosts">The engines; replicas are spread over them.</param>
/// <param name="Environments">The environments whose apps run here.</param>
public sealed record EngineClusterOptions(string Name, IReadOnlyList<EngineHostOptions> Hosts, IReadOnlyCollection<string> Environments)
{
    /// <summary>Who signs in at which registry when an image is pulled, by the registry's name in image names.</summary>
    public IReadOnlyDictionary<string, RegistryLogin> Logins { get; init; } = new Dictionary<string, RegistryLogin>();
}

/// <summary>A Docker engine and how it is reached.</summary>
/// <param name="Name">Its name, for people.</param>
/// <param name="Url"><c>unix:///var/run/docker.sock</c> or <c>tcp://HOST:2376</c>.</param>
/// <param name="Address">Where the ports that it publishes are reached; an IP address is also the one that they are bound to.</param>
public sealed record EngineHostOptions(string Name, Uri Url, string Address)
{
    /// <summary>The file with the certificate authority that its certificate is from (PEM); null: those that the machine trusts.</summary>
    public string? Authority { get; init; }

    /// <summary>The file with the certificate that is shown to it (PEM); null for none.</summary>
    public string? Certificate { get; init; }

    /// <summary>Reads the key of that certificate (PEM) when it is needed, so that no object carries it.</summary>
    public Func<string?>? Key { get; init; }

    /// <summary>Whether it is reached over TLS: a certificate or an authority is given.</summary>
    public bool IsTls => Authority is not null || Certificate is not null;
}

/// <summary>Who signs in at a registry.</summary>
/// <param name="Username">The user.</param>
/// <param name="Password">Reads the password.</param>
public sealed record RegistryLogin(string Username, Func<string?> Password);
