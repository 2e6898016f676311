using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace PipelineBridge.Tests;

/// <summary>Who may see whom. A wall that is moved is moved here, in sight.</summary>
public partial class WallsTests
{
    const string Us = "PipelineBridge";

    /// <summary>Each project with those of ours that it may reference.</summary>
    static readonly Dictionary<string, string[]> Walls = new()
    {
        ["PipelineBridge.Events"] = [],
        ["PipelineBridge.Journal"] = ["PipelineBridge.Events"],
        ["PipelineBridge.Messaging"] = ["PipelineBridge.Events"],
        ["PipelineBridge.Registry"] = ["PipelineBridge.Events", "PipelineBridge.Messaging"],
        ["PipelineBridge.Cluster"] = ["PipelineBridge.Events", "PipelineBridge.Messaging"],
        ["PipelineBridge.Notifications"] = ["PipelineBridge.Events", "PipelineBridge.Messaging"],
        ["PipelineBridge.Bridge"] = ["PipelineBridge.Events", "PipelineBridge.Journal", "PipelineBridge.Messaging"],
        ["PipelineBridge.Simulators"] = [],
        // The executable composes them: it alone sees all.
        ["PipelineBridge"] =
        [
            "PipelineBridge.Bridge", "PipelineBridge.Cluster", "PipelineBridge.Events", "PipelineBridge.Journal", "PipelineBridge.Messaging",
            "PipelineBridge.Notifications", "PipelineBridge.Registry", "PipelineBridge.Simulators",
        ],
    };

    /// <summary>Packages that stay behind one wall, so that each can be replaced there: the beginning of their names, and who may use them.</summary>
    static readonly (string Package, string[] Projects)[] Kept =
    [
        ("Microsoft.Data.Sqlite", ["PipelineBridge.Journal"]),
        ("SQLitePCLRaw", ["PipelineBridge.Journal"]),
        ("Npgsql", ["PipelineBridge.Journal"]),
        ("System.Data", ["PipelineBridge.Journal"]),
        ("YamlDotNet", ["PipelineBridge", "PipelineBridge.Cluster"]),
        ("System.CommandLine", ["PipelineBridge"]),
        ("MassTransit", ["PipelineBridge.Messaging"]),
        ("RabbitMQ", ["PipelineBridge.Messaging", "PipelineBridge.Bridge"]),
        ("Docker.DotNet", ["PipelineBridge.Cluster", "PipelineBridge.Registry"]),
        ("Octokit", ["PipelineBridge.Bridge", "PipelineBridge.Notifications"]),
    ];

    static string ProjectFile(string project) => Repository.PathOf("src", project, project + ".csproj");

    static IEnumerable<string> Included(string project, string item) => XDocument.Load(ProjectFile(project)).Descendants(item).Select(e => (string)e.Attribute("Include")!);

    // The executable's assembly has the command's name.
    static Assembly AssemblyOf(string project) => Assembly.Load(project == Us ? "pipelinebridge" : project);

