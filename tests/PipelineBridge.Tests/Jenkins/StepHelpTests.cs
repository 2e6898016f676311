using System.Text.RegularExpressions;

namespace PipelineBridge.Tests.Jenkins;

/// <summary>What people read of a step names what the step takes.</summary>
public partial class StepHelpTests
{
    public static TheoryData<string> Steps => [.. Directory.EnumerateFiles(Path.Combine(GroovyProgram.Library, "vars"), "*.groovy").Select(f => Path.GetFileNameWithoutExtension(f)!)];

    [Theory]
    [MemberData(nameof(Steps))]
    public void A_step_has_its_help_and_its_row_with_every_argument(string step)
    {
        var source = File.ReadAllText(Path.Combine(GroovyProgram.Library, "vars", step + ".groovy"));
        var help = File.ReadAllText(Path.Combine(GroovyProgram.Library, "vars", step + ".txt"));
        var rows = string.Join("\n", File.ReadLines(Repository.PathOf("docs", "jenkins.md")).Where(l => l.StartsWith($"| `{step}", StringComparison.Ordinal) || l.StartsWith("| each |", StringComparison.Ordinal)));
        var arguments = Argument().Matches(source).Select(m => m.Groups[1].Value).Concat(["url", "credentials", "key", "by", "failOnError"]).Distinct().ToList();

        arguments.Should().Contain("app");
        foreach (var argument in arguments)
        {
            help.Should().MatchRegex($@"\b{argument}\b", "it is an argument of {0}", step);
            rows.Should().MatchRegex($@"\b{argument}\b", "it is an argument of {0}", step);
        }
        help.Should().Contain("\n" + step, "it shows an example");
    }

    [GeneratedRegex(@"(\w+): '(?:text|texts|whole|count|flag|object|closure)!?'")]
    private static partial Regex Argument();
}
