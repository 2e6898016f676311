using System.Text.RegularExpressions;

namespace PipelineBridge.Tests.Jenkins;

/// <summary>The cases of the Jenkins library, each by its name; Groovy is started once for all of them.</summary>
[Trait("Needs", "service")]
public partial class LibraryTests
{
    static readonly Lazy<Task<Dictionary<string, string>>> Run = new(RunAll);

    public static TheoryData<string> Names => [.. Files().SelectMany(f => Name().Matches(File.ReadAllText(f))).Select(m => m.Groups[1].Value)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_library_holds(string name)
    {
        GroovyProgram.SkipUnlessThere();
        var results = await Run.Value;
        results.Should().ContainKey(name, "the run tells every case; it said {0}", string.Join("\n", results.Values));
        results[name].Should().StartWith("ok ");
    }

    [Fact]
    public void A_name_is_one_case_only() => Names.Select(n => n.Data).Should().OnlyHaveUniqueItems().And.NotBeEmpty();

    static IEnumerable<string> Files() => Directory.EnumerateFiles(Path.Combine(GroovyProgram.Library, "test", "cases"), "*.groovy").Order();

    /// <summary>What was printed of each case, by its name.</summary>
    static async Task<Dictionary<string, string>> RunAll()
    {
        var (_, output, errors) = await GroovyProgram.Run("run-cases", [], TimeSpan.FromMinutes(10), CancellationToken.None);
        var results = new Dictionary<string, string>();
        foreach (var told in Told().Split(output + errors).Where(t => t.Length > 0))
        {
            results[told.Split('\n')[0].Split(' ', 2) is [_, var name] ? name : told] = told;
        }
        return results;
    }

    [GeneratedRegex(@"^test\('(.+?)'\)", RegexOptions.Multiline)]
    private static partial Regex Name();

    [GeneratedRegex(@"^(?=ok |failed )", RegexOptions.Multiline)]
    private static partial Regex Told();
}