    static string[] Sources(params string[] folders) =>
    [
        .. folders.SelectMany(f => Directory.EnumerateFiles(Repository.PathOf(f), "*.cs", SearchOption.AllDirectories))
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)),
    ];

    static string Shown(string file) => Path.GetRelativePath(Repository.Root, file);

    [Fact]
    public void Every_project_has_its_wall() =>
        Directory.EnumerateFiles(Repository.PathOf("src"), "*.csproj", SearchOption.AllDirectories).Select(f => Path.GetFileNameWithoutExtension(f))
            .Should().BeEquivalentTo(Walls.Keys);

    [Fact]
    public void Projects_reference_only_what_they_may_see()
    {
        foreach (var (project, allowed) in Walls)
        {
            Included(project, "ProjectReference").Select(f => Path.GetFileNameWithoutExtension(f))
                .Should().BeSubsetOf(allowed, "{0} may reference nothing else of ours", project);
        }
    }

    [Fact]
    public void Assemblies_use_only_what_their_project_may_see()
    {
        foreach (var (project, allowed) in Walls)
        {
            AssemblyOf(project).GetReferencedAssemblies().Select(a => a.Name!).Where(n => n.StartsWith(Us, StringComparison.OrdinalIgnoreCase))
                .Should().BeSubsetOf(allowed, "{0} may use nothing else of ours", project);
        }
    }

    [Fact]
    public void Kept_packages_are_referenced_behind_their_wall_only()
    {
        foreach (var project in Walls.Keys)
        {
            Included(project, "PackageReference").Where(p => IsKeptFrom(p, project)).Should().BeEmpty("{0} may not reference them", project);
        }
    }

    [Fact]
    public void Kept_packages_are_used_behind_their_wall_only()
    {
        foreach (var project in Walls.Keys)
        {
            // A package comes along with a referenced project: only the assembly says whether it is used.
            AssemblyOf(project).GetReferencedAssemblies().Select(a => a.Name!).Where(a => IsKeptFrom(a, project)).Should().BeEmpty("{0} may not use them", project);
        }
    }

    static bool IsKeptFrom(string package, string project) =>
        Kept.Any(k => (package == k.Package || package.StartsWith(k.Package + ".", StringComparison.Ordinal)) && !k.Projects.Contains(project));

    [Fact]
    public void A_source_file_is_about_one_thing_and_has_at_most_300_lines() =>
        Sources("src").Select(f => (File: Shown(f), Lines: File.ReadLines(f).Count())).Where(f => f.Lines > 300)
            .Should().BeEmpty("a longer file is two files");

    [Fact]
    public void Nothing_sleeps_on_a_thread() =>
        Sources("src", "tests").Where(f => SleepPattern().IsMatch(File.ReadAllText(f))).Select(Shown)
            .Should().BeEmpty("a wait is asynchronous, through TimeProvider, and has a bound");

    [Theory]
    [InlineData("MassTransit", 9)]
    [InlineData("MassTransit.RabbitMQ", 9)]
    [InlineData("FluentAssertions", 8)]
    [InlineData("JsonSchema.Net", 9)]
    public void Versions_that_cost_are_kept_out(string package, int firstThatCosts)
    {
        var version = (string?)XDocument.Load(Repository.PathOf("src", "Directory.Packages.props")).Descendants("PackageVersion")
            .SingleOrDefault(e => (string)e.Attribute("Include")! == package)?.Attribute("Version");
        if (version is not null)
        {
            version.Should().MatchRegex($@"^\[\d+(\.\d+)*,{firstThatCosts}\.0\.0\)$", "{0} {1} is not free", package, firstThatCosts);
        }
    }

    [Fact]
    public void Versions_stand_in_one_place()
    {
        var projects = new[] { "src", "tests" }.SelectMany(f => Directory.EnumerateFiles(Repository.PathOf(f), "*.csproj", SearchOption.AllDirectories));
        projects.Where(f => XDocument.Load(f).Descendants("PackageReference").Any(e => e.Attribute("Version") is not null || e.Attribute("VersionOverride") is not null))
            .Select(Shown).Should().BeEmpty("src/Directory.Packages.props has the versions");
    }

    [Fact]
    public void What_Microsoft_makes_stays_with_the_runtime() =>
        XDocument.Load(Repository.PathOf("src", "Directory.Packages.props")).Descendants("PackageVersion")
            .Where(e => ((string)e.Attribute("Include")!).StartsWith("Microsoft.", StringComparison.Ordinal))
            .Select(e => (string)e.Attribute("Version")!).Should().OnlyContain(v => v.StartsWith("10.0.", StringComparison.Ordinal));

    [GeneratedRegex(@"\bThread\s*\.\s*Sleep\s*\(")]
    private static partial Regex SleepPattern();
}
