using System.Text;
using System.Text.RegularExpressions;
using PipelineBridge.Cluster.Specification;
using PipelineBridge.Messaging;

namespace PipelineBridge.Tests.Cluster;

public partial class ServiceSpecificationTests
{
    static IReadOnlyList<SpecificationFinding> Check(string content, string? kind = "engine", string[]? hostnames = null, string? image = null, int? seconds = null, int? replicas = null) =>
        new ServiceSpecificationCheck(_ => kind).Check(new SpecificationToCheck("portal", "prod", Encoding.UTF8.GetBytes(content), hostnames ?? [], replicas, image, seconds));

    [Fact]
    public void The_example_of_the_documentation_is_right_everywhere_it_says()
    {
        var example = Example().Match(File.ReadAllText(Repository.PathOf("docs", "specification.md"))).Groups[1].Value;
        Check(example).Where(f => f.IsMistake).Should().BeEmpty();
        var service = ServiceReader.Read(Encoding.UTF8.GetBytes(example));
        service.Replicas.Should().Be(2);
        service.Command.Should().Equal("serve", "--port", "8080");
        service.Ports.Should().Equal(new ServicePort(8080, null, "tcp"), new ServicePort(9090, 9090, "tcp"));
        service.Health!.GraceSeconds.Should().Be(20);
        (service.Cpus, service.MemoryMiB, service.StopSeconds).Should().Be((0.5, 256, 15));
        service.Volumes.Should().Equal(new ServiceVolume("portal-data", null, "/data", false), new ServiceVolume(null, "/etc/ssl/certs", "/etc/ssl/certs", true));
        service.BeforeDeploy!.Command.Should().Equal("migrate");
        Check(example, "swarm").Where(f => f.IsMistake).Select(f => f.Field).Should().Equal("spec.beforeDeploy");
        Check(example, "marathon").Where(f => f.IsMistake).Select(f => f.Field).Should().BeEquivalentTo("spec.beforeDeploy", "spec.volumes");
    }

    [Fact]
    public void The_same_as_JSON_is_the_same()
    {
        var json = """{"kind": "service", "ports": [8080], "health": {"path": "/health"}, "env": {"A": "1"}, "secrets": ["db"]}""";
        ServiceReader.Is(Encoding.UTF8.GetBytes(json)).Should().BeTrue();
        var service = ServiceReader.Read(Encoding.UTF8.GetBytes(json));
        service.Ports.Should().Equal(new ServicePort(8080, null, "tcp"));
        service.Env.Should().Contain("A", "1");
        service.Secrets.Should().Equal(new ServiceFile("db", null));
    }

    [Theory]
    [InlineData("{\"id\": \"/portal\", \"cmd\": \"serve\"}", false)]
    [InlineData("kind: service", true)]
    [InlineData("kind: \"service\"\nports: [", true)]
    [InlineData("{\"kind\": \"service\", \"ports\": [}", true)]
    [InlineData("env: {kind: service}", false)]
    [InlineData("", false)]
    [InlineData("- kind: service", false)]
    public void It_says_itself_what_it_is(string content, bool isOne) => ServiceReader.Is(Encoding.UTF8.GetBytes(content)).Should().Be(isOne);

    [Theory]
    [InlineData("replicas: two", "spec.replicas", "two", "it must be a whole number from 0 to 1000.", 2)]
    [InlineData("ports: 8080", "spec.ports", "8080", "it must be a list.", 2)]
    [InlineData("ports: [{host: 80}]", "spec.ports[0].container", null, "the port in the task is missing.", 2)]
    [InlineData("ports: [80, 80]", "spec.ports", null, "80/tcp stands there twice.", 2)]
    [InlineData("ports: [{container: 1, host: 80}, {container: 2, host: 80}]", "spec.ports", null, "port 80 of the host stands there twice.", 2)]
    [InlineData("healthy: {path: /}", "spec.healthy", null, "it is not known. Known are kind, image,", 2)]
    [InlineData("health: {path: /health}", "spec.health.port", null, "spec.ports has no port that could be asked; give it there.", 2)]
    [InlineData("health: {}", "spec.health.path", null, "give path, asked by HTTP, or command, run in the task: one of the two.", 2)]
    [InlineData("ports: [80]\nhealth: {path: health}", "spec.health.path", "health", "it must begin with a slash.", 3)]
    [InlineData("resources: {cpus: much}", "spec.resources.cpus", "much", "it must be a number above 0, such as 0.5.", 2)]
    [InlineData("resources: {memory: 5}", "spec.resources.memory", null, "it is not known. Known are cpus, memoryMiB.", 2)]
    [InlineData("volumes: [/data]", "spec.volumes[0].name", null, "give name, of a volume, or host, a directory of the host: one of the two.", 2)]
    [InlineData("restart: sometimes", "spec.restart", "sometimes", "it must be one of: always, on-failure, never.", 2)]
    [InlineData("env: [A]", "spec.env", null, "it must be a mapping of names to values.", 2)]
    [InlineData("hostnames: [\"a b\"]", "spec.hostnames", null, "its entry 1, \"a b\", is no host name, e.g. portal.example.org.", 2)]
    [InlineData("beforeDeploy: {timeoutSeconds: 5}", "spec.beforeDeploy.command", null, "what it runs is missing, e.g. [\"migrate\"].", 2)]
    [InlineData("image: Portal", "spec.image", "Portal", "it is no image:", 2)]
    [InlineData("networks: [\"a b\"]", "spec.networks", null, "\"a b\" is no name: it has letters, digits, _, . and -.", 2)]
    public void A_mistake_is_told_with_its_field_its_value_and_its_line(string yaml, string field, string? value, string message, int line) =>
        Check("kind: service\n" + yaml).Where(f => f.IsMistake).Should().Contain(f => f.Field == field && f.Value == value && f.Message.StartsWith(message) && f.Line == line);

