using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Composition;
using PipelineBridge.Tests.CommandLine;
using PipelineBridge.Tests.Processes;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Compose;

/// <summary>The first step of compose/: the secrets that it makes, and the sample that stands beside it.</summary>
public sealed class InitTests : IDisposable
{
    static readonly string Script = Repository.PathOf("compose", "init", "init.sh");
    static readonly string Sample = Repository.PathOf("compose", "config", "bridge.yaml");

    static readonly string[] Stages = ["registry", "cluster", "notifications"];

    readonly DirectoryInfo secrets = Directory.CreateTempSubdirectory("pipelinebridge-init-");

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => secrets.Delete(recursive: true);

    [Fact]
    public async Task A_second_run_keeps_every_secret_and_no_run_shows_one()
    {
        var first = await Init();
        var made = Secrets();
        made.Should().HaveCount(10).And.ContainKeys("bridge/broker", "registry/bridge-key", "cluster/broker", "subscriber/broker", "operator/key", "notifications/slack");
        made.Values.Distinct().Should().HaveCount(10, "each secret is its own");
        made.Where(s => s.Key != "notifications/slack").Select(s => s.Value).Should().AllSatisfy(s => s.Should().MatchRegex("^[0-9a-f]{64}$"));
        File.WriteAllText(Of("notifications/slack"), "xoxb-of-somebody");

        var second = await Init();

        Secrets().Should().BeEquivalentTo(new Dictionary<string, string>(made) { ["notifications/slack"] = "xoxb-of-somebody" });
        foreach (var secret in made.Values.Where(s => s != "xoxb-simulator"))
        {
            (first + second).Should().NotContain(secret);
            File.ReadAllText(Of("rabbitmq/definitions.json")).Should().NotContain(secret);
        }
        second.Should().NotContain("made ");
    }

