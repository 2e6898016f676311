using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using PipelineBridge.Configuration;
using PipelineBridge.Registry.Engine;

namespace PipelineBridge.Tests.Configuration;

public sealed partial class ConfigurationTests : IDisposable
{
    readonly ConfigurationDirectory directory = new();

    static string Page => File.ReadAllText(Repository.PathOf("docs", "configuration.md"));

    [Fact]
    public void The_example_of_the_documentation_is_read_without_mistake_and_warning()
    {
        var configuration = DocumentedExample();

        configuration.Listen.Should().Equal("http://127.0.0.1:8080");
        configuration.Url.Should().Be("https://bridge.internal");
        configuration.Journal.Should().Be(Path.Combine(directory.Root, "journal.db"));
        configuration.Keys.Should().HaveCount(2);
        configuration.Registries.Should().ContainSingle().Which.Password!().Should().Be("of secrets/registry");
        configuration.Clusters["main"].Marathon.Should().Match<MarathonConfiguration>(
            marathon => marathon.Username == "bridge" && marathon.Password!() == "of MARATHON_PASSWORD");
        configuration.Environments["prod"].Should().BeEquivalentTo(new EnvironmentConfiguration
        {
            Name = "prod",
            Zone = "internal",
            Cluster = "main",
            Group = "/prod",
            HealthTimeoutSeconds = 300,
            OnFailure = "rollback",
            Notify = ["team"],
        });
        configuration.Environments["demo"].EvidenceInChat.Should().BeTrue();
        configuration.Apps!["portal"].Should().Match<AppConfiguration>(app =>
            app.Repository == "registry.internal/portal" && app.Environments!.Count == 1 && app.Specification != null);
        configuration.Apps["lab-sorter"].Environments.Should().BeNull();
        configuration.Targets.Should().ContainSingle().Which.Token().Should().Be("of secrets/slack");
        configuration.Limits.Should().Be(new LimitsConfiguration());
        configuration.PageIsOpenOnLoopback.Should().BeFalse();
        configuration.GeneratedKey.Should().BeNull();
    }

    [Fact]
    public void What_the_bridge_and_the_registry_stage_must_know_is_taken_from_it()
    {
        var configuration = DocumentedExample();

        var bridge = configuration.ForBridge();
        bridge.Url.Should().Be("https://bridge.internal");
        bridge.Environments["prod"].Should().Match<PipelineBridge.Bridge.EnvironmentOptions>(
            prod => prod.Cluster == "main" && prod.ClusterKind == "marathon" && prod.Zone == "internal" && prod.Notify.Count == 1);
        bridge.Environments["demo"].EvidenceInChat.Should().BeTrue();
        bridge.Apps!["portal"].Specification.Should().NotBeNull();
        bridge.Apps["lab-sorter"].Specification.Should().BeNull();
        bridge.Targets.Should().Equal("team");
        bridge.Layouts.Should().Equal("builds");
        bridge.Engines.Should().Equal("build-1");
        bridge.EngineRegistry.Should().BeNull("with a file an image is pushed before it is deployed");
        bridge.Apps["portal"].Engine.Should().Be("build-1");
        bridge.Apps["lab-sorter"].Engine.Should().BeNull();
        configuration.ForRegistry().Roots["builds"].Should().Be(Path.Combine(directory.Root, "layouts"));
        var engine = configuration.ForRegistry().Engines.Should().ContainSingle().Subject;
        engine.Should().Match<EngineOptions>(e => e.Name == "build-1" && e.Url == new Uri("tcp://build-1.internal:2376") && e.IsTls && !e.PushesItself);
        engine.Certificate.Should().Be(Path.Combine(directory.Root, "secrets/engine-cert.pem"));
        engine.Key!().Should().Be("of secrets/engine-key");
        configuration.ForRegistry().Registries.Should().BeSameAs(configuration.Registries);
    }

    [Fact]
    public void Every_key_is_in_the_documentation_and_every_key_of_the_documentation_exists()
    {
        directory.Write("slack", "x");
        // What asks for every key, also those that stand for each other.
        var known = directory.Load(ConfigurationDirectory.Keys + """
            registries: { registry.internal: { password: {} } }
            layouts: { builds: . }
            engines: { build-1: { key: {} } }
            clusters: { main: { marathon: { password: {}, token: {} } }, hosts: { engine: { hosts: { h1: { key: {} } } } }, swarm: { swarm: { managers: { m1: { key: {} } } } } }
            environments: { prod: { zone: internal } }
            apps: { portal: }
            targets: { team: { slack: { token: {} } } }
            """).KnownKeys;

        var documented = Row().Matches(Page).Select(match => match.Groups[1].Value).ToList();

        documented.Should().OnlyHaveUniqueItems();
        documented.Should().BeEquivalentTo(known.Where(key => !known.Any(other => other.StartsWith(key + ".") || other.StartsWith(key + "[]."))
            && !key.EndsWith(".file") && !key.EndsWith(".environment")).Concat(known.Where(key => key.EndsWith(".file")).Select(key => key[..^5])));
    }

