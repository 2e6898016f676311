namespace PipelineBridge.Tests.Configuration;

public sealed class ConfigurationSecretTests : IDisposable
{
    readonly ConfigurationDirectory directory = new();

    static string Target(string token) => ConfigurationDirectory.Keys + $$"""
        environments: { prod: { zone: internal } }
        targets:
          team: { slack: { channel: "#deploys", token: {{token}} } }
        """;

    [Fact]
    public void A_secret_of_a_file_is_read_when_it_is_needed_and_renewed_without_a_restart()
    {
        directory.Write("slack", "xoxb-one\n");
        var token = directory.Good(Target("{ file: slack }")).Targets.Should().ContainSingle().Subject.Token;
        token().Should().Be("xoxb-one");

        directory.Write("slack", "xoxb-two");
        token().Should().Be("xoxb-two");

        File.Delete(Path.Combine(directory.Root, "slack"));
        token().Should().BeNull();
    }

    [Fact]
    public void A_secret_of_a_variable_is_taken()
    {
        directory.Environment["SLACK"] = "xoxb-one";
        directory.Good(Target("{ environment: SLACK }")).Targets[0].Token().Should().Be("xoxb-one");

        directory.Environment["PIPELINEBRIDGE_SLACK_TOKEN"] = "xoxb-two";
        directory.Good(Target("{ environment: PIPELINEBRIDGE_SLACK_TOKEN }")).Targets[0].Token().Should().Be("xoxb-two", "a variable that a secret names is known");
    }

    [Theory]
    [InlineData("geheim", "must not hold the secret itself. Put it into a file and write {file: /run/secrets/NAME}, or into a variable and write {environment: NAME}; and renew it if this file was shared.")]
    [InlineData("{ file: nowhere }", ".file \"nowhere\" is not there.")]
    [InlineData("{ file: empty }", ".file \"empty\" is empty. It must hold the secret and nothing else.")]
    [InlineData("{ file: . }", ".file \".\" cannot be read by this user.")]
    [InlineData("{ environment: NOWHERE }", ".environment \"NOWHERE\" is no variable of this environment, or empty.")]
    [InlineData("{ environment: EMPTY }", ".environment \"EMPTY\" is no variable of this environment, or empty.")]
    [InlineData("{ }", "must say where the secret is: {file: /run/secrets/NAME} or {environment: NAME}.")]
    [InlineData("{ file: slack, environment: SLACK }", "has both file and environment. Give one of them.")]
    [InlineData("{ fille: slack }", ".fille is not known. Did you mean \"file\"?")]
    public void A_secret_that_cannot_be_had_is_told_and_never_shown(string token, string mistake)
    {
        directory.Write("empty", "\n");
        directory.Write("slack", "geheim");
        directory.Environment["EMPTY"] = "";
        directory.Environment["SLACK"] = "geheim";

        directory.OnlyMistake(Target(token)).Should().Be($"5: targets.team.slack.token{(mistake[0] == '.' ? "" : " ")}{mistake}").And.NotContain("geheim");
    }

    [Fact]
    public void A_secret_that_everybody_can_read_is_a_warning()
    {
        directory.Write("slack", "xoxb-one", readableByAll: true);

        directory.OnlyWarning(Target("{ file: slack }")).Should()
            .Be("5: targets.team.slack.token.file \"slack\" can be read by everybody on this machine. Take that away with: chmod o-r slack");
    }

    [Theory]
    [InlineData("http://user:geheim@marathon.internal:8080", "has a name or a password in it.")]
    [InlineData("user:geheim@marathon.internal:8080", "is no URL. Give one that begins with http:// or https://.")]
    public void A_password_in_a_URL_is_refused_and_not_shown(string url, string mistake) =>
        directory.OnlyMistake(ConfigurationDirectory.Keys + $$"""
            environments: { prod: { zone: internal } }
            clusters: { main: { marathon: { url: "{{url}}" } } }
            """).Should().StartWith("4: clusters.main.marathon.url " + mistake).And.NotContain("geheim");

    [Fact]
    public void A_plain_secret_in_the_file_is_refused_wherever_it_stands()
    {
        var result = directory.Load(ConfigurationDirectory.Keys + """
            registries:
              registry.internal: { username: bridge, password: geheim }
            clusters:
              one: { marathon: { url: "http://m", username: u, password: geheim } }
              two: { marathon: { url: "http://m", token: geheim } }
            """);

        result.Mistakes.Should().HaveCount(3).And.OnlyContain(mistake => mistake.Message.StartsWith("must not hold the secret itself."));
        ConfigurationDirectory.Report(result).Should().NotContain("geheim");
    }

    [Fact]
    public void A_password_that_would_cross_the_network_in_the_open_is_a_warning()
    {
        directory.Environment["SECRET"] = "geheim";

        directory.OnlyWarning(ConfigurationDirectory.Keys + """
            environments: { prod: { zone: internal } }
            registries:
              registry.internal: { url: "http://registry.internal", username: bridge, password: { environment: SECRET } }
            """).Should().Be("5: registries.registry.internal.url is http: the password crosses the network unprotected. Give https.");
    }

    public void Dispose() => directory.Dispose();
}
