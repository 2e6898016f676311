using PipelineBridge.Configuration;
using PipelineBridge.Tests.Processes;

namespace PipelineBridge.Tests.Configuration;

public sealed class BrokerConfigurationTests : IDisposable
{
    const string Broker = "broker:\n  url: amqp://rabbit.internal:5672/hospital\n  username: pipelinebridge-bridge\n  password: { file: broker }\n";

    readonly ConfigurationDirectory directory = new();

    public BrokerConfigurationTests() => directory.Write("broker", "secret of the broker\n");

    public void Dispose() => directory.Dispose();

    [Fact]
    public void A_broker_is_an_address_a_user_and_the_place_of_a_password()
    {
        var broker = directory.Good(ConfigurationDirectory.Keys + Broker).Broker!;
        broker.VirtualHost.Should().Be("hospital");
        broker.Username.Should().Be("pipelinebridge-bridge");
        broker.Password().Should().Be("secret of the broker");
        broker.ConsumerTimeoutSeconds.Should().Be(1800);
        broker.LongestDeadlineSeconds.Should().Be(840);
    }

    [Theory]
    [InlineData("url: amqp://rabbit.internal:5672/hospital", "url: http://rabbit.internal", "broker.url \"http://rabbit.internal\" is no address of a broker. Give one such as amqp://rabbit.internal:5672/.")]
    [InlineData("url: amqp://rabbit.internal:5672/hospital", "url: amqp://bridge:secret@rabbit.internal", "broker.url has a name or a password in it. Give them as broker.username and broker.password.")]
    [InlineData("password: { file: broker }", "password: secret", "broker.password must not hold the secret itself.")]
    [InlineData("password: { file: broker }", "password: { file: broker }\n  consumerTimeout: 30", "broker.consumerTimeout \"30\" is no time between 10s and 168h. Give the broker's consumer_timeout, such as 30m.")]
    [InlineData("  username: pipelinebridge-bridge\n", "", "broker has no username.")]
    public void A_mistake_of_the_broker_is_told(string right, string wrong, string mistake) =>
        directory.OnlyMistake(ConfigurationDirectory.Keys + Broker.Replace(right, wrong, StringComparison.Ordinal)).Should().Contain(mistake);

    [Fact]
    public void A_health_timeout_must_fit_twice_into_the_time_that_the_broker_grants() =>
        directory.OnlyMistake(ConfigurationDirectory.Keys + Broker + "environments:\n  prod:\n    zone: internal\n    healthTimeoutSeconds: 900\n").Should()
            .Contain("environments.prod.healthTimeoutSeconds 900 is too long for broker.consumerTimeout, 1800 seconds").And.Contain("Give at most 840");

    [Fact]
    public void A_process_does_not_ask_for_the_secrets_of_another()
    {
        var yaml = ConfigurationDirectory.Keys + Broker + "registries:\n  registry.internal:\n    username: bridge\n    password: { file: not-here }\n";
        directory.OnlyMistake(yaml).Should().Contain("not-here");
        var file = directory.Write("bridge.yaml", yaml);
        var read = BridgeConfiguration.Load(file, directory.Environment, needed: ["broker"]);
        read.Mistakes.Should().BeEmpty();
        read.Configuration!.Registries.Single().Password!().Should().BeNull();
        read.Configuration.Broker!.Password().Should().Be("secret of the broker");
    }

    [Fact]
    public void A_process_does_not_ask_for_the_directories_of_another()
    {
        var yaml = ConfigurationDirectory.Keys + Broker + "journal: /not/here/journal.db\nlayouts: { builds: /not/here }\n";
        directory.OnlyMistake(yaml).Should().Contain("/not/here/journal.db");
        var file = directory.Write("bridge.yaml", yaml);
        BridgeConfiguration.Load(file, directory.Environment, needed: ["broker"]).Should().Match<ConfigurationResult>(r => r.Mistakes.Count == 0 && r.Warnings.Count == 0);
        BridgeConfiguration.Load(file, directory.Environment, needed: ["broker", "layouts"]).Warnings.Should().ContainSingle();
    }

    [Theory]
    [InlineData("registry", 2)]
    [InlineData("cluster", 0)]
    [InlineData("bridge", 0)]
    public async Task The_registry_stage_needs_the_key_of_an_engine_and_no_other_process_does(string process, int exitCode)
    {
        directory.Write("engine.pem", "");
        var yaml = ConfigurationDirectory.Keys + Broker + "engines:\n  build-1: { url: tcp://127.0.0.1:2376, certificate: engine.pem, key: { file: not-here } }\nworker: { key: { file: broker } }\n";

        var check = await BridgeProcess.Run(["config", "check", "--file", directory.Write("bridge.yaml", yaml), "--for", process]);

        check.ExitCode.Should().Be(exitCode, check.Output + check.Errors);
    }
}
