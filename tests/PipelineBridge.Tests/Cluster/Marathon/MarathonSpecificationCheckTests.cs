using System.Text;
using PipelineBridge.Cluster.Marathon;
using PipelineBridge.Messaging;

namespace PipelineBridge.Tests.Cluster.Marathon;

public class MarathonSpecificationCheckTests
{
    const string Good = """
        {"id":"/prod/portal","cmd":"exec server --port $PORT0 --host ${HOST} --format '{{.Go}}' --date +%H%M%S","cpus":0.5,"mem":128,
         "container":{"type":"DOCKER","docker":{"image":"registry.internal/portal:${TAG}"},"portMappings":[{"containerPort":80,"hostPort":0,"name":"http"}]},
         "networks":[{"mode":"container/bridge"}],
         "healthChecks":[{"protocol":"HTTP","path":"/health","gracePeriodSeconds":10,"intervalSeconds":5,"timeoutSeconds":3}],
         "env":{"A":"50%","MAIL":"a@example.org","T":"<b>"}}
        """;

    static IReadOnlyList<SpecificationFinding> Check(string content, string[]? hostnames = null, int? replicas = null, string? image = null, int? seconds = null) =>
        new MarathonSpecificationCheck([new MarathonClusterOptions("main", new Uri("http://127.0.0.1:1"), new Dictionary<string, string> { ["prod"] = "/prod" })])
            .Check(new SpecificationToCheck("portal", "prod", Encoding.UTF8.GetBytes(content), hostnames ?? [], replicas, image, seconds));

    static SpecificationFinding Only(string content, string[]? hostnames = null) => Check(content, hostnames).Should().ContainSingle().Subject;

    [Fact]
    public void A_good_file_has_no_findings() => Check(Good, image: "registry.internal/portal:412").Should().BeEmpty();

    [Fact]
    public void An_old_form_alone_is_as_good_as_a_new_one() => Check("""
        {"id":"prod/portal","instances":2,"ports":[8080],"uris":["file:///etc/docker.tar.gz"],
         "container":{"type":"DOCKER","docker":{"image":"registry.internal/portal:1","network":"BRIDGE","portMappings":[{"containerPort":80,"hostPort":0}]}},
         "healthChecks":[{"path":"/","gracePeriodSeconds":5}]}
        """).Should().BeEmpty();

    [Theory]
    [InlineData("{\n  \"id\": \"/prod/portal\",\n  \"mem\": 12,\n}", 4, 1)]
    [InlineData("{\r\n  \"env\": {\"ü\": tru}\r\n}", 2, 19)]
    [InlineData("{\n \"instances\": {{INSTANCES}}\n}", 2, 16)]
    [InlineData("{\"id\": \"/prod/po", 1, 17)]
    [InlineData("", 1, 1)]
    [InlineData("{\"id\": 1,\n \"id\": 2}", 2, 2)]
    public void What_is_no_JSON_is_named_with_line_and_column(string content, int line, int column)
    {
        var finding = Only(content);
        finding.IsMistake.Should().BeTrue();
        finding.Line.Should().Be(line);
        finding.Message.Should().Contain($"line {line}, column {finding.Column}");
        finding.Column.Should().Be(column);
    }

    [Fact]
    public void What_Marathon_itself_answers_is_good_with_its_empty_lists() => Check("""
        {"id":"/prod/portal","cmd":"run","args":[],"uris":[],"fetch":[{"uri":"file:///etc/docker.tar.gz"}],"networks":[],"ipAddress":null,"env":{},"secrets":{},"version":"2026-11-24T13:02:11.042Z",
         "instances":2,"container":{"type":"DOCKER","docker":{"image":"registry.internal/portal:1","network":"HOST","portMappings":[]},"volumes":[]},
         "healthChecks":[{"path":"/","gracePeriodSeconds":5}],"readinessChecks":[],"tasksRunning":2,"deployments":[]}
        """).Should().BeEmpty();

    [Fact]
    public void A_byte_order_mark_is_no_mistake() => Check("\uFEFF" + Good).Should().BeEmpty();

    [Theory]
    [InlineData("[{\"id\":\"/prod/portal\"}]", "a list of 1")]
    [InlineData("\"x\"", "a JSON object")]
    [InlineData("null", "a JSON object")]
    [InlineData("{\"id\":\"/prod\",\"apps\":[]}", "group")]
    [InlineData("{\"id\":\"/\",\"groups\":[]}", "group")]
    [InlineData("{\"app\":{\"id\":\"/prod/portal\"}}", "GET /v2/apps/ID")]
    public void What_is_no_single_app_is_refused(string content, string says)
    {
        var finding = Only(content);
        finding.IsMistake.Should().BeTrue();
        finding.Message.Should().Contain(says);
    }

