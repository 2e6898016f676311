using System.Text;
using Microsoft.AspNetCore.Http;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Pages;
using PipelineBridge.Events;
using static PipelineBridge.Tests.Bridge.Pages.PageSamples;

namespace PipelineBridge.Tests.Bridge.Pages;

public class StoryPagesTests
{
    static readonly string Digest = "sha256:" + new string('a', 64);
    static readonly EvidenceText Log = new("last log", Digest, "Npgsql: relation \"orders_v2\" does not exist");

    [Fact]
    public void A_failure_opens_with_state_cause_and_evidence_and_then_tells_what_happened()
    {
        var failed = Failed("portal", "prod");
        var page = StoryPages.Request(failed, [Log], Story(failed), Now, Fresh);
        var html = page.ToString();
        string[] order = ["✗</span> failed 413: 0 of 3 tasks became healthy", "<strong>Cause</strong> health", "relation &quot;orders_v2&quot; does not exist", "Now running", "no memory limit", "Ada Lovelace", "usually 13 s", "What happened",
            "build started: portal #412", "asked to push registry.internal/portal:413", "12.4 MB of 81 MB were new", "asked to deploy portal → prod", "released to the cluster main", "rolling out: 0 of 3 healthy", "the work failed, the change was taken back"];
        var from = html.IndexOf("<main ", StringComparison.Ordinal);
        foreach (var text in order)
        {
            var next = html.IndexOf(text, from, StringComparison.Ordinal);
            next.Should().BePositive($"\"{text}\" follows what stands before it");
            from = next;
        }
        html.Should().NotContain("http-equiv");
        page.ShouldStayAtHome("https://jenkins.internal/job/portal/412/");
    }

    [Fact]
    public void What_was_taken_back_shows_how_long_it_rolled_and_was_taken_back()
    {
        var failed = Failed("portal", "prod") with { Phases = new Phases { WaitedSeconds = 0 }, TakingBackAt = Now.AddSeconds(-6) };
        var html = StoryPages.Request(failed, [], null, Now, Fresh).ToString();
        Took(html, "rolling out").Should().Be("30 s");
        Took(html, "taking back").Should().Be("6 s");
        html = StoryPages.Request(failed with { TakingBackAt = null }, [], null, Now, Fresh).ToString();
        Took(html, "rolling out").Should().Be("36 s");
        html.Should().NotContain("<th scope=\"row\">taking back");
    }

    [Fact]
    public void A_wait_that_nobody_noticed_is_no_phase_to_show()
    {
        var refused = Failed("portal", "prod") with { State = RequestState.Refused, ReleasedAt = null, Phases = new Phases { WaitedSeconds = 0.4 } };
        StoryPages.Request(refused, [], null, Now, Fresh).ToString().Should().NotContain("<h2>Phases");
        Took(StoryPages.Request(refused with { Phases = new Phases { WaitedSeconds = 42 } }, [], null, Now, Fresh).ToString(), "waited").Should().Be("42 s");
    }

    static string Took(string html, string phase) =>
        System.Text.RegularExpressions.Regex.Match(html, $"<th scope=\"row\">{phase}</th><td>.*?</td><td>([^<]*)</td>").Groups[1].Value;

    [Fact]
    public void Each_event_is_there_as_it_was_on_the_bus()
    {
        var failed = Failed("portal", "prod");
        var story = Story(failed);
        var html = StoryPages.Request(failed, [], story, Now, Fresh).ToString();
        foreach (var e in story.Events)
        {
            html.Should().Contain($"<pre>{Html.Of($"{e.Event.GetRawText()}")}</pre>");
        }
    }

    [Fact]
    public void What_runs_shows_its_tasks_and_comes_again()
    {
        var running = Running("portal", "prod");
        StoryPages.Request(running, [], null, Now, new Visit(false, $"/{running.Id}", $"/{running.Id}?still=1")).ToString().Should()
            .Contain("h07:31044").And.Contain("starting").And.Contain("http-equiv").And.Contain("for 21 s, usually 22 s");
    }

