using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace PipelineBridge.Messaging.Broker;

/// <summary>An exchange or a queue, and how it is declared.</summary>
sealed record Part(bool IsQueue, string Name, Func<IChannel, CancellationToken, Task> Declare);

/// <summary>
/// Declares part after part, and collects what the broker refuses. A refusal closes the channel (AMQP 0-9-1, channel
/// exceptions); only then another one is opened, since each step is a way to the broker and back.
/// </summary>
sealed class Declaration(IConnection connection) : IAsyncDisposable
{
    readonly List<string> refused = [];
    IChannel? channel;

    /// <summary>Whether something of that name is there.</summary>
    public async Task<bool> Exists(Part part, CancellationToken cancellation)
    {
        var open = await Channel(cancellation);
        try
        {
            await (part.IsQueue ? open.QueueDeclarePassiveAsync(part.Name, cancellation) : open.ExchangeDeclarePassiveAsync(part.Name, cancellation));
            return true;
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == 404)
        {
            return false;
        }
        // 405 resource-locked: somebody's exclusive queue has the name; declaring it will say so.
        catch (OperationInterruptedException e) when (e.ShutdownReason is { ReplyCode: 403 or 405 })
        {
            return true;
        }
    }

    /// <summary>Declares or binds; what is refused is kept, unless it is another's to do.</summary>
    public async Task Try(Func<IChannel, CancellationToken, Task> act, bool isMine, CancellationToken cancellation)
    {
        var open = await Channel(cancellation);
        try
        {
            await act(open, cancellation);
        }
        // 404: bound to what somebody else was to declare, and has not yet.
        catch (OperationInterruptedException e) when (!isMine && e.ShutdownReason is { ReplyCode: 403 or 404 })
        {
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason is { ReplyCode: 403 or 405 or 406 })
        {
            refused.Add(BrokerConnection.Text(e).Replace("PRECONDITION_FAILED - ", "", StringComparison.Ordinal) + ".");
        }
    }

    /// <summary>Says all that was refused.</summary>
    /// <exception cref="BrokerException">Something was.</exception>
    public void Refuse(BrokerOptions options)
    {
        if (refused.Count > 0)
        {
            throw new BrokerException(refused.TrueForAll(d => d.StartsWith("ACCESS_REFUSED", StringComparison.Ordinal))
                ? $"The broker at {options.Shown} does not let {options.Username} declare what it needs; nothing was started. {string.Join(" ", refused)} `pipelinebridge broker definitions` prints the permissions."
                : $"The broker at {options.Shown} has another topology under our names; nothing was started. {string.Join(" ", refused)} Delete what differs there, or give the bridge a virtual host of its own.", false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (channel is not null)
        {
            await channel.DisposeAsync();
        }
    }

    async Task<IChannel> Channel(CancellationToken cancellation)
    {
        if (channel is { IsOpen: true } open)
        {
            return open;
        }
        if (channel is not null)
        {
            await channel.DisposeAsync();
        }
        return channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
    }
}