    [Theory]
    [InlineData("\"id\":\"/prod/other\"", "spec.id", "/prod/other")]
    [InlineData("\"id\":7", "spec.id", null)]
    [InlineData("\"cmd\":\"a\",\"args\":[\"b\"]", "spec.args", null)]
    [InlineData("\"instances\":1.5", "spec.instances", "1.5")]
    [InlineData("\"mem\":\"128\"", "spec.mem", "\"128\"")]
    [InlineData("\"args\":\"b\"", "spec.args", "a text")]
    [InlineData("\"env\":{\"PORT\":8080}", "spec.env.PORT", "a number")]
    [InlineData("\"labels\":{\"a\":true}", "spec.labels.a", "true or false")]
    [InlineData("\"env\":{\"P\":{\"secret\":\"db\"}}", "spec.env.P", "db")]
    [InlineData("\"networks\":[{}],\"ipAddress\":{}", "spec.ipAddress", null)]
    [InlineData("\"uris\":[\"a\"],\"fetch\":[{\"uri\":\"a\"}]", "spec.uris", null)]
    [InlineData("\"readinessChecks\":[{\"portName\":\"web\"}],\"portDefinitions\":[{\"name\":\"http\"}]", "spec.readinessChecks[0].portName", "web")]
    [InlineData("\"readinessChecks\":[{\"portName\":\"a\"},{\"portName\":\"a\"}],\"portDefinitions\":[{\"name\":\"a\"}]", "spec.readinessChecks", null)]
    [InlineData("\"upgradeStrategy\":{\"minimumHealthCapacity\":2}", "spec.upgradeStrategy.minimumHealthCapacity", "2")]
    public void A_mistake_names_its_field_and_value(string field, string named, string? value)
    {
        var finding = Only($$$"""{"container":{"docker":{"image":"r.io/a:1"}},"healthChecks":[{"gracePeriodSeconds":5}],{{{field}}} }""");
        finding.IsMistake.Should().BeTrue();
        finding.Field.Should().Be(named);
        finding.Value.Should().Be(value);
    }

    [Theory]
    [InlineData("\"docker\":{\"image\":\"r.io/a:1\",\"network\":\"BRIDGE\"}", "\"networks\":[{\"mode\":\"host\"}]", "spec.container.docker.network")]
    [InlineData("\"docker\":{\"image\":\"r.io/a:1\"},\"portMappings\":[{\"containerPort\":1}]", "\"networks\":[{\"mode\":\"host\"}]", "spec.container.portMappings")]
    [InlineData("\"docker\":{\"image\":\"r.io/a:1\",\"network\":\"HOST\",\"portMappings\":[{\"containerPort\":1}]}", "\"cpus\":1", "spec.container.docker.portMappings")]
    [InlineData("\"type\":\"DOCKER\",\"docker\":{\"image\":\"r.io/a:1\",\"pullConfig\":{\"secret\":\"s\"}}", "\"secrets\":{\"s\":{\"source\":\"x\"}}", "spec.container.docker.pullConfig")]
    [InlineData("\"docker\":{\"image\":\"r.io/a:1\"},\"volumes\":[{\"secret\":\"s\"}]", "\"cpus\":1", "spec.container.volumes[0].secret")]
    public void A_mixture_that_Marathon_answers_with_422_is_found_beforehand(string container, string field, string named)
    {
        var finding = Only($$$"""{"container":{ {{{container}}} },"healthChecks":[{"gracePeriodSeconds":5}],{{{field}}} }""");
        finding.IsMistake.Should().BeTrue();
        finding.Field.Should().Be(named);
    }

