using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Pages;
using PipelineBridge.Events;
using static PipelineBridge.Tests.Bridge.Pages.PageSamples;

namespace PipelineBridge.Tests.Bridge.Pages;

public class BoardPageTests
{
    [Fact]
    public void A_bridge_without_deployments_says_so_and_stands_still()
    {
        var page = BoardPage.Render(Board(), "", "", Fresh);
        page.ToString().Should().Contain("Nothing was deployed yet").And.NotContain("http-equiv").And.NotContain("<table");
        page.ShouldStayAtHome();
    }

    [Fact]
    public void A_cell_has_version_state_and_since_and_leads_to_its_delivery()
    {
        var cell = Live("portal", "prod");
        BoardPage.Render(Board(cell), "", "", Fresh).ToString().Should()
            .Contain($"href=\"/{cell.RequestId}\"").And.Contain(">412</span>").And.Contain("live</span>").And.Contain(">3 d</time>").And.Contain("prod <small>internal</small>");
    }

    [Fact]
    public void A_newer_one_is_a_second_line_with_its_cause_while_the_older_one_is_shown_live()
    {
        var failed = Failed("portal", "prod");
        var html = BoardPage.Render(Board(Live("portal", "prod") with { State = "failed", Newer = failed }), "", "", Fresh).ToString();
        html.Should().Contain($"href=\"/{failed.Id}\"").And.Contain("failed 413: 0 of 3 tasks became healthy on GET /health in 120 s.").And.Contain("live</span>");
        html.IndexOf(">412</span>", StringComparison.Ordinal).Should().BeLessThan(html.IndexOf("failed 413", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("waiting", "412 waits for d-81b7, which rolls")]
    [InlineData("running", "rolling out 412: d-81b7, which rolls")]
    [InlineData("refused", "refused 412: its digest is gone.")]
    public void A_newer_one_says_how_it_stands(string state, string words)
    {
        var newer = Deployment("portal", "prod", state) with { WaitingFor = state == "refused" ? null : "d-81b7, which rolls", Cause = state == "refused" ? "its digest is gone." : null };
        BoardPage.Render(Board(new ServiceDocument { App = "portal", Environment = "prod", State = "waiting", Newer = newer }), "", "", Fresh).ToString()
            .Should().Contain(words).And.Contain("not deployed");
    }

    [Fact]
    public void What_moves_shows_its_progress_and_its_time_against_the_usual_and_the_page_comes_again()
    {
        var running = Running("portal", "prod");
        var html = BoardPage.Render(Board(Live("portal", "prod")) with { Open = [running] }, "", "", Fresh).ToString();
        html.Should().Contain("2 of 3 healthy").And.Contain("for 21 s, usually 22 s").And.Contain("<meta http-equiv=\"refresh\" content=\"5\">").And.Contain("href=\"/?still=1\"");
        BoardPage.Render(Board() with { Open = [running] }, "", "", Fresh with { Stopped = true }).ToString().Should().NotContain("http-equiv").And.Contain("Refresh again");
    }

    [Fact]
    public void The_bar_of_what_moves_is_the_time_gone_over_the_usual_phases_and_past_them_it_is_late()
    {
        var running = Running("portal", "prod");
        var usual = BoardPage.Render(Board() with { Open = [running] }, "", "", Fresh).ToString();
        // 21 of 22.1 s; pulled is 9, healthy 13, and routed too short to be drawn.
        usual.Should().Contain("<rect class=\"bar\" y=\"1\" height=\"7\" width=\"209.05\"/>").And.NotContain("class=\"late\"");
        usual.Split("<rect class=\"usual\"").Should().HaveCount(3);
        BoardPage.Render(Board() with { Open = [running with { ReleasedAt = Now.AddSeconds(-60) }] }, "", "", Fresh).ToString()
            .Should().Contain("<rect class=\"late\" y=\"1\" height=\"7\" width=\"220\"/>");
    }

    [Fact]
    public void What_waits_leads_to_what_it_waits_for()
    {
        var before = Id('d', "before");
        var waiting = Deployment("portal", "prod", RequestState.Waiting) with { WaitingFor = $"{before}, which rolls" };
        BoardPage.Render(Board() with { Open = [waiting] }, "", "", Fresh).ToString().Should().Contain($"waits for <a href=\"/{before}\" title=\"{before}\">{before[..8]}</a>, which rolls");
    }

    [Fact]
    public void What_was_cut_is_told() =>
        BoardPage.Render(Board() with { Open = [Running("portal", "prod")], MoreOpen = true }, "", "", Fresh).ToString().Should().Contain("There are more that have no end yet");

    [Fact]
    public void A_hold_names_its_reason_its_end_and_who()
    {
        var held = Live("portal", "prod") with { State = "held", Hold = new Hold("month's end", Now.AddHours(2), "e", new Actor("Grace Hopper", "cli")) };
        BoardPage.Render(Board(held), "", "", Fresh).ToString().Should().Contain("until 2026-11-24 15:02:11 UTC by Grace Hopper: month&#39;s end");
    }

    [Fact]
    public void The_filter_leaves_rows_by_words_and_columns_by_zone_and_stands_in_the_form()
    {
        var board = Board(Live("portal", "prod"), Live("portal", "test"), Live("billing", "prod", "77"));
        var words = BoardPage.Render(board, "PORT 412", "", Fresh).ToString();
        words.Should().Contain("<th scope=\"row\">portal</th>").And.NotContain("billing").And.Contain("value=\"PORT 412\"");
        var zone = BoardPage.Render(board, "", "public", Fresh).ToString();
        zone.Should().Contain("data-environment=\"test\"").And.NotContain("data-environment=\"prod\"").And.Contain("<option selected>public</option>");
        BoardPage.Render(board, "nothing such", "", Fresh).ToString().Should().Contain("Nothing fits the filter");
    }

    [Fact]
    public void Nothing_from_outside_becomes_markup()
    {
        const string Evil = "\"><script>alert('x')</script>";
        var newer = Failed("portal", "prod") with { Cause = Evil, By = new Actor(Evil, Evil) };
        var open = Running("portal", "prod") with { Image = Evil, WaitingFor = Evil, By = new Actor(Evil), Progress = new DeploymentProgressed(Evil, "rolling", 9, 3, null, Evil) };
        var cell = Live("portal", "prod") with { App = Evil, Environment = Evil, Image = Evil, Newer = newer, Hold = new Hold(Evil, Now, Evil, new Actor(Evil)) };
        var board = Board(cell) with
        {
            Environments = [new(Evil, Evil)], Open = [open], Recent = [newer],
            DeadLetters = [new(1, Evil, Evil, Evil, Evil, Evil, Evil, Now, Evil, true, Evil)], Incidents = [new(Evil, Evil, Evil, Evil, Now, Evil)], Targets = [new(Evil, Evil, Now, 1, 1)],
        };
        foreach (var page in new[] { BoardPage.Render(board, "", "", Fresh), BoardPage.Render(board, Evil, Evil, Fresh) })
        {
            page.ToString().Should().NotContain("<script>").And.NotContain("\">&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;\"").And.Contain("&lt;script&gt;");
        }
    }

    [Fact]
    public void Sixty_apps_in_six_environments_are_one_table_of_a_bounded_size()
    {
        var services = Enumerable.Range(0, 60).SelectMany(a => Enumerable.Range(0, 6).Select(e => Live($"app-{a:00}", $"env-{e}"))).ToList();
        var page = BoardPage.Render(Board(services), "", "", Fresh);
        var html = page.ToString();
        html.Split("<td ").Should().HaveCount(361);
        html.Split("<th scope=\"row\">").Should().HaveCount(61);
        html.Length.Should().BeLessThan(360 * 700);
        page.ShouldStayAtHome();
    }
}
