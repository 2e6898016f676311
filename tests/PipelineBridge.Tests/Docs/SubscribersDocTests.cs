using System.Globalization;
using System.Diagnostics;
using System.Text.RegularExpressions;
using PipelineBridge.Tests.Bridge;
using PipelineBridge.Tests.Broker;

namespace PipelineBridge.Tests.Docs;

/// <summary>The subscribers of docs/subscribers.md, as they stand there, on a real broker.</summary>
[Collection(BrokerTests.Name), Trait("Needs", "service")]
public sealed partial class SubscribersDocTests(RabbitMqServer broker) : IDisposable
{
    const string Queue = "subscriber.portal";

    static readonly string Doc = File.ReadAllText(Repository.PathOf("docs", "subscribers.md"));
    static readonly string[] Told = ["deployment.started prod/portal", "deployment.failed prod/portal", "deployment.succeeded prod/portal"];

    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("pipelinebridge-subscriber-");

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public async Task The_one_in_Python()
    {
        MustBeThere("/usr/lib/python3/dist-packages/pika", "python3-pika");
        MustBeThere("/usr/lib/python3/dist-packages/jsonschema", "python3-jsonschema");
        await Follows(scene => Start(scene, "/usr/bin/python3", Write("subscriber.py", Block("Python", "python"))));
    }

    [Fact]
    public async Task The_one_in_Node()
    {
        MustBeThere("/usr/bin/npm", "npm");
        var install = Block("Node", "sh").Trim();
        await using (var npm = new ExampleProgram(InDirectory("bash", ["-c", install + " --ignore-scripts --no-audit --no-fund --loglevel=error"])))
        {
            Assert.SkipUnless(await npm.Exit() == 0, $"{install}: {npm.Errors}");
        }
        await Follows(scene => Start(scene, "node", Write("subscriber.js", Block("Node", "js"))));
    }

    [Fact]
    public async Task The_one_in_Bash()
    {
        MustBeThere("/usr/bin/amqp-consume", "amqp-tools");
        MustBeThere("/usr/bin/jq", "jq");
        MustBeThere("/usr/bin/jsonschema", "python3-jsonschema");
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await SubscriberScene.Make(broker);
        await using var program = Start(scene, "bash", Write("subscriber.sh", Block("Bash", "bash")));
        await scene.PublishEverything(program);
        (await program.LinesTo("deployment.succeeded")).Should().Equal(Told);
        await scene.CloseConnections();
        (await program.Exit()).Should().NotBe(0);
    }

