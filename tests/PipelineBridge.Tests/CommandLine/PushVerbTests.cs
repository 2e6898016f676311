using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using PipelineBridge.CommandLine;
using PipelineBridge.Events;
using PipelineBridge.Registry;
using PipelineBridge.Simulators;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Tests.Bridge;
using PipelineBridge.Tests.Registry;
using PipelineBridge.Tests.Support;

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
        nobody.Errors.Should().StartWith("The image was not pushed, and the bridge was asked for nothing: The registry ").And.Contain("without credentials");
        shell.Variables["REGISTRY_USERNAME"] = "ci";
        (await Push()).ShouldExit(2).Errors.Should().Contain("there is no password");
        shell.Variables["REGISTRY_PASSWORD"] = "a-wrong-secret";
        var wrong = (await Push()).ShouldExit(1);
        wrong.Errors.Should().Contain("refuses the credentials of the user ci");
        wrong.All.Should().NotContain("a-wrong-secret");
        bridge.Stages.Given.Should().BeEmpty();
    }

    [Fact]
    public async Task What_the_bridge_would_refuse_is_refused_before_a_byte_moves()
    {
        SignedIn();
        (await Push("--tag", "-latest")).ShouldExit(3).Errors.Should().StartWith("tags[0] is \"-latest\": it is no tag");
        (await Push("--chain", "another")).ShouldExit(3).Errors.Should().Contain("chainId");
        (await Push("--key", "schlüssel")).ShouldExit(2).Errors.Should().Contain("--key is no Idempotency-Key.");
        shell.Variables["BRIDGE_TOKEN"] = RunningBridge.PortalKey;
        (await shell.Run("push", "other", $"{registry.Host}/other:412", "--from", Archive)).ShouldExit(3).Errors.Should().Contain("The key \"portal\" is not for the app \"other\".");
        shell.Variables["BRIDGE_TOKEN"] = RunningBridge.StageKey;
        (await Push()).ShouldExit(3).Errors.Should().Contain("The key \"stage\" may not push.");
        shell.Variables["BRIDGE_TOKEN"] = "another";
        (await Push()).ShouldExit(3).Errors.Should().StartWith("The bridge does not know who calls (HTTP 401)");
        (await CommandRun.Fast(new Uri("http://127.0.0.1:9")).Run("push", "portal", $"{registry.Host}/portal:412", "--from", Archive)).ShouldExit(4).Errors.Should().Contain("it refuses connections");
        registry.Log.Requests.Should().BeEmpty();
        bridge.Stages.Given.Should().BeEmpty();
    }

    [Fact]
    public async Task An_image_with_another_id_than_the_one_given_is_not_sent()
    {
        SignedIn();
        (await Push("--image-id", "sha256:" + new string('0', 64))).ShouldExit(1).Errors.Should().StartWith("The image was not pushed, and the bridge was asked for nothing: ");
        registry.Log.Requests.Should().NotContain(r => r.Method == "POST" || r.Method == "PUT");
        bridge.Stages.Given.Should().BeEmpty();
    }

    [Fact]
    public async Task A_sign_in_page_before_the_bridge_is_not_taken_for_its_word()
    {
        await using var page = await SimulatorServer.Start(
            new SimulatorServerOptions { Name = "page", Description = "A sign-in page.", Announce = _ => { } },
            app => app.Run(http => http.Response.WriteAsync("<html>Sign in</html>")), TestContext.Current.CancellationToken);
        SignedIn();
        shell.Variables["BRIDGE_URL"] = page.Url.ToString();
        (await Push()).ShouldExit(4).Errors.Should().Contain("answers HTTP 200, but not as a bridge does");
        registry.Log.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task How_far_it_is_is_told_in_a_pipe_line_by_line_on_a_terminal_in_place_and_in_json_not_at_all()
    {
        SignedIn();
        // It looks how far it is four times a second, so that a moment without a look is none without a line.
        CommandRun Run(bool terminal) => new(bridge.Http.BaseAddress!.ToString(), RunningBridge.Key) { IsTerminal = terminal, Clock = new FastTime(4), Variables = { ["HOME"] = Home } };
        foreach (var repository in new[] { "piped", "drawn" })
        {
            registry.Faults.Add(new Fault { PathPrefix = $"/v2/{repository}/blobs/", Method = "PUT", DelayMilliseconds = 5000, Times = 99 });
        }

        (await To("piped", Run(false))).ShouldExit(0).Output.Should().MatchRegex(@"^(  \d+:\d\d sent \S+ k?B of \S+ k?B\n)*  \d+:\d\d sent (\S+ k?B) of \2\n\S+/piped@sha256:");
        (await To("drawn", Run(true))).ShouldExit(0).Output.Should()
            .MatchRegex(@$"^push portal → {registry.Host}/drawn:412   (reading|pushing)   0:\d\d\n")
            .And.MatchRegex(@$"push portal → {registry.Host}/drawn:412   pushing   0:\d\d\n  ◐ sent       ").And.Contain("██████████")
            .And.MatchRegex(@"\x1b\[2F\x1b\[J\S+/drawn@sha256:[0-9a-f]{8}  ", "the block is gone when it is over");
        (await To("json", shell, "--json")).ShouldExit(0).Output.Should().StartWith("{");
    }

    [Fact]
    public async Task In_a_pipe_each_further_tenth_is_a_line_and_nothing_else_is()
    {
        await using var output = new Shown();
        var (meter, push) = (new PushMeter(), new TaskCompletionSource<int>());
        var view = new UploadView(new Surroundings { Output = output, Errors = output, Variable = _ => null, Clock = new FastTime(20) }, "push portal", meter).Until(push.Task);
        meter.Measured(1000);
        meter.WasThere("a", 300);
        foreach (var (sent, isFurther) in new[] { (0, true), (10, false), (20, false), (110, true), (120, false), (500, true), (700, true) })
        {
            meter.Sent("b", sent);
            await (isFurther ? output.Until($"sent {sent} B", TestContext.Current.CancellationToken) : Task.Delay(150, TestContext.Current.CancellationToken));
        }
        push.SetResult(7);
        (await view).Should().Be(7);
        output.ToString().Split('\n').Select(l => l.Length > 7 ? l.TrimStart().Split(' ', 2)[1] : l).Should().Equal("sent 0 B of 1 kB, 300 B were there", "sent 110 B of 1 kB, 300 B were there", "sent 500 B of 1 kB, 300 B were there", "sent 700 B of 1 kB, 300 B were there", "");
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
        (await shell.Run("push", "portal", $"{registry.Host}/portal:412", "--from", "/nowhere.tar")).ShouldExit(2).Errors.Should().StartWith("/nowhere.tar of --from is not there.\n");
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

    Task<CommandResult> To(string repository, CommandRun run, params string[] more) => run.Run(["push", "portal", $"{registry.Host}/{repository}:412", "--from", Archive, .. more]);
}
