using System.Net;

namespace PipelineBridge.Simulators.Registry;

/// <summary>How a registry simulator behaves.</summary>
public sealed record RegistrySimulatorOptions
{
    /// <summary>The TCP port; 0 lets the system choose a free one.</summary>
    public int Port { get; init; }

    /// <summary>The address to listen on; another one than loopback lets anybody in who reaches it.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>The clock that stamps the request log and lets tokens expire.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Receives the one line that is told at start; standard error when not given.</summary>
    public Action<string>? Announce { get; init; }

    /// <summary>Which registry is imitated where registries differ.</summary>
    public RegistryFlavor Flavor { get; init; } = RegistryFlavor.DistributionSpec11;

    /// <summary>How a client proves who it is.</summary>
    public RegistryAuthentication Authentication { get; init; } = RegistryAuthentication.None;

    /// <summary>Who may do what, when authentication is on.</summary>
    public IReadOnlyList<RegistryUser> Users { get; init; } = [];

    /// <summary>What a client without credentials may do, when authentication is by token.</summary>
    public IReadOnlyList<RegistryRight> AnonymousRights { get; init; } = [];

    /// <summary>How long a token is good, in seconds.</summary>
    public int TokenLifetimeSeconds { get; init; } = 300;

    /// <summary>An existing directory that takes the blobs, streamed; without it they stay in memory.</summary>
    public string? BlobDirectory { get; init; }

    /// <summary>Whether <c>Location</c> headers are paths instead of whole URLs; the specification allows both.</summary>
    public bool RelativeLocations { get; init; }
}

/// <summary>Which registry is imitated where registries differ.</summary>
public enum RegistryFlavor
{
    /// <summary>distribution-spec 1.1 with its optional parts: referrers, tag deletion, one-request uploads, and <c>?tag=</c> with <c>OCI-Tag</c> of the version after it.</summary>
    DistributionSpec11,

    /// <summary>docker-registry 2.8.2: no referrers, tags are not deleted, what is no name or tag has no route, <c>POST ?digest=</c> opens a session, <c>?tag=</c> and <c>Content-Range</c> are ignored in silence.</summary>
    DockerRegistry282,
}

/// <summary>How a client proves who it is.</summary>
public enum RegistryAuthentication
{
    /// <summary>Everybody may do everything.</summary>
    None,

    /// <summary>HTTP Basic on each request.</summary>
    Basic,

    /// <summary>The challenge names a token endpoint of this server, whose tokens are sent as Bearer.</summary>
    Token,
}

/// <summary>One who may sign in.</summary>
/// <param name="Name">The user name.</param>
/// <param name="Password">The password.</param>
/// <param name="Rights">What the user may do; the rights add up.</param>
public sealed record RegistryUser(string Name, string Password, params IReadOnlyList<RegistryRight> Rights)
{
    /// <summary>The name alone, so that no password reaches a log.</summary>
    public override string ToString() => Name;
}

/// <summary>Actions on the repositories of a pattern.</summary>
/// <param name="Repositories">A repository name, or a prefix that ends in <c>*</c>; <c>*</c> alone is all, and the catalog.</param>
/// <param name="Actions">Any of <c>pull</c>, <c>push</c>, <c>delete</c>.</param>
public sealed record RegistryRight(string Repositories, params IReadOnlyList<string> Actions)
{
    internal bool Allows(string repository, string action) =>
        Actions.Contains(action)
        && (Repositories.EndsWith('*')
            ? repository.StartsWith(Repositories[..^1], StringComparison.Ordinal)
            : repository == Repositories);
}