    [Fact]
    public async Task The_one_in_CSharp()
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await SubscriberScene.Make(broker);
        var output = new StringWriter();
        var following = Portal.Subscriber.Follow(scene.SubscriberUrl, Repository.PathOf("docs", "schemas"), output, TestContext.Current.CancellationToken);
        await scene.PublishEverything();
        await SubscriberScene.Until(() => Task.FromResult(following.IsCompleted || output.ToString().Contains("deployment.succeeded", StringComparison.Ordinal)), "it has told the last");
        output.ToString().Trim().Split(Environment.NewLine).Should().Equal(Told);
        await scene.CloseConnections();
        await FluentActions.Awaiting(() => following).Should().ThrowAsync<IOException>("a subscriber that lost its broker is not one that is done");
        await SetAside(scene);
        following = Portal.Subscriber.Follow(scene.SubscriberUrl, Repository.PathOf("docs", "schemas"), output, TestContext.Current.CancellationToken);
        await scene.Publish(SubscriberScene.Ended("deployment.started", "meanwhile"));
        await SubscriberScene.Until(() => Task.FromResult(following.IsCompleted || output.ToString().Trim().Split(Environment.NewLine).Length == 4), "it goes on");
        await scene.Delete(Queue);
        await FluentActions.Awaiting(() => following).Should().ThrowAsync<IOException>("a subscriber without a queue is told nothing any more");
    }

    [Fact]
    public void The_one_in_CSharp_is_the_file_that_is_compiled_here() =>
        Block("C#", "csharp").Should().Be(File.ReadAllText(Repository.PathOf("tests", "PipelineBridge.Tests", "Docs", "Subscriber.cs")));

    [Fact]
    public async Task The_loop_that_catches_up_gives_every_event_of_the_app_from_the_sequence_reached()
    {
        MustBeThere("/usr/bin/curl", "curl");
        MustBeThere("/usr/bin/jq", "jq");
        await using var bridge = await RunningBridge.Start();
        await bridge.Until(await bridge.Deploy(), "succeeded");
        var start = InDirectory("bash", ["-c", Block("After a loss of the broker", "sh") + "echo reached $REACHED"]);
        (start.Environment["BRIDGE_URL"], start.Environment["BRIDGE_TOKEN"], start.Environment["REACHED"]) = (bridge.Http.BaseAddress!.ToString().TrimEnd('/'), RunningBridge.Key, "0");
        // Its message is told after its end: the journal may grow while the loop reads.
        var before = bridge.Journal.Head;
        await using var program = new ExampleProgram(start);
        var lines = await program.LinesTo("reached");
        lines.SkipLast(1).Should().Contain(l => l.Contains("deployment.requested", StringComparison.Ordinal)).And.Contain(l => l.Contains("deployment.succeeded", StringComparison.Ordinal));
        long.Parse(lines[^1]["reached ".Length..], CultureInfo.InvariantCulture).Should().BeInRange(before, bridge.Journal.Head);
    }

    [Fact]
    public void Its_links_lead_somewhere() =>
        Links().Matches(Doc).Select(m => m.Groups[1].Value).Where(f => !Path.Exists(Repository.PathOf("docs", f))).Should().BeEmpty();

    /// <summary>What each example with a queue that stays does.</summary>
    async Task Follows(Func<SubscriberScene, ExampleProgram> start)
    {
        RabbitMqServer.SkipWhereMissing();
        await using var scene = await SubscriberScene.Make(broker);
        await using (var program = start(scene))
        {
            await scene.PublishEverything(program);
            (await program.LinesTo("deployment.succeeded")).Should().Equal(Told);
            await scene.CloseConnections();
            (await program.Exit()).Should().NotBe(0, "a subscriber that lost its broker is not one that is done");
        }
        await SetAside(scene);
        await scene.Publish(SubscriberScene.Ended("deployment.started", "meanwhile"));
        await using (var again = start(scene))
        {
            (await again.LinesTo("deployment.started")).Should().Equal(["deployment.started prod/portal"], "the queue keeps what comes while nobody reads");
            await scene.Delete(Queue);
            (await again.Exit()).Should().NotBe(0, "a subscriber without a queue is told nothing any more");
        }
    }

    static Task SetAside(SubscriberScene scene) => SubscriberScene.Until(
        async () => await scene.Count(Queue) == 0 && await scene.Count(Queue + ".dead") == 2, "what is no event was set aside, and all else was acknowledged");

    ExampleProgram Start(SubscriberScene scene, string program, string file)
    {
        var start = InDirectory(program, [file]);
        start.Environment["BROKER"] = scene.SubscriberUrl.ToString();
        start.Environment["SCHEMAS"] = Repository.PathOf("docs", "schemas");
        start.Environment["HOST"] = scene.Options.Url.Host;
        start.Environment["PORT"] = $"{scene.Options.Url.Port}";
        start.Environment["VHOST"] = scene.Options.VirtualHost;
        start.Environment["AUTHFILE"] = Write("auth", $"username:{scene.Subscriber.Username}\npassword:{scene.Subscriber.Password()}\n");
        start.Environment["TMPDIR"] = directory.FullName;
        return new ExampleProgram(start);
    }

    ProcessStartInfo InDirectory(string program, string[] arguments) => new(program, arguments) { WorkingDirectory = directory.FullName };

    string Write(string name, string text)
    {
        var file = Path.Combine(directory.FullName, name);
        File.WriteAllText(file, text);
        return file;
    }

    static void MustBeThere(string path, string package) => Assert.SkipUnless(Path.Exists(path), $"{path} is not there (Debian package {package})");

    static string Block(string heading, string language) => Blocks().Matches(Doc.Split("\n## ").Single(s => s.StartsWith(heading + "\n", StringComparison.Ordinal)))
        .Single(m => m.Groups[1].Value == language).Groups[2].Value;

    [GeneratedRegex(@"\]\(([^)#:]+)")]
    private static partial Regex Links();

    [GeneratedRegex("```(\\w+)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();
}