    [Fact]
    public async Task A_secret_is_read_by_its_process_alone_and_a_hash_by_everybody()
    {
        await Init();
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        // What somebody adds is given its rights by the next run.
        File.WriteAllText(Of("cluster/marathon"), "of the cluster");
        File.SetUnixFileMode(Of("cluster/marathon"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        await Init();
        (File.GetUnixFileMode(Of("cluster/marathon")) & UnixFileMode.GroupRead).Should().NotBe(UnixFileMode.None);
        const UnixFileMode Everybody = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        foreach (var secret in Secrets().Keys)
        {
            (File.GetUnixFileMode(Of(secret)) & Everybody).Should().Be(UnixFileMode.None, secret);
        }
        (File.GetUnixFileMode(Of("subscriber/broker")) & UnixFileMode.GroupRead).Should().Be(UnixFileMode.None, "no container reads it");
        (File.GetUnixFileMode(Of("bridge/broker")) & UnixFileMode.GroupRead).Should().NotBe(UnixFileMode.None, "the container's user reads it by its group");
        File.GetUnixFileMode(Of("rabbitmq/definitions.json")).Should().HaveFlag(UnixFileMode.OtherRead, "the broker runs as a user of its own");
    }

    [Fact]
    public async Task What_everybody_reads_can_be_read_while_it_runs_too()
    {
        await Init();
        var path = Directory.CreateDirectory(Of("of-the-test/path")).FullName;
        var seen = Of("of-the-test/seen");
        InstalledCommand.WriteProgram(Path.Combine(path, "chown"), $"#!/bin/sh\nstat -c %a '{secrets.FullName}'/hashes/* '{secrets.FullName}'/rabbitmq/* >>'{seen}'\n");

        await Init(("PATH", $"{path}:{Environment.GetEnvironmentVariable("PATH")}"));

        (await File.ReadAllLinesAsync(seen, Stop)).Should().HaveCountGreaterThan(5).And.OnlyContain(rights => rights == "644");
    }

    [Fact]
    public async Task The_definitions_have_a_salted_hash_of_each_password()
    {
        await Init();
        var users = JsonNode.Parse(File.ReadAllText(Of("rabbitmq/definitions.json")))!["users"]!.AsArray();
        users.Select(u => (string)u!["name"]!).Should().BeEquivalentTo(BrokerDefinitions.Users);
        foreach (var user in users)
        {
            var hash = Convert.FromBase64String((string)user!["password_hash"]!);
            var password = File.ReadAllText(Of($"{((string)user["name"]!)["pipelinebridge-".Length..]}/broker"));
            hash[4..].Should().Equal(SHA256.HashData([.. hash[..4], .. Encoding.UTF8.GetBytes(password)]));
        }
        users.Select(u => ((string)u!["password_hash"]!)[..4]).Distinct().Should().HaveCountGreaterThan(1, "each has a salt of its own");
    }

    [Fact]
    public async Task The_sample_is_in_order_for_each_process_and_its_keys_are_those_that_were_made()
    {
        await Init();
        foreach (var process in Stages.Prepend("bridge"))
        {
            var text = (await File.ReadAllTextAsync(Sample, Stop)).Replace("/run/secrets/", Of(process) + "/", StringComparison.Ordinal)
                .Replace("specs/hello.json", Repository.PathOf("compose", "config", "specs", "hello.json"), StringComparison.Ordinal)
                .Replace("/var/lib/pipelinebridge/", secrets.FullName + "/", StringComparison.Ordinal);
            var file = Of($"{process}.yaml");
            await File.WriteAllTextAsync(file, text, Stop);

            var (exitCode, output, errors) = await BridgeProcess.Run(["config", "check", "--file", file, "--for", process], Hashes);

            exitCode.Should().Be(0, output + errors);
            output.Should().Contain("is in order: 4 keys").And.NotContain("warning");
        }
        File.ReadAllText(Of("hashes/operator")).Should().Be(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Of("operator/key")))));
    }

    [Theory]
    [InlineData("nobody=x", "\"nobody=…\" is for no user of ours. Give one of pipelinebridge-bridge")]
    [InlineData("of-somebody", "has no USER= before its file")]
    [InlineData("pipelinebridge-bridge=/does/not/exist", "the file cannot be read")]
    [InlineData("pipelinebridge-bridge=/dev/null", "the file is empty")]
    public async Task A_password_that_cannot_be_taken_is_told_and_nothing_is_printed(string password, string told)
    {
        var file = Of("bridge.yaml");
        await File.WriteAllTextAsync(file, $"keys: [{{ name: a, sha256: [{new string('a', 64)}], verbs: [read], apps: \"*\" }}]\n", Stop);

        var (exitCode, output, errors) = await BridgeProcess.Run(["broker", "definitions", "--file", file, "--password", password]);

        exitCode.Should().Be(2);
        output.Should().BeEmpty();
        errors.Should().Contain(told).And.NotContain("   at ");
        if (password == "of-somebody")
        {
            errors.Should().NotContain(password, "it may be a password");
        }
    }

    (string, string)[] Hashes => [.. Stages.Prepend("operator").Select((name, n) => ($"PIPELINEBRIDGE_KEYS__{n}__SHA256_FILE", Of($"hashes/{name}")))];

    string Of(string path) => Path.Combine(secrets.FullName, path);

    Dictionary<string, string> Secrets() => Directory.EnumerateFiles(secrets.FullName, "*", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(secrets.FullName, f)).Where(f => f.Contains('/') && !f.StartsWith("hashes/", StringComparison.Ordinal) && !f.StartsWith("rabbitmq/", StringComparison.Ordinal))
        .ToDictionary(f => f, f => File.ReadAllText(Of(f)));

    /// <summary>Runs the script, as a container does; what it wrote.</summary>
    async Task<string> Init(params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo("/bin/sh", [Script, secrets.FullName, Sample]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PROGRAM"] = Path.Combine(AppContext.BaseDirectory, "pipelinebridge");
        start.Environment["READERS"] = $"{await GroupOfThisProcess()}";
        foreach (var (name, value) in Hashes.Concat(variables))
        {
            start.Environment[name] = value;
        }
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Stop);
        var errors = process.StandardError.ReadToEndAsync(Stop);
        await process.WaitForExitAsync(Stop).WaitAsync(Patience.Bound, Stop);
        process.ExitCode.Should().Be(0, await output + await errors);
        return await output + await errors;
    }

    static async Task<string> GroupOfThisProcess() =>
        (await File.ReadAllLinesAsync("/proc/self/status", Stop)).Single(l => l.StartsWith("Gid:", StringComparison.Ordinal)).Split('\t')[1];
}
