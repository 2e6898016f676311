using System.Text.Json.Nodes;
using PipelineBridge.Tests.Processes;

namespace PipelineBridge.Tests.Broker;

public sealed class DefinitionsVerbTests : IDisposable
{
    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("pipelinebridge-definitions-");

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public async Task It_names_the_users_whose_password_an_import_would_take_away()
    {
        var file = Path.Combine(directory.FullName, "secret");
        await File.WriteAllTextAsync(file, "s3cret\n", TestContext.Current.CancellationToken);
        string[] all = [.. Composition.BrokerDefinitions.Users.SelectMany(u => new[] { "--password", $"{u}={file}" })];

        var some = await Run(all[..4]);
        some.Errors.Should().Be("No --password is given for pipelinebridge-cluster, pipelinebridge-notifications, pipelinebridge-subscriber: whoever imports this takes away the password that such a user has.\n");
        JsonNode.Parse(some.Output)!["users"]!.AsArray().Select(u => ((string)u!["password_hash"]!).Length > 0).Should().Equal(true, true, false, false, false);

        var whole = await Run(all);
        whole.Errors.Should().BeEmpty();
        whole.Output.Should().NotContain("s3cret");
    }

    async Task<(int ExitCode, string Output, string Errors)> Run(string[] passwords)
    {
        var configuration = Path.Combine(directory.FullName, "bridge.yaml");
        await File.WriteAllTextAsync(configuration, Configuration.ConfigurationDirectory.Keys, TestContext.Current.CancellationToken);
        var run = await BridgeProcess.Run(["broker", "definitions", "--file", configuration, .. passwords]);
        run.ExitCode.Should().Be(0, run.Errors);
        return run;
    }
}
