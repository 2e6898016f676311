using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Events;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Tests.Bridge;
using PipelineBridge.Tests.Registry;

namespace PipelineBridge.Tests.CommandLine;

/// <summary>An image goes from here straight to its registry, and only its digest to the bridge.</summary>
public sealed class PushVerbTests : IAsyncLifetime
{
    readonly LayoutDirectory layouts = new();
    RunningBridge bridge = null!;
    RegistrySimulator registry = null!;
    CommandRun shell = null!;

    static SampleImage Image => SampleImage.Of("hello", layers: 2);

    string Home => layouts.Outside;

    string Archive => Path.Combine(layouts.Root, "portal.tar");

    public async ValueTask InitializeAsync()
    {
        bridge = await RunningBridge.Start();
        registry = await RegistrySimulator.Start(
            new RegistrySimulatorOptions
            {
                Announce = _ => { },
                Authentication = RegistryAuthentication.Basic,
                Users = [new RegistryUser("ci", "a-secret-of-ci", new RegistryRight("*", "pull", "push"))],
            },
            TestContext.Current.CancellationToken);
        shell = new CommandRun(bridge.Http.BaseAddress!.ToString(), RunningBridge.Key);
        shell.Variables["HOME"] = Home;
        using var archive = new ArchiveFile(Archive);
        archive.Save(Image, ["portal:412"]).Write();
    }

    public async ValueTask DisposeAsync()
    {
        await bridge.DisposeAsync();
        await registry.DisposeAsync();
        layouts.Dispose();
    }

