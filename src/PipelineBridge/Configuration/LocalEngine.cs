using System.Net.Sockets;
using PipelineBridge.Cluster.Engine;

namespace PipelineBridge.Configuration;

/// <summary>The Docker engine of this machine, found as the docker command finds it; or why there is none that can be used.</summary>
/// <param name="Host">The engine; null when there is none.</param>
/// <param name="Why">Why there is none, in a sentence that names what is wrong; null when nothing points to one.</param>
sealed record LocalEngine(EngineHostOptions? Host, string? Why)
{
    static readonly string[] UsualSockets = ["/var/run/docker.sock", "/run/docker.sock"];

    /// <summary>Of <c>DOCKER_HOST</c> with <c>DOCKER_TLS_VERIFY</c> and <c>DOCKER_CERT_PATH</c>; else at a socket where Docker usually is, that of a user without root too.</summary>
    public static LocalEngine Find(IReadOnlyDictionary<string, string> environment) => Find(environment, Opens);

    /// <param name="environment">The variables.</param>
    /// <param name="opens">What opening a socket comes to; null when it is not there.</param>
    public static LocalEngine Find(IReadOnlyDictionary<string, string> environment, Func<string, SocketError?> opens)
    {
        if (Of(environment, "DOCKER_HOST") is { } given)
        {
            if (!Uri.TryCreate(given, UriKind.Absolute, out var url) || url is not ({ Scheme: "unix", AbsolutePath.Length: > 1 } or { Scheme: "tcp", Host.Length: > 0, Port: > 0 }))
            {
                return new(null, $"DOCKER_HOST {Findings.Shown(given)} is no address that is understood here: give a socket, unix:///PATH, or tcp://HOST:PORT");
            }
            return url.Scheme == "tcp" ? OverTcp(url, environment) : Refused(url.AbsolutePath, opens(url.AbsolutePath)) is { } why ? new(null, why) : Local(url);
        }
        string? first = null;
        foreach (var socket in Sockets(environment))
        {
            if (opens(socket) is not { } answer)
            {
                continue;
            }
            if (Refused(socket, answer) is not { } why)
            {
                return Local(new Uri($"unix://{socket}"));
            }
            first ??= why;
        }
        return new(null, first);
    }

    static LocalEngine OverTcp(Uri url, IReadOnlyDictionary<string, string> environment)
    {
        // As for the docker command: without the first the second says nothing.
        if (Of(environment, "DOCKER_TLS_VERIFY") is null)
        {
            return Local(url);
        }
        var directory = Of(environment, "DOCKER_CERT_PATH") ?? (Of(environment, "HOME") is { } home ? Path.Combine(home, ".docker") : null);
        if (directory is null)
        {
            return new(null, "DOCKER_TLS_VERIFY is set, and neither DOCKER_CERT_PATH nor HOME says where the certificates are");
        }
        var (authority, certificate, key) = (Path.Combine(directory, "ca.pem"), Path.Combine(directory, "cert.pem"), Path.Combine(directory, "key.pem"));
        return Array.Find([authority, certificate, key], f => !File.Exists(f)) is { } missing
            ? new(null, $"DOCKER_TLS_VERIFY is set, and {missing} is not there: DOCKER_CERT_PATH must be a directory with ca.pem, cert.pem and key.pem")
            : new(new EngineHostOptions("local", url, EngineHostsReader.AddressOf(url)) { Authority = authority, Certificate = certificate, Key = () => File.ReadAllText(key) }, null);
    }

    static LocalEngine Local(Uri url) => new(new EngineHostOptions("local", url, EngineHostsReader.AddressOf(url)), null);

    static IEnumerable<string> Sockets(IReadOnlyDictionary<string, string> environment) =>
    [
        .. UsualSockets,
        .. Of(environment, "XDG_RUNTIME_DIR") is { } runtime ? [Path.Combine(runtime, "docker.sock")] : Array.Empty<string>(),
        .. Of(environment, "HOME") is { } home ? [Path.Combine(home, ".docker/run/docker.sock"), Path.Combine(home, ".docker/desktop/docker.sock")] : Array.Empty<string>(),
    ];

    // One that nobody answers at may be started later: what is deployed waits for it.
    static string? Refused(string socket, SocketError? answer) => answer == SocketError.AccessDenied
        ? $"this user may not open {socket}: add it to the group docker and sign in anew, or say by DOCKER_HOST where another engine is"
        : null;

    static SocketError? Opens(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return SocketError.Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
        catch (ArgumentException)
        {
            // Longer than a socket's path may be: told when it is used.
            return SocketError.Success;
        }
    }

    static string? Of(IReadOnlyDictionary<string, string> environment, string name) => environment.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
}
