using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Pages;
using PipelineBridge.Bridge.Security;
using static PipelineBridge.Tests.Bridge.Pages.PageSamples;

namespace PipelineBridge.Tests.Bridge.Pages;

public class TroubleListTests
{
    [Fact]
    public void A_dead_letter_says_what_where_and_why_and_the_first_line_counts_it()
    {
        var request = Id('n', "told");
        var html = BoardPage.Render(Board(Live("portal", "prod")) with { DeadLetters = [new(7, "notify.chat", "x", "portal", "prod", request, "It threw.", Now.AddMinutes(-5), "open", true)] }, "", "", Fresh).ToString();
        html.Should().Contain("1 dead letter: could not be handled, and waits").And.Contain("on notify.chat").And.Contain("It threw.").And.Contain($"href=\"/{request}\"").And.Contain("5 min ago");
        html.IndexOf("href=\"#trouble\">1 in trouble<", StringComparison.Ordinal).Should().BePositive().And.BeLessThan(html.IndexOf("id=\"trouble\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(RequestState.Running, 121, false, true)]
    [InlineData(RequestState.Running, 59, false, false)]
    [InlineData(RequestState.Waiting, 121, false, true)]
    [InlineData(RequestState.Waiting, 61, false, false)]
    [InlineData(RequestState.Waiting, 121, true, false)]
    public void A_request_that_should_have_its_end_by_now_is_trouble_unless_a_hold_keeps_it(string state, int minutes, bool held, bool trouble)
    {
        var since = Now.AddMinutes(-minutes);
        var late = Deployment("portal", "prod", state) with { AskedAt = since, ReleasedAt = state == RequestState.Running ? since : null };
        var cell = Live("portal", "prod") with { Hold = held ? new Hold("month's end", Now.AddHours(2), "e", null) : null };
        var html = BoardPage.Render(Board(cell) with { Open = [late] }, "", "", Fresh).ToString();
        html.Contains("Without an end past their time", StringComparison.Ordinal).Should().Be(trouble);
    }

    [Fact]
    public void An_incident_says_what_is_wrong_since_when_and_leads_to_its_story()
    {
        var html = BoardPage.Render(Board(Live("portal", "prod")) with
        {
            Incidents = [new("prod/portal/drift/1", "portal", "prod", "Somebody changed it on the cluster.", Now.AddHours(-2), "chain1"), new("prod/-/cluster/1", "-", "prod", "It does not answer.", Now, null)],
        }, "", "", Fresh).ToString();
        html.Should().Contain("portal → prod: Somebody changed it on the cluster.").And.Contain("2 h ago").And.Contain("href=\"/chains/chain1\"").And.Contain("the cluster of prod: It does not answer.");
    }

    [Fact]
    public void A_target_that_refuses_says_why_how_much_was_lost_and_how_much_waits()
    {
        var html = BoardPage.Render(Board() with { Targets = [new("team", "channel_not_found", Now, 3, 0), new("ops", "It does not answer.", null, 0, 2)] }, "", "", Fresh).ToString();
        html.Should().Contain("team: channel_not_found").And.Contain("3 messages lost since").And.Contain("ops: It does not answer.").And.Contain("2 wait");
    }

    [Fact]
    public void Trouble_is_told_whatever_the_filter_leaves()
    {
        var board = Board(Live("portal", "prod")) with { Incidents = [new("prod/portal/service/1", "portal", "prod", "It crashes.", Now, null)] };
        BoardPage.Render(board, "billing", "", Fresh).ToString().Should().Contain("It crashes.").And.Contain("1 in trouble");
    }

    [Fact]
    public void The_buttons_of_a_dead_letter_are_for_keys_that_may_and_are_signed_in()
    {
        var board = Board(Live("portal", "prod")) with { DeadLetters = [new(7, "registry.push", "x", "portal", null, null, "It threw.", Now, "open", true), new(8, "bridge.outcomes", "-", "portal", null, null, "No event.", Now, "open", false)] };
        Shown(board, signedIn: true, Verb.Read, Verb.DeadLetter).Should().Contain("/actions/replay?letter=7").And.Contain("/actions/drop?letter=7").And.NotContain("/actions/replay?letter=8").And.Contain("/actions/drop?letter=8");
        Shown(board, signedIn: true, Verb.Read).Should().NotContain("/actions/");
        Shown(board, signedIn: false, Verb.Read, Verb.DeadLetter).Should().NotContain("/actions/");
    }

    static string Shown(Board board, bool signedIn, params string[] verbs)
    {
        var caller = new Caller("ops", verbs, ["portal"]);
        return BoardPage.Render(board, "", "", Fresh with { Viewer = new Viewer(caller, signedIn ? new Session(caller, null, "t", Now) : null) }).ToString();
    }
}
