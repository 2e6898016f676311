using PipelineBridge.Tests.Bridge;

namespace PipelineBridge.Tests.Processes;

/// <summary>The executable as a newcomer meets it.</summary>
public class VerbsTests
{
    [Fact]
    public async Task The_demo_tells_both_deliveries_and_ends_with_0_when_they_went_as_told()
    {
        var (exitCode, output, errors) = await BridgeProcess.Run(["demo", "--once", "--port", "0"]);

        exitCode.Should().Be(0, output + errors);
        output.Should().Contain("nothing outside is touched")
            .And.Contain("hello is live on demo")
            .And.Contain("taking it back to what serves")
            .And.Contain("FAILED  health: 0 of 3 new tasks")
            .And.Contain("503 database migrations pending")
            .And.Contain("still serves")
            .And.NotContain("Unhandled");
    }

    [Fact]
    public async Task A_wrong_configuration_starts_nothing_and_tells_all_mistakes_at_once()
    {
        var directory = Directory.CreateTempSubdirectory("pipelinebridge-wrong-");
        try
        {
            var file = Path.Combine(directory.FullName, "bridge.yaml");
            await File.WriteAllTextAsync(file, """
                clusters:
                  main: { marathon: { url: "marathon.internal:8080" } }
                environments:
                  prod: { cluster: main }
                """, TestContext.Current.CancellationToken);

            var (exitCode, output, errors) = await BridgeProcess.Run(["all", "--file", file]);

            exitCode.Should().Be(2);
            (output + errors).Should().Contain("3 mistakes").And.Contain("no keys").And.Contain("nothing was started").And.Contain("environments.prod").And.Contain("http://marathon.internal:8080");
            File.Exists(Path.Combine(directory.FullName, "journal.db")).Should().BeFalse();
            (await BridgeProcess.Run(["config", "check", "--file", file])).ExitCode.Should().Be(2);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Health_is_0_when_a_process_is_ready_and_else_1_with_the_reason()
    {
        await using var ready = await RunningBridge.Start();
        var url = new Uri(ready.Http.BaseAddress!, "/health/ready").ToString();

        var yes = await BridgeProcess.Run(["health", url]);
        yes.ExitCode.Should().Be(0, yes.Errors);
        (await BridgeProcess.Run(["health", ready.Http.BaseAddress!.ToString()])).Should().Be(yes, "without a path it is not the page that is asked for");
        var nobody = await BridgeProcess.Run(["health", "http://127.0.0.1:1/health/ready"]);
        nobody.ExitCode.Should().Be(1);
        nobody.Errors.Should().Contain("http://127.0.0.1:1/health/ready does not answer").And.NotContain("   at ");
        var unknown = await BridgeProcess.Run(["health", new Uri(ready.Http.BaseAddress!, "/nothing").ToString()]);
        unknown.ExitCode.Should().Be(1, unknown.Output);
        (await BridgeProcess.Run(["health", "ready"])).ExitCode.Should().Be(2);
    }

    [Fact]
    public async Task A_simulator_listens_where_it_is_told_and_an_address_that_is_none_is_wrong_use()
    {
        await using (var simulator = await PipelineBridge.Simulators.Slack.SlackSimulator.Start(new() { Address = System.Net.IPAddress.Parse("127.0.0.2"), Announce = _ => { } }, TestContext.Current.CancellationToken))
        {
            simulator.Url.Host.Should().Be("127.0.0.2");
        }
        var wrong = await BridgeProcess.Run(["simulate", "slack", "--address", "here"]);
        wrong.ExitCode.Should().Be(2);
        wrong.Errors.Should().Contain("\"here\" is no IP address");
    }

    [Fact]
    public async Task Wrong_use_is_2()
    {
        (await BridgeProcess.Run(["nonsense"])).ExitCode.Should().Be(2);
    }

    [Fact]
    public async Task A_specification_is_converted_to_what_can_be_piped_on_and_what_is_wrong_with_it_is_said_beside_that()
    {
        var directory = Directory.CreateTempSubdirectory("pipelinebridge-spec-");
        try
        {
            var file = Path.Combine(directory.FullName, "portal.yaml");
            await File.WriteAllTextAsync(file, "kind: service\nimage: registry.internal/portal\nports: [8080]\n", TestContext.Current.CancellationToken);
            var good = await Convert(file, "marathon");
            good.ExitCode.Should().Be(0, good.Errors);
            ((string)System.Text.Json.Nodes.JsonNode.Parse(good.Output)!["container"]!["docker"]!["image"]!).Should().Be("registry.internal/portal");
            good.Errors.Should().StartWith("portal.yaml: warning: spec.health: there is none");
            await File.AppendAllTextAsync(file, "secrets: [db]\n", TestContext.Current.CancellationToken);
            var wrong = await Convert(file, "engine");
            (wrong.ExitCode, wrong.Output).Should().Be((2, ""));
            wrong.Errors.Should().Contain("spec.secrets");
            var missing = await Convert(file + ".none", "engine");
            (missing.ExitCode, missing.Output).Should().Be((2, ""));
            missing.Errors.Should().Contain("portal.yaml.none is not there.");
            // A file of this process that cannot be read, whoever it is.
            var unreadable = await Convert("/proc/self/mem", "engine");
            (unreadable.ExitCode, unreadable.Output).Should().Be((1, ""));
            unreadable.Errors.Should().NotBeEmpty().And.NotContain("   at ");
            (await Convert(file, "nomad")).ExitCode.Should().Be(2);
        }
        finally
        {
            directory.Delete(recursive: true);
        }

        static Task<(int ExitCode, string Output, string Errors)> Convert(string file, string to) => BridgeProcess.Run(["spec", "convert", file, "--to", to]);
    }

    [Fact]
    public async Task A_journal_can_be_verified_and_copied_by_the_operator()
    {
        var directory = Directory.CreateTempSubdirectory("pipelinebridge-verify-");
        try
        {
            var journal = Path.Combine(directory.FullName, "journal.db");
            await PipelineBridge.Journal.EventJournal.Open(new PipelineBridge.Journal.JournalOptions { Path = journal }).DisposeAsync();

            var verify = await BridgeProcess.Run(["journal", "verify", journal]);
            var backup = await BridgeProcess.Run(["journal", "backup", journal, journal + ".copy"]);
            var missing = await BridgeProcess.Run(["journal", "verify", journal + ".none"]);

            verify.ExitCode.Should().Be(0, verify.Errors);
            verify.Output.Should().Contain("the chain is whole");
            backup.ExitCode.Should().Be(0, backup.Errors);
            File.Exists(journal + ".copy").Should().BeTrue();
            missing.ExitCode.Should().Be(1);
            missing.Errors.Should().Contain(".none");
            await File.WriteAllTextAsync(journal + ".text", new string('x', 5000), TestContext.Current.CancellationToken);
            var other = await BridgeProcess.Run(["journal", "verify", journal + ".text"]);
            other.ExitCode.Should().Be(1);
            other.Errors.Should().Contain("is no journal").And.NotContain("   at ");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