    [Theory]
    [InlineData("postgres://u:{{ DB_PASSWORD }}@db", "{{ DB_PASSWORD }}")]
    [InlineData("%DB_URL%", "%DB_URL%")]
    [InlineData("@DB_URL@", "@DB_URL@")]
    [InlineData("@project.version@", "@project.version@")]
    [InlineData("<CHANGE_ME>", "<CHANGE_ME>")]
    [InlineData("<your password>", "<your password>")]
    [InlineData("CHANGEME", "CHANGEME")]
    [InlineData("${DB_URL}", "${DB_URL}")]
    public void A_placeholder_left_in_is_a_mistake_and_nothing_around_it_is_shown(string value, string shown)
    {
        var finding = Only($$$"""{"container":{"docker":{"image":"r.io/a:1"}},"healthChecks":[{"gracePeriodSeconds":5}],"env":{"X":"{{{value}}}" } }""");
        finding.IsMistake.Should().BeTrue();
        finding.Field.Should().Be("spec.env.X");
        finding.Value.Should().Be(shown);
        finding.Message.Should().NotContain("postgres");
    }

    [Fact]
    public void A_dollar_in_the_middle_of_an_environment_variable_is_only_warned_of() =>
        Only("""{"container":{"docker":{"image":"r.io/a:1"}},"healthChecks":[{"gracePeriodSeconds":5}],"env":{"JAVA_OPTS":"-Dhost=${HOST} -Xmx1g"} }""").IsMistake.Should().BeFalse();

    [Fact]
    public void A_placeholder_in_a_list_or_a_name_is_found_where_it_stands()
    {
        Only("""{"container":{"docker":{"image":"r.io/a:1"}},"healthChecks":[{"gracePeriodSeconds":5}],"constraints":[["rack","LIKE","${RACK}"]]}""").Field.Should().Be("spec.constraints[0][2]");
        Only("""{"container":{"docker":{"image":"r.io/a:1"}},"healthChecks":[{"gracePeriodSeconds":5}],"labels":{"{{NAME}}":"x"} }""").Field.Should().Be("spec.labels");
    }

    [Fact]
    public void Without_a_health_check_it_is_warned_and_with_host_names_it_is_refused()
    {
        const string None = """{"container":{"docker":{"image":"r.io/a:1"}},"taskKillGracePeriodSeconds":30}""";
        Only(None).Should().BeEquivalentTo(new { IsMistake = false, Field = "spec.healthChecks" });
        Only(None, ["portal.example.org"]).Should().BeEquivalentTo(new { IsMistake = true, Field = "spec.healthChecks" });
    }

    [Fact]
    public void The_kill_grace_must_cover_a_drain_where_there_are_host_names()
    {
        Only(Good, ["portal.example.org"]).Should().BeEquivalentTo(new { IsMistake = false, Field = "spec.taskKillGracePeriodSeconds", Value = "3" });
        Check(Good.Replace("\"cpus\"", "\"taskKillGracePeriodSeconds\":30,\"cpus\"", StringComparison.Ordinal), ["portal.example.org"]).Should().BeEmpty();
    }

    [Fact]
    public void A_strategy_that_stops_all_old_tasks_first_is_warned_of()
    {
        var content = Good.Replace("\"cpus\"", "\"upgradeStrategy\":{\"minimumHealthCapacity\":0,\"maximumOverCapacity\":1},\"cpus\"", StringComparison.Ordinal);
        Only(content).Should().BeEquivalentTo(new { IsMistake = false, Field = "spec.upgradeStrategy.minimumHealthCapacity" });
        Check(content.Replace("Capacity\":0", "Capacity\":0.5", StringComparison.Ordinal)).Should().BeEmpty();
        Check(content, replicas: 0).Should().BeEmpty();
    }

    [Fact]
    public void Checks_that_cannot_answer_in_time_are_warned_of()
    {
        Check(Good.Replace("\"intervalSeconds\":5", "\"intervalSeconds\":120", StringComparison.Ordinal), seconds: 60).Select(f => f.Field)
            .Should().Equal("spec.healthChecks[0].intervalSeconds", "spec.healthChecks[0].gracePeriodSeconds");
        Check(Good.Replace("\"timeoutSeconds\":3", "\"timeoutSeconds\":30", StringComparison.Ordinal)).Should().ContainSingle().Which.Field.Should().Be("spec.healthChecks[0].timeoutSeconds");
    }

    [Fact]
    public void An_image_of_another_repository_is_warned_of_and_none_at_all_too()
    {
        var found = Check(Good.Replace("portal:${TAG}", "other:1", StringComparison.Ordinal), image: "registry.internal/portal:412").Should().ContainSingle().Subject;
        found.IsMistake.Should().BeFalse();
        found.Value.Should().Be("registry.internal/other:1");
        Only("""{"cmd":"x","healthChecks":[{"gracePeriodSeconds":5}]}""").Should().BeEquivalentTo(new { IsMistake = false, Field = "spec.container.docker" });
    }
}
