namespace PipelineBridge.Events;

/// <summary>Somebody asked that an app run in an environment: a deployment, a rollback or a removal.</summary>
public sealed record DeploymentRequested : IEventContent
{
    /// <summary>The image, with or without digest; none when it waits for a push or removes.</summary>
    public string? Image { get; init; }

    /// <summary>The push that it waits for, by request id or by the key of the push.</summary>
    public string? After { get; init; }

    /// <summary>The digest of the specification's blob.</summary>
    public string? Specification { get; init; }

    /// <summary>What the specification is written in, e.g. <c>marathon</c>.</summary>
    public string? SpecificationFormat { get; init; }

    /// <summary>How many tasks; none: what the specification says, else what runs.</summary>
    public int? Replicas { get; init; }

    /// <summary>The host names under which the front end of the zone is to serve it.</summary>
    public IReadOnlyList<string>? Hostnames { get; init; }

    /// <summary>How long the new tasks may take to become healthy, in seconds.</summary>
    public int? HealthTimeoutSeconds { get; init; }

    /// <summary><c>rollback</c> or <c>keep</c>.</summary>
    public string? OnFailure { get; init; }

    /// <summary>Whether it goes back to what served before.</summary>
    public bool? Rollback { get; init; }

    /// <summary>Whether the app is to be removed from the environment.</summary>
    public bool? Removal { get; init; }
}

/// <summary>What to do with a rollout that fails.</summary>
public static class OnFailure
{
    /// <summary>Take it back to what served before.</summary>
    public const string Rollback = "rollback";

    /// <summary>Leave it as it stands.</summary>
    public const string Keep = "keep";
}

/// <summary>What an app ran or runs: an image with digest, and the digest of its specification's blob.</summary>
public sealed record DeployedVersion(string Image, string? Specification = null, string? SpecificationFormat = null, long Sequence = 0);
