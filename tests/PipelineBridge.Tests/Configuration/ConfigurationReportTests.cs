using PipelineBridge.Configuration;

namespace PipelineBridge.Tests.Configuration;

public sealed class ConfigurationReportTests : IDisposable
{
    readonly ConfigurationDirectory directory = new();

    [Fact]
    public void All_mistakes_are_told_at_once_each_with_line_key_what_it_is_and_what_would_be_right()
    {
        var result = directory.Load(ConfigurationDirectory.Keys + """
            clusters:
              main:
                marathon:
                  url: marathon.internal:8080
            environments:
              prod:
                cluster: main
            apps:
              portal:
                repositry: registry.internal/portal
            """);

        ConfigurationDirectory.Report(result).Should().Be("""
            bridge.yaml has 3 mistakes; nothing was started.
               6: clusters.main.marathon.url   "marathon.internal:8080" is no URL. Did you mean "http://marathon.internal:8080"?
               8: environments.prod            has no zone. Give one of: public, internal.
              12: apps.portal.repositry        is not known. Did you mean "repository"?

            """);
    }

    [Fact]
    public void One_mistake_is_one_and_one_of_the_environment_names_its_variable()
    {
        directory.Environment["PIPELINEBRIDGE_LIMITS__ATTEMPTS"] = "many";

        ConfigurationDirectory.Report(directory.Load(ConfigurationDirectory.Keys)).Should().Be("""
            bridge.yaml has 1 mistake; nothing was started.
              PIPELINEBRIDGE_LIMITS__ATTEMPTS: limits.attempts   "many" must be a whole number between 1 and 100.

            """);
    }

    [Fact]
    public void A_check_of_what_is_right_says_so_and_exits_with_0()
    {
        using var output = new StringWriter { NewLine = "\n" };
        directory.Good(ConfigurationDirectory.Keys + "environments: {prod: {zone: internal}}");

        ConfigCheck.Run(output, directory.File, directory.Environment).Should().Be(0);

        output.ToString().Should().Be("bridge.yaml is in order: 1 key, 1 environment, any app, 0 registries, 0 clusters, 0 targets.\n");
    }

    [Fact]
    public void A_check_of_what_is_wrong_tells_the_mistakes_and_exits_with_2()
    {
        using var output = new StringWriter { NewLine = "\n" };
        directory.Load(ConfigurationDirectory.Keys + "environments: {prod: {}}");

        ConfigCheck.Run(output, directory.File, directory.Environment).Should().Be(2);

        output.ToString().Should().Be("""
            bridge.yaml has 1 mistake; nothing would start.
              3: environments.prod   has no zone. Give one of: public, internal.

            """);
    }

    [Fact]
    public void A_check_tells_warnings_too_and_they_do_not_fail_it()
    {
        using var output = new StringWriter { NewLine = "\n" };
        directory.Load(ConfigurationDirectory.Keys + "listen: http://0.0.0.0:8080");

        ConfigCheck.Run(output, directory.File, directory.Environment).Should().Be(0);

        output.ToString().Should().StartWith("bridge.yaml has 1 warning.\n  3: ").And.Contain("is in order");
    }

    [Fact]
    public void A_file_that_is_not_there_is_a_mistake()
    {
        using var output = new StringWriter();

        ConfigCheck.Run(output, Path.Combine(directory.Root, "other.yaml"), directory.Environment).Should().Be(2);

        output.ToString().Should().Contain("other.yaml has 1 mistake").And.Contain("is not there");
    }

    public void Dispose() => directory.Dispose();
}