    [Fact]
    public void A_file_that_is_cut_or_lacks_a_line_or_has_another_piece_anywhere_is_told_and_never_breaks_the_reader()
    {
        DocumentedExample();
        var example = Example().Match(Page).Groups[1].Value;
        var lines = example.Split('\n');
        var spoiled = Enumerable.Range(0, example.Length).Where(i => i % 7 == 0).Select(i => example[..i])
            .Concat(Enumerable.Range(0, lines.Length).Select(i => string.Join('\n', lines.Where((_, at) => at != i))))
            .Concat(from piece in new[] { "[]", "{}", "", "[[]]", "{a: {}}", "\"\"", "\"/\"" }
                    from i in Enumerable.Range(0, lines.Length)
                    where lines[i].Contains(": ", StringComparison.Ordinal)
                    select string.Join('\n', lines.Select((line, at) => at == i ? line[..(line.IndexOf(':') + 1)] + " " + piece : line)));

        foreach (var yaml in spoiled)
        {
            var result = directory.Load(yaml);
            (result.Configuration is null).Should().Be(result.Mistakes.Count > 0, yaml);
            ConfigurationDirectory.Report(result).Should().NotContain("of secrets/");
        }
    }

    [Fact]
    public void Without_a_file_everything_has_its_usual_value_and_a_key_is_made()
    {
        var result = BridgeConfiguration.Load(null, directory.Environment);

        result.Mistakes.Should().BeEmpty();
        result.Warnings.Should().BeEmpty();
        var configuration = result.Configuration!;
        configuration.Environments.Should().ContainSingle().Which.Value.Should().Match<EnvironmentConfiguration>(
            local => local.Name == "local" && local.Zone == "internal" && local.Cluster == null);
        configuration.Apps.Should().BeNull("any app is taken");
        configuration.Listen.Should().Equal("http://127.0.0.1:8080");
        configuration.Url.Should().Be("http://127.0.0.1:8080");
        configuration.Journal.Should().Be(Path.Combine(Environment.CurrentDirectory, "journal.db"));
        configuration.PageIsOpenOnLoopback.Should().BeTrue();
        var key = configuration.Keys.Should().ContainSingle().Subject;
        key.Sha256.Should().Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(configuration.GeneratedKey!.Value))));
        key.Verbs.Should().Equal("*");
        key.Apps.Should().Equal("*");
        configuration.ToString().Should().NotContain(configuration.GeneratedKey.Value);
        BridgeConfiguration.Load(null, directory.Environment).Configuration!.GeneratedKey!.Value.Should().NotBe(configuration.GeneratedKey.Value);
    }

    [Fact]
    public void Without_a_file_variables_can_give_all_of_it()
    {
        directory.Environment["PIPELINEBRIDGE_KEYS__0__NAME"] = "ci";
        directory.Environment["PIPELINEBRIDGE_KEYS__0__SHA256"] = ConfigurationDirectory.Hash;
        directory.Environment["PIPELINEBRIDGE_KEYS__0__VERBS"] = "*";
        directory.Environment["PIPELINEBRIDGE_KEYS__0__APPS"] = "*";
        directory.Environment["PIPELINEBRIDGE_ENVIRONMENTS__PROD__ZONE"] = "public";

        var configuration = BridgeConfiguration.Load(null, directory.Environment).Configuration!;

        configuration.GeneratedKey.Should().BeNull();
        configuration.Keys.Should().ContainSingle().Which.Name.Should().Be("ci");
        configuration.Environments.Keys.Should().Equal("prod");
    }

    [Fact]
    public void The_file_of_a_directory_is_found_when_it_is_there()
    {
        BridgeConfiguration.DefaultFile(directory.Root).Should().BeNull();
        directory.Good(ConfigurationDirectory.Keys + "environments: { prod: { zone: internal } }");
        BridgeConfiguration.DefaultFile(directory.Root).Should().Be(directory.File);
    }

    [Fact]
    public void An_address_that_leads_nowhere_from_elsewhere_is_a_warning() =>
        directory.OnlyWarning(ConfigurationDirectory.Keys + "listen: http://0.0.0.0:8080").Should()
            .Be("3: url is not given, so that links begin with http://0.0.0.0:8080, which leads nowhere. Give what people type, such as https://bridge.internal.");

    public void Dispose() => directory.Dispose();

    BridgeConfiguration DocumentedExample()
    {
        Directory.CreateDirectory(Path.Combine(directory.Root, "layouts"));
        directory.Write("secrets/registry", "of secrets/registry\n");
        directory.Write("secrets/broker", "of secrets/broker\n");
        directory.Write("secrets/worker", "of secrets/worker\n");
        directory.Write("secrets/slack", "of secrets/slack\n");
        directory.Write("secrets/engine-ca.pem", "of the authority");
        directory.Write("secrets/engine-cert.pem", "of the certificate");
        directory.Write("secrets/engine-key", "of secrets/engine-key\n");
        directory.Write("specs/portal.json", "{}");
        directory.Environment["MARATHON_PASSWORD"] = "of MARATHON_PASSWORD";
        return directory.Good(Example().Match(Page).Groups[1].Value);
    }

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();

    [GeneratedRegex(@"^\| `([^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
