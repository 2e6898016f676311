using System.Collections.Concurrent;
using PipelineBridge.Registry.Oci;

namespace PipelineBridge.Registry;

/// <summary>The pooled connections of the registry stage, and what it learned about each registry on the way; one for all handlers.</summary>
public sealed class RegistryConnections : IDisposable
{
    readonly ConcurrentDictionary<string, RegistryConnection> byName = new(StringComparer.OrdinalIgnoreCase);
    readonly HttpMessageInvoker http;
    readonly TimeProvider clock;

    /// <summary>Connections to the registries of the configuration; a connection is made when it is needed.</summary>
    public RegistryConnections(IReadOnlyList<RegistryOptions> registries, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(registries);
        this.clock = clock;
        http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            // A redirect would carry a body or credentials to a place that nobody configured.
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        });
        foreach (var registry in registries)
        {
            byName[registry.Name] = new RegistryConnection(registry, isConfigured: true, http, clock);
        }
    }

    internal RegistryConnection To(string name) => byName.GetOrAdd(name, Unknown);

    RegistryConnection Unknown(string name)
    {
        var url = new Uri($"https://{name}/");
        return new RegistryConnection(new RegistryOptions(name, url.IsLoopback ? new Uri($"http://{name}/") : url), isConfigured: false, http, clock);
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose()
    {
        foreach (var connection in byName.Values)
        {
            connection.Dispose();
        }
        http.Dispose();
    }
}
