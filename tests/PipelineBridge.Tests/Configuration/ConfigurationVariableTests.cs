using PipelineBridge.Configuration;

namespace PipelineBridge.Tests.Configuration;

public sealed class ConfigurationVariableTests : IDisposable
{
    const string Begin = ConfigurationDirectory.Keys + """
        listen: http://127.0.0.1:8080
        clusters:
          main: { marathon: { url: "http://marathon.internal:8080" } }
        environments:
          prod-eu: { zone: internal, cluster: main }
        registries:
          registry.internal: { url: "https://registry.internal" }
        targets:
          team: { slack: { channel: "#deploys", token: { environment: SLACK } } }
        layouts: { builds: . }

        """;

    readonly ConfigurationDirectory directory = new();

    public ConfigurationVariableTests() => directory.Environment["SLACK"] = "xoxb-one";

    BridgeConfiguration With(params (string Name, string Value)[] variables)
    {
        foreach (var (name, value) in variables)
        {
            directory.Environment["PIPELINEBRIDGE_" + name] = value;
        }
        return directory.Good(Begin);
    }

    [Fact]
    public void Every_kind_of_key_can_be_given_by_a_variable()
    {
        var hash = new string('a', 64);
        directory.Write("password", "geheim\n");
        directory.Write("spec.json", "{}");

        var configuration = With(
            ("LISTEN", "http://127.0.0.1:1, http://127.0.0.1:2"),
            ("URL", "https://bridge.example"),
            ("JOURNAL", "other.db"),
            ("KEYS__0__NAME", "ci"),
            ("KEYS__1__NAME", "second"), ("KEYS__1__SHA256", hash), ("KEYS__1__VERBS", "read, deploy"), ("KEYS__1__APPS", "*"),
            ("REGISTRIES__REGISTRY_INTERNAL__USERNAME", "bridge"), ("REGISTRIES__REGISTRY_INTERNAL__PASSWORD_FILE", "password"),
            ("LAYOUTS__BUILDS", directory.Root),
            ("CLUSTERS__MAIN__MARATHON__URL", "http://other:8080"), ("CLUSTERS__MAIN__MARATHON__TOKEN", "geheim-too"),
            ("ENVIRONMENTS__PROD_EU__HEALTHTIMEOUTSECONDS", "7"), ("ENVIRONMENTS__PROD_EU__NOTIFY", "team"),
            ("ENVIRONMENTS__TEST__ZONE", "public"),
            ("APPS__MY_APP__SPEC", "spec.json"),
            ("TARGETS__TEAM__SLACK__TOKEN__ENVIRONMENT", "SLACK"),
            ("LIMITS__ATTEMPTS", "9"));

        configuration.Listen.Should().Equal("http://127.0.0.1:1", "http://127.0.0.1:2");
        configuration.Url.Should().Be("https://bridge.example");
        configuration.Journal.Should().Be(Path.Combine(directory.Root, "other.db"));
        configuration.Keys.Select(key => key.Name).Should().Equal("ci", "second");
        configuration.Keys[0].Sha256.Should().Equal(ConfigurationDirectory.Hash);
        configuration.Keys[1].Verbs.Should().Equal("read", "deploy");
        configuration.Registries.Should().ContainSingle().Which.Password!().Should().Be("geheim");
        configuration.Layouts["builds"].Should().Be(directory.Root);
        configuration.Clusters["main"].Marathon!.Url.Should().Be(new Uri("http://other:8080"));
        configuration.Clusters["main"].Marathon!.Token!().Should().Be("geheim-too");
        configuration.Environments["prod-eu"].HealthTimeoutSeconds.Should().Be(7);
        configuration.Environments["prod-eu"].Notify.Should().Equal("team");
        configuration.Environments["test"].Zone.Should().Be("public");
        configuration.Apps!["my-app"].Specification.Should().NotBeNull();
        configuration.Limits.Attempts.Should().Be(9);
    }

    [Fact]
    public void A_variable_with_FILE_gives_what_the_file_holds()
    {
        directory.Write("url", "https://bridge.example\n");

        With(("URL_FILE", "url")).Url.Should().Be("https://bridge.example");
    }

    [Theory]
    [InlineData("URL_FILE", "nowhere", "PIPELINEBRIDGE_URL_FILE: url \"nowhere\" cannot be read.")]
    [InlineData("LIMITS__ATTEMPS", "3", "PIPELINEBRIDGE_LIMITS__ATTEMPS:  stands for no key. Did you mean PIPELINEBRIDGE_LIMITS__ATTEMPTS?")]
    [InlineData("NONSENSE", "3", "PIPELINEBRIDGE_NONSENSE:  stands for no key. docs/configuration.md lists them; what has no name in the file yet is written there.")]
    [InlineData("REGISTRIES__OTHER__URL", "http://x", "PIPELINEBRIDGE_REGISTRIES__OTHER__URL:  stands for no key. docs/configuration.md lists them; what has no name in the file yet is written there.")]
    [InlineData("ENVIRONMENTS__NEW__CLUSTER", "main", "PIPELINEBRIDGE_ENVIRONMENTS__NEW__…: environments.new has no zone. Give one of: public, internal.")]
    [InlineData("CLUSTERS__MAIN__MARATHON__TOKEN_FILE", "nowhere", "PIPELINEBRIDGE_CLUSTERS__MAIN__MARATHON__TOKEN_FILE: clusters.main.marathon.token \"nowhere\" is not there.")]
    public void A_mistake_of_a_variable_names_it(string name, string value, string mistake)
    {
        directory.Environment["PIPELINEBRIDGE_" + name] = value;

        directory.Load(Begin).Mistakes.Select(one => $"{one.Place.Variable}: {one.Place.Path} {one.Message}").Should().Contain(mistake);
        directory.Load(Begin).Configuration.Should().BeNull();
    }

    [Fact]
    public void A_key_by_variable_and_by_file_is_told()
    {
        directory.Write("url", "https://bridge.example");
        directory.Environment["PIPELINEBRIDGE_URL"] = "https://other.example";
        directory.Environment["PIPELINEBRIDGE_URL_FILE"] = "url";

        directory.OnlyMistake(Begin).Should().Be("PIPELINEBRIDGE_URL: url is given twice, by PIPELINEBRIDGE_URL and PIPELINEBRIDGE_URL_FILE. Give one of them.");
    }

    [Theory]
    [InlineData("SERVICE_HOST")]
    [InlineData("SERVICE_PORT")]
    [InlineData("SERVICE_PORT_HTTP")]
    [InlineData("PORT")]
    [InlineData("PORT_8080_TCP")]
    [InlineData("PORT_8080_TCP_ADDR")]
    public void What_Kubernetes_sets_for_a_service_of_this_name_is_passed_over(string name) => With((name, "tcp://10.0.0.1:8080"));

    public void Dispose() => directory.Dispose();
}
