using PipelineBridge.Tests.Bridge;

namespace PipelineBridge.Tests.CommandLine;

/// <summary>Where the bridge is and which key is shown to it.</summary>
public sealed class BridgeAddressTests : IAsyncLifetime
{
    const string Secret = RunningBridge.Key;

    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("pipelinebridge-token-");
    RunningBridge bridge = null!;
    CommandRun shell = null!;

    public async ValueTask InitializeAsync()
    {
        bridge = await RunningBridge.Start();
        shell = new CommandRun(bridge.Http.BaseAddress!.ToString().TrimEnd('/'), null);
    }

    public async ValueTask DisposeAsync()
    {
        await bridge.DisposeAsync();
        directory.Delete(recursive: true);
    }

    [Fact]
    public async Task A_key_comes_from_a_variable_a_file_of_a_variable_or_a_file_of_an_option()
    {
        (await shell.Run("status")).ShouldExit(2).Errors.Should().Be("There is no key to show to the bridge.\nSet BRIDGE_TOKEN, or BRIDGE_TOKEN_FILE to the file that has it, or give --token-file.\n");
        shell.Variables["BRIDGE_TOKEN_FILE"] = Write(Secret + "\n");
        (await shell.Run("status")).ShouldExit(0);
        shell.Variables["BRIDGE_TOKEN"] = "another";
        (await shell.Run("status")).ShouldExit(3);
        (await shell.Run("status", "--token-file", Write(Secret))).ShouldExit(0);
    }

    [Fact]
    public async Task A_key_on_the_command_line_is_refused_and_not_repeated()
    {
        foreach (var command in new[] { new[] { "status", "--token", Secret }, ["deploy", "portal", "prod", "--token=" + Secret] })
        {
            var refused = (await shell.Run(command)).ShouldExit(2);
            refused.Errors.Should().StartWith("A key on a command line is read by everybody on the machine");
            refused.All.Should().NotContain(Secret);
        }
    }

    [Theory]
    [InlineData("two lines\nof it")]
    [InlineData("with a blank")]
    [InlineData("schlüssel")]
    [InlineData("\n")]
    public async Task What_is_no_key_is_refused_and_not_repeated(string content)
    {
        var refused = (await shell.Run("status", "--token-file", Write(content))).ShouldExit(2);
        refused.Errors.Should().Be("What --token-file gives is no key.\nA key is one line of letters, digits and signs without spaces.\n");
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_is_named()
    {
        var missing = Path.Combine(directory.FullName, "missing");
        (await shell.Run("status", "--token-file", missing)).ShouldExit(2).Errors.Should().StartWith($"{missing} of --token-file cannot be read: it is not there.");
        (await shell.Run("status", "--token-file", directory.FullName)).ShouldExit(2).Errors.Should().Contain("of --token-file cannot be read");
        (await shell.Run("status", "--token-file", Write(new string('x', 10_000)))).ShouldExit(2).Errors.Should().Contain("too large to be a key");
    }

    [Theory]
    [InlineData("bridge.internal", "\"bridge.internal\" is no address of a bridge.")]
    [InlineData("ftp://bridge.internal", "\"ftp://bridge.internal\" is no address of a bridge.")]
    [InlineData("https://user:pass@bridge.internal", "\"…@bridge.internal\" is no address of a bridge.")]
    [InlineData("", "No bridge is named.")]
    public async Task An_address_that_is_none_is_refused_with_what_would_be_right(string url, string happened)
    {
        shell.Variables["BRIDGE_URL"] = url;
        shell.Variables["BRIDGE_TOKEN"] = Secret;
        var refused = (await shell.Run("status")).ShouldExit(2);
        refused.Errors.Should().StartWith(happened).And.Contain("https://bridge.internal").And.NotContain("pass");
        (await shell.Run("status", "--bridge", bridge.Http.BaseAddress!.ToString())).ShouldExit(0);
    }

    string Write(string content)
    {
        var path = Path.Combine(directory.FullName, Guid.NewGuid().ToString("N"));
        File.WriteAllText(path, content);
        return path;
    }
}
