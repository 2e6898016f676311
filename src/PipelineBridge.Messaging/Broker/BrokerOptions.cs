namespace PipelineBridge.Messaging.Broker;

/// <summary>How the broker is reached, a RabbitMQ.</summary>
/// <param name="Url">Its address with the virtual host, e.g. <c>amqp://rabbit.internal:5672/</c>; nobody's name or password stands in it.</param>
public sealed record BrokerOptions(Uri Url)
{
    /// <summary>Who signs in.</summary>
    public string Username { get; init; } = "guest";

    /// <summary>Reads the password, each time that a connection is opened.</summary>
    public Func<string?> Password { get; init; } = () => "guest";

    /// <summary>
    /// How long the broker lets a consumer hold a message, in seconds: its <c>consumer_timeout</c>. It cannot be read over
    /// AMQP, so it is told here; work that takes longer would be given to another consumer while it still runs.
    /// </summary>
    public int ConsumerTimeoutSeconds { get; init; } = 1800;

    /// <summary>
    /// The longest deadline that a work may have, in seconds: half of what the broker grants, less a minute (of a short
    /// time less a quarter), so that a rollout and its taking back both fit.
    /// </summary>
    public int LongestDeadlineSeconds => (ConsumerTimeoutSeconds / 2) - Math.Min(60, ConsumerTimeoutSeconds / 8);

    /// <summary>The virtual host; <c>/</c> where the address names none (RabbitMQ URI specification, "vhost").</summary>
    public string VirtualHost => Url.AbsolutePath.Length > 1 ? Uri.UnescapeDataString(Url.AbsolutePath[1..]) : "/";

    /// <summary>The address for people: host, port and virtual host.</summary>
    public string Shown => $"{Url.Host}:{(Url.IsDefaultPort || Url.Port < 0 ? (IsTls ? 5671 : 5672) : Url.Port)}, virtual host {VirtualHost}";

    /// <summary>Whether the connection is under TLS.</summary>
    public bool IsTls => Url.Scheme == "amqps";
}
