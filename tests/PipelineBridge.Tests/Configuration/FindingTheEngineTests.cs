using System.Net.Sockets;
using PipelineBridge.Configuration;

namespace PipelineBridge.Tests.Configuration;

public sealed class FindingTheEngineTests : IDisposable
{
    readonly ConfigurationDirectory directory = new();
    readonly Dictionary<string, SocketError> sockets = [];

    [Theory]
    [InlineData("unix:///somewhere/docker.sock", "unix:///somewhere/docker.sock", "127.0.0.1")]
    [InlineData("tcp://h1.internal:2375", "tcp://h1.internal:2375/", "h1.internal")]
    public void It_is_where_DOCKER_HOST_says(string given, string url, string address)
    {
        directory.Environment["DOCKER_HOST"] = given;
        Found().Host!.Should().Match<PipelineBridge.Cluster.Engine.EngineHostOptions>(h => h.Name == "local" && h.Url == new Uri(url) && h.Address == address && !h.IsTls);
    }

    [Theory]
    [InlineData("ssh://ann@h1.internal")]
    [InlineData("npipe:////./pipe/docker_engine")]
    [InlineData("h1.internal:2375")]
    [InlineData("tcp://h1.internal")]
    public void A_DOCKER_HOST_that_is_not_understood_is_named(string given)
    {
        directory.Environment["DOCKER_HOST"] = given;
        Found().Should().Be(new LocalEngine(null, $"DOCKER_HOST \"{given}\" is no address that is understood here: give a socket, unix:///PATH, or tcp://HOST:PORT"));
    }

    [Fact]
    public void With_DOCKER_TLS_VERIFY_it_is_spoken_to_with_the_certificates_of_DOCKER_CERT_PATH_and_one_that_is_missing_is_named()
    {
        directory.Environment["DOCKER_HOST"] = "tcp://h1.internal:2376";
        directory.Environment["DOCKER_TLS_VERIFY"] = "1";
        Found().Why.Should().Be("DOCKER_TLS_VERIFY is set, and neither DOCKER_CERT_PATH nor HOME says where the certificates are");
        directory.Environment["DOCKER_CERT_PATH"] = Path.Combine(directory.Root, "certificates");
        var (authority, certificate) = (directory.Write("certificates/ca.pem", "a"), directory.Write("certificates/cert.pem", "c"));
        Found().Should().Be(new LocalEngine(null, $"DOCKER_TLS_VERIFY is set, and {Path.Combine(directory.Root, "certificates", "key.pem")} is not there: DOCKER_CERT_PATH must be a directory with ca.pem, cert.pem and key.pem"));
        directory.Write("certificates/key.pem", "k");
        Found().Host!.Should().Match<PipelineBridge.Cluster.Engine.EngineHostOptions>(h => h.IsTls && h.Authority == authority && h.Certificate == certificate && h.Key!() == "k");
    }

    [Fact]
    public void A_socket_that_this_user_may_not_open_is_named_and_one_without_root_is_taken_in_its_place()
    {
        Found().Should().Be(new LocalEngine(null, null), "nothing points to one");
        sockets["/var/run/docker.sock"] = SocketError.AccessDenied;
        Found().Should().Be(new LocalEngine(null, "this user may not open /var/run/docker.sock: add it to the group docker and sign in anew, or say by DOCKER_HOST where another engine is"));
        directory.Environment["XDG_RUNTIME_DIR"] = "/run/user/1000";
        sockets["/run/user/1000/docker.sock"] = SocketError.Success;
        Found().Host!.Url.Should().Be(new Uri("unix:///run/user/1000/docker.sock"));
        sockets["/var/run/docker.sock"] = SocketError.ConnectionRefused;
        Found().Host!.Url.Should().Be(new Uri("unix:///var/run/docker.sock"), "it may be started later");
        directory.Environment["DOCKER_HOST"] = "unix:///other.sock";
        sockets["/other.sock"] = SocketError.AccessDenied;
        Found().Why.Should().StartWith("this user may not open /other.sock");
    }

    public void Dispose() => directory.Dispose();

    LocalEngine Found() => LocalEngine.Find(directory.Environment, path => sockets.TryGetValue(path, out var answer) ? answer : null);
}
