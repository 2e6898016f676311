using System.Globalization;
using System.Text.RegularExpressions;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Pages;

namespace PipelineBridge.Tests.Bridge.Pages;

public partial class PageStyleTests
{
    /// <summary>What text has: WCAG 2.2, 1.4.3 (AA).</summary>
    const double Text = 4.5;

    /// <summary>What a border of a button or a bar has: WCAG 2.2, 1.4.11.</summary>
    const double Shape = 3;

    [Theory]
    [InlineData("light", 0)]
    [InlineData("dark", 1)]
    public void Every_colour_of_text_is_read_on_both_backgrounds(string scheme, int at)
    {
        var colours = Schemes()[at];
        foreach (var ink in new[] { "ink", "soft", "link", "live", "moving", "waiting", "failed", "held", "none" })
        {
            foreach (var back in new[] { "back", "raised" })
            {
                Contrast(colours[ink], colours[back]).Should().BeGreaterThanOrEqualTo(Text, "--{0} on --{1} in {2}", ink, back, scheme);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Every_border_of_what_can_be_pressed_and_every_bar_is_seen(int scheme)
    {
        var colours = Schemes()[scheme];
        foreach (var shape in new[] { "soft", "link", "moving", "waiting" })
        {
            Contrast(colours[shape], colours["back"]).Should().BeGreaterThanOrEqualTo(Shape, "--{0}", shape);
            Contrast(colours[shape], colours["raised"]).Should().BeGreaterThanOrEqualTo(Shape, "--{0}", shape);
        }
    }

    [Fact]
    public void No_colour_stands_outside_the_two_schemes() =>
        Colour().Matches(PageStyle.Css[PageStyle.Css.IndexOf("*{box-sizing", StringComparison.Ordinal)..]).Should().BeEmpty("only what is named in a scheme is measured");

    [Fact]
    public void What_has_the_focus_is_seen() =>
        PageStyle.Css.Should().Contain("a:focus-visible").And.Contain("button:focus-visible").And.Contain("input:focus-visible").And.Contain("summary:focus-visible").And.Contain("outline:2px solid var(--link)");

    [Fact]
    public void No_two_states_are_told_apart_by_colour_alone()
    {
        string[] states = ["live", "none", "moving", "held", RequestState.Accepted, RequestState.Waiting, RequestState.Running, RequestState.Succeeded, RequestState.Failed, RequestState.Refused, RequestState.Superseded, RequestState.Cancelled];
        states.Select(PageWords.Look).Select(l => l.Word).Should().OnlyHaveUniqueItems();
        foreach (var look in states.Select(PageWords.Look).GroupBy(l => l.Sign))
        {
            look.Select(l => l.Class).Distinct().Should().ContainSingle("the sign {0} has one colour", look.Key);
        }
    }

    [Fact]
    public void The_ratio_is_that_of_the_definition()
    {
        // Black on white is 21, and #777 on white the known near miss.
        Contrast("#000", "#ffffff").Should().BeApproximately(21, 0.01);
        Contrast("#777777", "#fff").Should().BeApproximately(4.48, 0.01);
    }

    static List<Dictionary<string, string>> Schemes()
    {
        var roots = Root().Matches(PageStyle.Css).Select(m => Variable().Matches(m.Groups[1].Value).ToDictionary(v => v.Groups[1].Value, v => v.Groups[2].Value)).ToList();
        roots.Should().HaveCount(2);
        return roots;
    }

    /// <summary>The contrast ratio of two colours (WCAG 2.2, "contrast ratio" and "relative luminance").</summary>
    static double Contrast(string a, string b)
    {
        var (x, y) = (Luminance(a), Luminance(b));
        return (Math.Max(x, y) + 0.05) / (Math.Min(x, y) + 0.05);
    }

    static double Luminance(string colour)
    {
        var hex = colour[1..];
        hex = hex.Length == 3 ? string.Concat(hex.Select(c => $"{c}{c}")) : hex;
        var channels = new[] { 0, 2, 4 }.Select(i => int.Parse(hex.AsSpan(i, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0)
            .Select(c => c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4)).ToArray();
        return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2];
    }

    [GeneratedRegex(@":root\{([^}]*)\}")]
    private static partial Regex Root();

    [GeneratedRegex("--([a-z]+):(#[0-9a-f]{3,6})")]
    private static partial Regex Variable();

    [GeneratedRegex("#[0-9a-f]{3,8}(?![-\\w])|rgba?\\(|hsl")]
    private static partial Regex Colour();
}