    [Fact]
    public async Task An_archive_is_pushed_with_dockers_credentials_and_the_bridge_gets_the_digest()
    {
        SignedIn();
        var done = (await Push("--tag", "latest")).ShouldExit(0);

        done.Output.Should().MatchRegex(@$"^{registry.Host}/portal@sha256:[0-9a-f]{{8}}  \S+ k?B of \S+ k?B new  pushed in [\d.]+ s\naccepted  #p-");
        var ask = bridge.Stages.Of<ImagePushRequested>().Should().ContainSingle().Subject.Content<ImagePushRequested>();
        ask.Source.Should().Be(PushSource.Registry);
        ask.Tags.Should().Equal("latest");
        var digest = ImageReference.Parse(ask.Image).Digest!;
        registry.Manifest("portal", digest).Should().NotBeNull();
        registry.Tags("portal").Should().BeEmpty("the bridge sets them, in its order");

        (await Push()).ShouldExit(0).Output.Should().Contain(" 0 B of ");
        bridge.Stages.Of<ImagePushRequested>().Select(w => w.Content<ImagePushRequested>().Image).Should().HaveCount(2).And.OnlyContain(i => i.EndsWith(digest, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_layout_is_pushed_with_the_credentials_of_the_environment()
    {
        layouts.Write("portal", (Image, null));
        shell.Variables["REGISTRY_USERNAME"] = "ci";
        shell.Variables["REGISTRY_PASSWORD_FILE"] = Path.Combine(Home, "password");
        await File.WriteAllTextAsync(shell.Variables["REGISTRY_PASSWORD_FILE"], "a-secret-of-ci\n", TestContext.Current.CancellationToken);
        (await shell.Run("push", "portal", $"{registry.Host}/portal:412", "--from", Path.Combine(layouts.Root, "portal"), "--json")).ShouldExit(0).Output.Should().StartWith("{");
        registry.Manifest("portal", Image.Digest).Should().NotBeNull();
    }

    [Fact]
    public async Task A_program_that_keeps_credentials_is_asked()
    {
        var program = Path.Combine(Home, "docker-credential-kept");
        InstalledCommand.WriteProgram(program, "#!/bin/sh\nread -r host; [ \"$1 $host\" = \"get $EXPECTED\" ] && echo '{\"ServerURL\":\"x\",\"Username\":\"ci\",\"Secret\":\"a-secret-of-ci\"}'\n");
        Config(new JsonObject { ["credsStore"] = "kept" });
        // The program is found on the path of this process.
        var path = Environment.GetEnvironmentVariable("PATH");
        Environment.SetEnvironmentVariable("PATH", $"{Home}:{path}");
        Environment.SetEnvironmentVariable("EXPECTED", registry.Host);
        try
        {
            (await Push()).ShouldExit(0);
        }
        finally
        {
            Environment.SetEnvironmentVariable("PATH", path);
        }
        Config(new JsonObject { ["credHelpers"] = new JsonObject { [registry.Host] = "nowhere" } });
        (await Push()).ShouldExit(1).Errors.Should().Contain("docker-credential-nowhere keeps the credentials").And.Contain("REGISTRY_USERNAME");
        Config(new JsonObject { ["credsStore"] = "../evil" });
        (await Push()).ShouldExit(1).Errors.Should().Contain("cannot be read");
    }

    [Fact]
    public async Task Without_or_with_wrong_credentials_it_fails_by_name_and_the_bridge_is_not_asked()
    {
        var nobody = (await Push()).ShouldExit(1);
        nobody.Errors.Should().StartWith("The image was not pushed, and the bridge was not asked: The registry ").And.Contain("without credentials");
        shell.Variables["REGISTRY_USERNAME"] = "ci";
        (await Push()).ShouldExit(2).Errors.Should().Contain("there is no password");
        shell.Variables["REGISTRY_PASSWORD"] = "a-wrong-secret";
        var wrong = (await Push()).ShouldExit(1);
        wrong.Errors.Should().Contain("refuses the credentials of the user ci");
        wrong.All.Should().NotContain("a-wrong-secret");
        bridge.Stages.Given.Should().BeEmpty();
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"auths":{"HOST":{"auth":"%%%"}}}""")]
    [InlineData("""{"auths":{"HOST":{"auth":"bm9jb2xvbg=="}}}""")]
    public async Task A_config_json_that_cannot_be_read_is_named(string json)
    {
        Directory.CreateDirectory(Path.Combine(Home, ".docker"));
        await File.WriteAllTextAsync(Path.Combine(Home, ".docker", "config.json"), json.Replace("HOST", registry.Host, StringComparison.Ordinal), TestContext.Current.CancellationToken);
        (await Push()).ShouldExit(1).Errors.Should().Contain($"The credentials for {registry.Host} in {Home}/.docker/config.json cannot be read.").And.Contain("docker login");
    }

    [Fact]
    public async Task What_cannot_be_pushed_is_told_before_anything_is_asked()
    {
        SignedIn();
        (await shell.Run("push", "portal", $"{registry.Host}/portal:412", "--from", "/nowhere.tar")).ShouldExit(1).Errors.Should().Contain("The archive /nowhere.tar is not there");
        (await shell.Run("push", "portal", "portal:412", "--from", Archive)).ShouldExit(2).Errors.Should().Contain("names no registry");
        (await shell.Run("push", "portal", $"{registry.Host}/portal", "--from", Archive)).ShouldExit(2).Errors.Should().Contain("must have a tag and no digest");
        (await Push("--source", "registry")).ShouldExit(2).Errors.Should().Contain("Give one of the two.");
        (await Push("--registry-url", "registry")).ShouldExit(2).Errors.Should().Contain("is no URL");
        registry.Log.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task Without_a_path_the_bridge_finds_the_image()
    {
        (await shell.Run("push", "portal", "registry.internal/portal:412", "--tag", "latest", "--tag", "stable")).ShouldExit(0)
            .Output.Should().Contain("push portal  done in").And.Contain($"registry.internal/portal:412@{ScriptedStages.Digest}");
        bridge.Stages.Of<ImagePushRequested>().Single().Content<ImagePushRequested>().Tags.Should().Equal("latest", "stable");
    }

    void SignedIn() => Config(new JsonObject { ["auths"] = new JsonObject { [$"https://{registry.Host}/v1/"] = new JsonObject { ["auth"] = Convert.ToBase64String(Encoding.UTF8.GetBytes("ci:a-secret-of-ci")) } } });

    void Config(JsonObject json)
    {
        Directory.CreateDirectory(Path.Combine(Home, ".docker"));
        File.WriteAllText(Path.Combine(Home, ".docker", "config.json"), json.ToJsonString());
    }

    Task<CommandResult> Push(params string[] more) => shell.Run(["push", "portal", $"{registry.Host}/portal:412", "--from", Archive, .. more]);
}
