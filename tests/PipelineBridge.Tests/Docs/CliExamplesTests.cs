using System.Text.RegularExpressions;
using PipelineBridge.CommandLine;
using PipelineBridge.Events;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Tests.Bridge;
using PipelineBridge.Tests.CommandLine;
using PipelineBridge.Tests.Registry;

namespace PipelineBridge.Tests.Docs;

/// <summary>The examples of docs/cli.md are what a person pastes: each is run as it stands, by the executable.</summary>
public sealed partial class CliExamplesTests
{
    static readonly string Doc = File.ReadAllText(Repository.PathOf("docs", "cli.md"));

    [Fact]
    public async Task The_examples_go_as_the_page_says()
    {
        await using var bridge = await RunningBridge.Start();
        await using var registry = await RegistrySimulator.Start(new RegistrySimulatorOptions { Announce = _ => { } }, TestContext.Current.CancellationToken);
        bridge.Stages.Resolve = (work, _, _) =>
        {
            // Another tag is another image.
            var image = work.Content<ImageResolveRequested>().Image;
            return Task.FromResult<IReadOnlyList<CdEvent>>([work.Done(new ImageResolved(image.Contains('@', StringComparison.Ordinal) ? image : $"{image}@sha256:{new string(image[^1], 64)}"))]);
        };
        using var shell = new InstalledCommand(bridge);
        using (var archive = new ArchiveFile(Path.Combine(shell.Folder, "portal.tar")))
        {
            archive.Save(SampleImage.Of("hello"), ["portal:412"]).Write();
        }
        await File.WriteAllTextAsync(Path.Combine(shell.Folder, "portal.json"), """{ "id": "/prod/portal" }""", TestContext.Current.CancellationToken);
        shell.Variables["BUILD_TAG"] = "jenkins-portal-413";
        var blocks = Blocks().Matches(Doc).Select(m => m.Groups[1].Value).ToList();
        blocks.Should().HaveCount(5);

        // The first one sets where the bridge is, which this shell has already.
        foreach (var block in blocks.Skip(1))
        {
            var run = await shell.Run("set -euo pipefail\n" + block.Replace("registry.internal", registry.Host, StringComparison.Ordinal));
            run.ShouldExit(0);
            if (block.Contains("rollback", StringComparison.Ordinal))
            {
                run.Output.Should().Contain("● 413").And.Contain("portal runs 413").And.Contain("portal is live on prod: 412");
            }
            if (block.Contains("cancel", StringComparison.Ordinal))
            {
                run.Output.Should().Contain("CANCELLED  portal → prod").And.Contain("There is no dead letter.");
            }
        }
        bridge.Stages.Of<ImagePushRequested>().Should().ContainSingle();
        bridge.Stages.Of<NotificationRequested>().Should().Contain(w => w.Content<NotificationRequested>().Title == "Migration done");
    }

    [Fact]
    public void The_table_has_every_verb_and_the_exit_codes_are_those_of_the_code()
    {
        var at = new Surroundings { Output = TextWriter.Null, Errors = TextWriter.Null, Variable = _ => null };
        Verbs().Matches(Doc).Select(m => m.Groups[1].Value).Should().BeEquivalentTo(OperatorVerbs.All(at).Select(v => v.Name).Where(n => n != "completion"));
        Codes().Matches(Doc).Select(m => int.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture))
            .Should().Equal(ExitCode.Live, ExitCode.Failed, ExitCode.WrongUse, ExitCode.Refused, ExitCode.Unknown);
    }

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();

    [GeneratedRegex(@"^\| `([a-z]+)[ `]", RegexOptions.Multiline)]
    private static partial Regex Verbs();

    [GeneratedRegex(@"^\| ([0-9]) \|", RegexOptions.Multiline)]
    private static partial Regex Codes();
}
