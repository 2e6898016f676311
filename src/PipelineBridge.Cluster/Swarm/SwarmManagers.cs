using System.Net;
using Docker.DotNet;
using PipelineBridge.Cluster.Engine;

namespace PipelineBridge.Cluster.Swarm;

/// <summary>The managers of a Swarm: what is asked goes to the one that answered last, and to the next when it does not.</summary>
public sealed class SwarmManagers(IReadOnlyList<EngineHost> hosts) : IDisposable
{
    int current;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var host in hosts)
        {
            host.Dispose();
        }
    }

    /// <summary>Asks what changes nothing.</summary>
    internal async Task<T> Ask<T>(Func<DockerClient, CancellationToken, Task<T>> act, CancellationToken cancellation)
    {
        for (var n = 1; ; n++)
        {
            try
            {
                return await One(act, cancellation);
            }
            catch (ClusterUnreachableException) when (n < hosts.Count)
            {
                // The next manager knows the same.
            }
        }
    }

    /// <summary>Writes, once: whether a write without an answer was made is looked for by its mark.</summary>
    internal Task<T> Write<T>(Func<DockerClient, CancellationToken, Task<T>> act, CancellationToken cancellation) => One(act, cancellation);

    async Task<T> One<T>(Func<DockerClient, CancellationToken, Task<T>> act, CancellationToken cancellation)
    {
        var at = current;
        try
        {
            return await hosts[at].Call(act, "did not accept it", cancellation);
        }
        catch (ClusterUnreachableException)
        {
            current = (at + 1) % hosts.Count;
            throw;
        }
        catch (ClusterRefusedException e) when (IsNoManager(e.Answer))
        {
            current = (at + 1) % hosts.Count;
            throw new ClusterUnreachableException($"The engine {hosts[at].Options.Name} is no manager of a Swarm that works: it is a worker, or its Swarm has no leader.", e);
        }
        catch (ClusterRefusedException e) when (IsUnknown(e))
        {
            current = (at + 1) % hosts.Count;
            throw new ClusterUnreachableException($"The Swarm of the manager {hosts[at].Options.Name} lost its leader, or took too long; whether it did what it was asked is not known.", e);
        }
    }

    static bool IsNoManager(string? answer) => answer is not null
        && (answer.Contains("not a swarm manager", StringComparison.OrdinalIgnoreCase) || answer.Contains("does not have a leader", StringComparison.OrdinalIgnoreCase));

    // A leader that dies in the middle of a write may have written all the same; a manager hands on how its own call to the leader ended.
    static bool IsUnknown(ClusterRefusedException e) => e.InnerException is DockerApiException { StatusCode: HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout }
        || (e.InnerException is DockerApiException { StatusCode: >= HttpStatusCode.InternalServerError } && Array.Exists(Unfinished, word => e.Answer?.Contains(word, StringComparison.OrdinalIgnoreCase) == true));

    static readonly string[] Unfinished = ["code = Unavailable", "code = DeadlineExceeded", "code = Canceled", "context deadline exceeded", "context canceled", "raft: stopped"];
}
