using System.Diagnostics;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Compose;

/// <summary>The units of compose/systemd/.</summary>
public class UnitsTests
{
    const string Analyze = "/usr/bin/systemd-analyze";

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact, Trait("Needs", "service")]
    public async Task Systemd_finds_nothing_wrong_in_the_units_and_their_drop_ins()
    {
        using var units = new Units();
        var (exitCode, said) = await units.Verify();
        exitCode.Should().Be(0, said);
        said.Should().BeEmpty();

        // What is wrong in a drop-in is found too: it is read.
        await File.AppendAllTextAsync(Path.Combine(units.Path, "pipelinebridge-.service.d", "10-process.conf"), "\nNoSuchKey=yes\n", Stop);
        (await units.Verify()).Said.Should().Contain("NoSuchKey");
    }

    [Theory, Trait("Needs", "service")]
    [InlineData("pipelinebridge-bridge.service")]
    [InlineData("pipelinebridge-all.service")]
    [InlineData("pipelinebridge-worker@notifications.service")]
    public async Task A_unit_is_shut_in_as_far_as_systemd_calls_ok(string unit)
    {
        using var units = new Units();
        // The scale is 0 to 10, in tenths here; without the drop-in it is 92.
        var (exitCode, said) = await units.Run("security", "--offline=true", "--threshold=20", "--no-pager", unit);
        exitCode.Should().Be(0, said);
    }

    /// <summary>A copy of the units whose program is there.</summary>
    sealed class Units : IDisposable
    {
        readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("pipelinebridge-units-");

        public Units()
        {
            Assert.SkipUnless(File.Exists(Analyze), $"{Analyze} is not installed (Debian package systemd).");
            var source = Repository.PathOf("compose", "systemd");
            foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
            {
                var copy = System.IO.Path.Combine(Path, System.IO.Path.GetRelativePath(source, file));
                Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy)!);
                File.WriteAllText(copy, File.ReadAllText(file).Replace("/opt/pipelinebridge/pipelinebridge", "/bin/true", StringComparison.Ordinal));
            }
        }

        public string Path => directory.FullName;

        public Task<(int ExitCode, string Said)> Verify() =>
            Run("verify", "--man=no", "pipelinebridge-bridge.service", "pipelinebridge-all.service", "pipelinebridge-worker@registry.service", "pipelinebridge-worker@notifications.service");

        public async Task<(int ExitCode, string Said)> Run(string verb, params string[] arguments)
        {
            var start = new ProcessStartInfo(Analyze, [verb, .. arguments.Select(a => a.StartsWith('-') ? a : System.IO.Path.Combine(Path, a))])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync(Stop);
            var errors = process.StandardError.ReadToEndAsync(Stop);
            await process.WaitForExitAsync(Stop).WaitAsync(Patience.Bound, Stop);
            return (process.ExitCode, await output + await errors);
        }

        public void Dispose() => directory.Delete(recursive: true);
    }
}
