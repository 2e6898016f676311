using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Cluster;
using PipelineBridge.Cluster.Specification;

namespace PipelineBridge.Tests.Cluster;

public class SpecificationConversionTests
{
    const string Portal = """
        kind: service
        image: registry.internal/portal
        replicas: 2
        ports: [8080]
        health: {path: /health, intervalSeconds: 7}
        resources: {cpus: 0.5, memoryMiB: 64}
        env: {A: "1"}
        stopSeconds: 20
        """;

    static JsonNode Converted(string kind, string yaml = Portal)
    {
        var (text, findings) = SpecificationConversion.Convert(Encoding.UTF8.GetBytes(yaml), kind, new AppKey("portal", "prod"), null);
        findings.Where(f => f.IsMistake).Should().BeEmpty();
        text.Should().NotContain("pipelinebridge.request", "the marks come with a deployment");
        return JsonNode.Parse(text!)!;
    }

    [Fact]
    public void An_engine_is_given_a_container()
    {
        var made = Converted("engine");
        ((string)made["Image"]!).Should().Be("registry.internal/portal");
        ((long)made["HostConfig"]!["Memory"]!, (long)made["HostConfig"]!["NanoCpus"]!, (int)made["StopTimeout"]!).Should().Be((64L << 20, 500_000_000, 20));
        ((string)made["HostConfig"]!["RestartPolicy"]!["Name"]!).Should().Be("unless-stopped");
        made["ExposedPorts"]!["8080/tcp"].Should().NotBeNull();
        ((string)made["Labels"]!["pipelinebridge.health.path"]!).Should().Be("/health");
    }

    [Fact]
    public void An_engine_is_given_the_task_before_too_and_each_network()
    {
        var made = Converted("engine", Portal + "\nnetworks: [front, back]\nbeforeDeploy: {command: [migrate, --all]}").AsArray();
        made.Should().HaveCount(2);
        made[0]!["Cmd"]!.AsArray().Select(c => (string)c!).Should().Equal("migrate", "--all");
        ((string)made[0]!["HostConfig"]!["RestartPolicy"]!["Name"]!, made[0]!["ExposedPorts"]).Should().Be(("no", null));
        made[1]!["ExposedPorts"]!["8080/tcp"].Should().NotBeNull();
        made.Should().AllSatisfy(c => c!["NetworkingConfig"]!["EndpointsConfig"]!.AsObject().Select(n => $"{n.Key} {n.Value!["Aliases"]![0]}").Should().Equal("front portal", "back portal"));
    }

    [Theory]
    [InlineData("engine")]
    [InlineData("swarm")]
    [InlineData("marathon")]
    public void A_variable_that_is_empty_stays(string kind)
    {
        var made = Converted(kind, Portal.Replace("env: {A: \"1\"}", "env: {A: \"1\", EMPTY: \"\"}", StringComparison.Ordinal));
        var env = kind switch
        {
            "marathon" => made["env"]!.AsObject().Select(e => $"{e.Key}={e.Value}"),
            "swarm" => made["TaskTemplate"]!["ContainerSpec"]!["Env"]!.AsArray().Select(e => (string)e!),
            _ => made["Env"]!.AsArray().Select(e => (string)e!),
        };
        env.Should().Equal("A=1", "EMPTY=");
    }

    [Fact]
    public void A_Swarm_is_given_a_service()
    {
        var made = Converted("swarm", Portal + "\nsecrets: [db]");
        ((string)made["Name"]!, (int)made["Mode"]!["Replicated"]!["Replicas"]!).Should().Be(("prod-portal", 2));
        var container = made["TaskTemplate"]!["ContainerSpec"]!;
        ((long)container["StopGracePeriod"]!, (long)container["Healthcheck"]!["Interval"]!).Should().Be((20_000_000_000, 7_000_000_000));
        ((string)container["Healthcheck"]!["Test"]![1]!).Should().Contain("http://127.0.0.1:8080/health");
        ((string)container["Secrets"]![0]!["SecretName"]!).Should().Be("db");
        ((string)made["UpdateConfig"]!["Order"]!, (string)made["EndpointSpec"]!["Ports"]![0]!["PublishMode"]!).Should().Be(("start-first", "host"));
    }

    [Fact]
    public void Marathon_is_given_an_app()
    {
        var made = Converted("marathon");
        ((int)made["instances"]!, (string)made["container"]!["docker"]!["image"]!).Should().Be((2, "registry.internal/portal"));
        ((string)made["healthChecks"]![0]!["path"]!).Should().Be("/health");
    }

    [Fact]
    public void A_native_file_and_a_mistake_convert_to_nothing()
    {
        SpecificationConversion.Convert("{\"id\":\"/portal\"}"u8.ToArray(), "engine", new AppKey("portal", "prod"), null).Should().Match<(string? Text, IReadOnlyList<PipelineBridge.Messaging.SpecificationFinding> Findings)>(
            c => c.Text == null && c.Findings[0].Message.StartsWith("it is no portable specification"));
        var (text, findings) = SpecificationConversion.Convert(Encoding.UTF8.GetBytes(Portal + "\nbeforeDeploy: {command: [migrate]}"), "swarm", new AppKey("portal", "prod"), null);
        text.Should().BeNull();
        findings.Should().Contain(f => f.IsMistake && f.Field == "spec.beforeDeploy");
    }
}