    [Fact]
    public void Nothing_from_outside_becomes_markup()
    {
        const string Evil = "</pre></title></style><script>alert('x')</script>";
        var failed = Failed("portal", "prod") with { Cause = Evil, Category = Evil, NowRunning = Evil, Warnings = [Evil], PreviousImage = Evil, Image = Evil, By = new Actor(Evil, Evil), Build = new BuildReference("javascript:alert(1)", 1, Evil) };
        var story = Story(failed) with
        {
            ChainId = Evil,
            Events = [Event(1, new DeploymentHeld(Evil, Now), new CustomData { App = "portal", Environment = "prod", By = new Actor(Evil, Evil), RequestId = Evil, Cause = Evil }),
                Event(2, new PipelineRunFinished(Evil, Evil, Evil, Evil), new CustomData { App = "portal", Build = new BuildReference("javascript:alert(1)", 1, Evil) })],
        };
        foreach (var page in new[] { StoryPages.Request(failed, [new(Evil, Evil, Evil, true), new(Evil, null, null, false, Evil)], story, Now, Fresh), StoryPages.Chain(story, Now, Fresh) })
        {
            // The address stands in the raw event, as text; never in an attribute.
            page.ToString().Should().NotContain("<script").And.NotContain("href=\"javascript").And.Contain("&lt;script&gt;");
            page.ToString().Split("</style>").Should().HaveCount(2);
        }
    }

    [Fact]
    public void A_chain_lists_its_requests_and_tells_the_same_story()
    {
        var failed = Failed("portal", "prod");
        var page = StoryPages.Chain(Story(failed), Now, Fresh);
        page.ToString().Should().Contain($"href=\"/{failed.Id}\"").And.Contain("the work failed").And.Contain($"href=\"/v1/chains/{failed.ChainId}\"");
        page.ShouldStayAtHome("https://jenkins.internal/job/portal/412/");
    }

    [Fact]
    public void Every_type_of_the_vocabulary_that_a_delivery_has_is_said_in_words()
    {
        var failed = Failed("portal", "prod");
        foreach (var e in Story(failed).Events.Select(e => CdEventReader.Read(e.Event)))
        {
            EventWords.Of(e).Text.Should().NotStartWith(e.EventType!.ShortName);
        }
    }

    [Theory]
    [InlineData("rolling", 0, "waits for h1 to pull the image", "rolling out: waits for h1 to pull the image")]
    [InlineData("rolling", 3, "The cluster main does not answer.", "rolling out, 0 of 3 healthy: The cluster main does not answer.")]
    [InlineData("takingback", 3, null, "taking back: 0 of 3 healthy")]
    [InlineData("removing", 3, null, "removing")]
    public void Progress_is_said_with_what_is_known_of_it(string phase, int total, string? waiting, string text) =>
        EventWords.Of(CdEventReader.Read(Event(1, new DeploymentProgressed("main", phase, 0, total, [], waiting), new CustomData { App = "portal", Environment = "prod" }).Event)).Text.Should().Be(text);

    [Fact]
    public void Long_evidence_shows_its_end_and_begins_at_a_whole_character()
    {
        var text = string.Concat(Enumerable.Repeat("ä", EvidenceText.LongestBytes)) + "x the cause";
        var shown = EvidenceText.Of("last log", Digest, Encoding.UTF8.GetBytes(text));
        shown.Cut.Should().BeTrue();
        shown.Text.Should().EndWith("x the cause").And.NotContain("\uFFFD");
        StoryPages.Request(Failed("portal", "prod"), [shown], null, Now, Fresh).ToString().Should().Contain($"href=\"/v1/blobs/{Digest}\"");
    }

    [Fact]
    public void Evidence_that_is_not_there_says_why() =>
        StoryPages.Request(Failed("portal", "prod"), [new("last log", Digest, null, Missing: "it was erased")], null, Now, Fresh).ToString().Should().Contain("it was erased");

    [Theory]
    [InlineData("GET", "/nowhere", "text/html,*/*;q=0.8", true)]
    [InlineData("GET", "/v1/requests/d-1", "text/html,*/*;q=0.8", false)]
    [InlineData("GET", "/nowhere", "*/*", false)]
    [InlineData("POST", "/actions/cancel", "text/html", true)]
    [InlineData("POST", "/v1/rollbacks", "text/html", false)]
    [InlineData("GET", "/changes", "text/html", false)]
    public void A_refusal_is_a_page_for_a_browser_alone_and_never_in_the_contract(string method, string path, string accept, bool page)
    {
        var request = new DefaultHttpContext().Request;
        (request.Method, request.Path) = (method, path);
        request.Headers.Accept = accept;
        RefusalPage.Wanted(request).Should().Be(page);
    }

    [Fact]
    public void A_refusal_page_says_what_is_wrong_and_how_to_come_in()
    {
        var page = RefusalPage.Render(new RefusedException(401, "Who calls?", "There is no <key>."));
        page.ToString().Should().NotContain("What runs where", "that page is this page until there is a key").And.Contain("There is no &lt;key&gt;.").And.Contain("<input id=\"key\" name=\"key\" type=\"password\"").And.Contain("<form class=\"fields\" method=\"post\" action=\"/signin\">");
        page.ShouldStayAtHome();
    }
}
