using System.Security.Cryptography;
using System.Text;
using PipelineBridge.Bridge.Pages;

namespace PipelineBridge.Tests.Bridge.Pages;

public class HtmlTests
{
    [Fact]
    public void Every_hole_is_encoded() =>
        Html.Of($"<p title=\"{"\" onclick=\"x"}\">{"<script>&'"}</p>").ToString()
            .Should().Be("<p title=\"&quot; onclick=&quot;x\">&lt;script&gt;&amp;&#39;</p>");

    [Fact]
    public void What_is_html_already_is_not_encoded_again() =>
        Html.Of($"<ul>{new[] { "a<b", "c" }.Select(t => Html.Of($"<li>{t}</li>"))}</ul>{Html.Of($"<b>{"&"}</b>")}").ToString()
            .Should().Be("<ul><li>a&lt;b</li><li>c</li></ul><b>&amp;</b>");

    [Fact]
    public void Characters_that_turn_the_direction_of_writing_and_controls_do_not_pass() =>
        Html.Of($"{"a\u202Eb\u2066c\0d\ne"}").ToString().Should().Be("a\uFFFDb\uFFFDc\uFFFDd\ne");

    [Theory]
    [InlineData("javascript:alert(1)")]
    [InlineData("data:text/html,x")]
    [InlineData("//elsewhere/x")]
    [InlineData("not an address")]
    [InlineData(null)]
    public void An_address_that_is_not_of_http_is_no_link(string? url) => Html.Outside(url, "log").ToString().Should().Be("log");

    [Fact]
    public void An_address_of_http_is_a_link_that_stays_in_its_attribute() =>
        Html.Outside("https://jenkins.internal/a\"><script>", "log").ToString().Should().StartWith("<a href=\"https://jenkins.internal/a%22%3E%3Cscript%3E\"").And.EndWith(">log</a>");

    [Fact]
    public void The_policy_names_the_very_style_that_stands_in_the_page()
    {
        var html = PageShell.Page("t", Html.Empty).ToString();
        var from = html.IndexOf("<style>", StringComparison.Ordinal) + 7;
        var style = html[from..html.IndexOf("</style>", StringComparison.Ordinal)];
        PageStyle.Policy.Should().StartWith("default-src 'none'; ").And.Contain($"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)))}'");
    }

    [Fact]
    public void The_bytes_of_a_long_page_are_those_of_its_text_also_where_a_character_lies_across_two_pieces()
    {
        // Pieces of all lengths before characters of two UTF-16 units, past the 8,000 that a chunk of a StringBuilder has.
        var html = Html.Join(Enumerable.Range(0, 500).Select(n => Html.Of($"<p>{new string('x', n)}{"\U0001F680ä\"&"}</p>")));
        var (buffer, length) = html.Rent();
        Encoding.UTF8.GetString(buffer, 0, length).Should().Be(html.ToString());
        System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
    }
}
