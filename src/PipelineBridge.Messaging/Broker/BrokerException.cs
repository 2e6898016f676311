namespace PipelineBridge.Messaging.Broker;

/// <summary>The broker cannot be used; the message says in a sentence why.</summary>
/// <param name="message">The sentence.</param>
/// <param name="waitingHelps">Whether it may be otherwise later without anybody changing a configuration: it is not there now.</param>
/// <param name="cause">What it was told by.</param>
public sealed class BrokerException(string message, bool waitingHelps, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Whether it may be otherwise later by itself: it cannot be reached. Otherwise somebody must change something.</summary>
    public bool WaitingHelps => waitingHelps;
}
