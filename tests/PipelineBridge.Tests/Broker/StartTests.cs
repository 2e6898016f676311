using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;
using PipelineBridge.Tests.Processes;
using RabbitMQ.Client;

namespace PipelineBridge.Tests.Broker;

/// <summary>Processes on a broker that does not let them, or is somebody else's: they end with a word, and have started nothing.</summary>
[Collection(BrokerTests.Name), Trait("Needs", "service")]
public sealed class StartTests(RabbitMqServer broker) : IDisposable
{
    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("pipelinebridge-start-");

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Delete(recursive: true);

    [Theory]
    [InlineData("bridge")]
    [InlineData("worker", "--stage", "registry")]
    public async Task A_wrong_password_and_a_missing_virtual_host_end_a_process_that_has_started_nothing(params string[] verb)
    {
        RabbitMqServer.SkipWhereMissing();
        var host = await broker.NewVirtualHost();

        await Refused(verb, Configuration(host, "wrong-one"), $"The broker at 127.0.0.1:{broker.Port}, virtual host {host} refuses guest: its name or password is wrong. See broker.username and broker.password.");
        await Refused(verb, Configuration("nowhere", RabbitMqServer.Password), "vhost nowhere not found");
        (await broker.Control("list_queues", "-p", host, "name")).Trim().Should().BeEmpty();
    }

    [Theory]
    [InlineData("bridge")]
    [InlineData("worker", "--stage", "registry")]
    public async Task Another_topology_under_our_names_ends_a_process_that_has_started_nothing(params string[] verb)
    {
        RabbitMqServer.SkipWhereMissing();
        var host = await broker.NewVirtualHost();
        var options = broker.Options(host);
        await using (var connection = await BrokerConnection.Open(options, "somebody", Stop))
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: Stop);
            await channel.ExchangeDeclareAsync(Topology.WorkExchange, ExchangeType.Fanout, durable: true, cancellationToken: Stop);
            await channel.QueueDeclareAsync(Queues.Outcomes, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" }, cancellationToken: Stop);
        }

        var told = await Refused(verb, Configuration(host, RabbitMqServer.Password), "has another topology under our names; nothing was started");

        told.Should().Contain("'type' for exchange 'pipelinebridge.work'").And.Contain("received 'topic' but current is 'fanout'").And.Contain("for queue 'bridge.outcomes'");
        (await broker.Control("list_queues", "-p", host, "name")).Trim().Should().Be("bridge.outcomes");
    }

    async Task<string> Refused(string[] verb, string configuration, string word)
    {
        var (exitCode, output, errors) = await BridgeProcess.Run([.. verb, "--file", configuration]);
        errors.Should().Contain(word).And.NotContain("   at ", "nobody reads a stack");
        errors.Trim().Split('\n').Should().ContainSingle();
        output.Should().BeEmpty();
        exitCode.Should().Be(1);
        File.Exists(Path.Combine(directory.FullName, "journal.db")).Should().BeFalse();
        return errors;
    }

    string Configuration(string virtualHost, string password)
    {
        string Write(string name, string text)
        {
            var path = Path.Combine(directory.FullName, name);
            File.WriteAllText(path, text);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
            return path;
        }
        Write("broker", password);
        Write("stage", "key-of-a-stage");
        return Write("bridge.yaml", $$"""
            listen: http://127.0.0.1:0
            url: https://bridge.internal
            journal: {{Path.Combine(directory.FullName, "journal.db")}}
            broker: { url: "amqp://127.0.0.1:{{broker.Port}}/{{virtualHost}}", username: {{RabbitMqServer.User}}, password: { file: broker } }
            worker: { bridge: "http://127.0.0.1:1/", key: { file: stage } }
            keys:
              - { name: test, sha256: [{{Tests.Configuration.ConfigurationDirectory.Hash}}], verbs: ["*"], apps: ["*"] }
            """);
    }
}
