using System.Net.Sockets;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace PipelineBridge.Messaging.Broker;

/// <summary>
/// Opens connections to the broker. Automatic recovery is off: it would keep a channel whose unconfirmed messages nobody
/// knows of any more, so whoever publishes or consumes opens a new one and begins from what is not confirmed.
/// </summary>
public static class BrokerConnection
{
    /// <summary>How long a connection may take to open and an answer to come.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Opens a connection.</summary>
    /// <param name="options">How the broker is reached.</param>
    /// <param name="name">What the connection is for, as the broker's own page shows it, e.g. <c>bridge relay</c>.</param>
    /// <param name="cancellation">Ends the opening.</param>
    /// <exception cref="BrokerException">It cannot be had; the message says why.</exception>
    public static async Task<IConnection> Open(BrokerOptions options, string name, CancellationToken cancellation)
    {
        var factory = new ConnectionFactory
        {
            HostName = options.Url.Host,
            Port = options.Url.Port > 0 ? options.Url.Port : AmqpTcpEndpoint.UseDefaultPort,
            VirtualHost = options.VirtualHost,
            UserName = options.Username,
            Password = options.Password() ?? "",
            ClientProvidedName = $"pipelinebridge {name}",
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = TimeSpan.FromSeconds(10),
            RequestedConnectionTimeout = Patience,
            ContinuationTimeout = Patience,
        };
        factory.Ssl.Enabled = options.IsTls;
        factory.Ssl.ServerName = options.Url.Host;
        try
        {
            return await factory.CreateConnectionAsync(cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            throw Said(options, e);
        }
    }

    /// <summary>Why it failed, for a person.</summary>
    public static BrokerException Said(BrokerOptions options, Exception e)
    {
        for (var at = e; at is not null; at = at.InnerException)
        {
            switch (at)
            {
                case BrokerException said:
                    return said;
                case AuthenticationFailureException:
                    return new BrokerException($"The broker at {options.Shown} refuses {options.Username}: its name or password is wrong. See broker.username and broker.password.", false, e);
                // The client's guess of whatever ends a connection while it signs in; a wrong password is said by 403, and is the case above.
                case PossibleAuthenticationFailureException:
                    return new BrokerException($"The broker at {options.Shown} ended the connection while {options.Username} signed in, without saying why.", true, e);
                case PublishException { IsReturn: true }:
                    return new BrokerException($"The broker at {options.Shown} has no queue that takes it.", true, e);
                case PublishException:
                    return new BrokerException($"The broker at {options.Shown} did not take it: a queue is full, or has no majority of its nodes.", true, e);
                // 530: the virtual host is not there, or the user may not enter it (AMQP 0-9-1, not-allowed).
                case OperationInterruptedException { ShutdownReason.ReplyCode: 530 } closed:
                    return new BrokerException($"The broker at {options.Shown} does not let {options.Username} in: {Text(closed)}. Give the virtual host as the path of broker.url, and the user permissions in it.", false, e);
                case OperationInterruptedException { ShutdownReason.ReplyCode: 403 } closed:
                    return new BrokerException($"The broker at {options.Shown} does not let {options.Username} do it: {Text(closed)}. `pipelinebridge broker definitions` prints the permissions that are needed.", false, e);
                case OperationInterruptedException { ShutdownReason: { } reason }:
                    return new BrokerException($"The broker at {options.Shown} closed the connection: {reason.ReplyText}.", true, e);
                case System.Security.Authentication.AuthenticationException:
                    return new BrokerException($"The broker at {options.Shown} shows a certificate that this machine does not trust: {at.Message}", false, e);
                case SocketException socket:
                    return new BrokerException($"The broker at {options.Shown} cannot be reached: {socket.Message}.", true, e);
            }
        }
        return new BrokerException($"The broker at {options.Shown} cannot be used now: {e.Message}", true, e);
    }

    internal static string Text(OperationInterruptedException e) => e.ShutdownReason!.ReplyText.TrimEnd('.');
}