    [Theory]
    [InlineData("kind: service\nports: [", "it is no YAML, at line")]
    [InlineData("kind: service\nimage: a\nimage: b", "it is no YAML, at line 3, column 1. A field stands there twice.")]
    [InlineData("- kind: service", "it must be a mapping that begins with kind: service.")]
    [InlineData("", "it must be a mapping that begins with kind: service.")]
    public void What_is_no_specification_at_all_is_told(string content, string message) =>
        Check(content).Should().ContainSingle().Which.Message.Should().StartWith(message);

    [Theory]
    [InlineData("engine", "secrets: [db]", "spec.secrets")]
    [InlineData("engine", "configs: [db]", "spec.configs")]
    [InlineData("engine", "replicas: 0", "spec.replicas")]
    [InlineData("engine", "networks: [backend, bridge]", "spec.networks")]
    [InlineData("engine", "networks: [host]", "spec.networks")]
    [InlineData("engine", "networks: [none]", "spec.networks")]
    [InlineData("swarm", "beforeDeploy: {command: [a]}", "spec.beforeDeploy")]
    [InlineData("marathon", "beforeDeploy: {command: [a]}", "spec.beforeDeploy")]
    [InlineData("marathon", "secrets: [db]", "spec.secrets")]
    [InlineData("marathon", "configs: [db]", "spec.configs")]
    [InlineData("marathon", "restart: never", "spec.restart")]
    [InlineData("marathon", "networks: [a, b]", "spec.networks")]
    [InlineData("marathon", "volumes: [{name: data, path: /data}]", "spec.volumes")]
    public void What_has_no_meaning_on_a_cluster_is_refused_by_name(string kind, string yaml, string field) =>
        Check("kind: service\n" + yaml, kind).Where(f => f.IsMistake).Should().ContainSingle().Which.Should().Match<SpecificationFinding>(f => f.Field == field && f.Message.StartsWith("it has no meaning here: "));

    [Fact]
    public void No_tasks_at_all_are_refused_on_engines_whoever_says_so()
    {
        Check("kind: service\nreplicas: 2", replicas: 0).Where(f => f.IsMistake).Should().ContainSingle().Which.Should().Match<SpecificationFinding>(f => f.Field == "replicas" && f.Value == "0" && f.Message.EndsWith("Give 1 or more, or remove the app."));
        Check("kind: service\nreplicas: 0", replicas: 2).Should().NotContain(f => f.IsMistake);
        Check("kind: service\nreplicas: 0", "swarm").Should().NotContain(f => f.IsMistake);
    }

    [Fact]
    public void An_interval_that_the_watch_of_engines_does_not_keep_is_told()
    {
        Check("kind: service\nports: [80]\nhealth: {path: /, intervalSeconds: 2}").Should().Contain(f => !f.IsMistake && f.Field == "spec.health.intervalSeconds" && f.Value == "2");
        Check("kind: service\nports: [80]\nhealth: {path: /, intervalSeconds: 5}").Should().NotContain(f => f.Field == "spec.health.intervalSeconds");
        Check("kind: service\nhealth: {command: [a], intervalSeconds: 2}").Should().NotContain(f => f.Field == "spec.health.intervalSeconds");
    }

    [Fact]
    public void Host_names_need_a_check()
    {
        Check("kind: service\nhostnames: [portal.internal]").Should().Contain(f => f.IsMistake && f.Field == "spec.health");
        Check("kind: service", hostnames: ["portal.internal"]).Should().Contain(f => f.IsMistake && f.Field == "spec.health");
        Check("kind: service").Should().Contain(f => !f.IsMistake && f.Field == "spec.health");
    }

    [Fact]
    public void Another_repository_and_a_fixed_port_are_told_and_taken()
    {
        Check("kind: service\nimage: registry.internal/other", image: "registry.internal/portal:1").Should().Contain(f => !f.IsMistake && f.Field == "spec.image");
        Check("kind: service\nports: [{container: 80, host: 80}]").Should().Contain(f => !f.IsMistake && f.Field == "spec.ports");
        Check("kind: service\nports: [80]\nhealth: {path: /, graceSeconds: 60}", seconds: 60).Should().Contain(f => !f.IsMistake && f.Field == "spec.health.graceSeconds");
    }

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
