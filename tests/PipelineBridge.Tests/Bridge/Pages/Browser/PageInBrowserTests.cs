using PipelineBridge.Events;

namespace PipelineBridge.Tests.Bridge.Pages.Browser;

[Trait("Needs", "service")]
public class PageInBrowserTests : IClassFixture<Chromium>
{
    const string NoOverflow = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";

    readonly Chromium chromium;

    public PageInBrowserTests(Chromium chromium)
    {
        Chromium.SkipWhereMissing();
        this.chromium = chromium;
    }

    [Theory]
    [InlineData("laptop", 1440, 900, false)]
    [InlineData("laptop-dark", 1440, 900, true)]
    [InlineData("small-laptop-dark", 1280, 720, true)]
    [InlineData("tablet", 820, 1180, false)]
    [InlineData("phone-dark", 390, 844, true)]
    public async Task Sixty_apps_in_six_environments_fit_the_width_and_nothing_is_complained_of_or_fetched_elsewhere(string name, int width, int height, bool dark)
    {
        await using var bridge = await BrowserScene.Start();
        await BrowserScene.FillMatrix(bridge);
        await BrowserScene.MakeTrouble(bridge);
        await bridge.Until(await bridge.Deploy(), "succeeded");
        await using var page = await SignedIn(bridge, width, height, dark);

        (await page.Value<int>("document.querySelectorAll('.matrix tbody tr').length")).Should().Be(61);
        (await page.Value<bool>(NoOverflow)).Should().BeTrue("{0} px", width);
        (await page.Value<bool>("matchMedia('(prefers-color-scheme: dark)').matches")).Should().Be(dark);
        (await page.Text("#freshness")).Should().Be("Up to date");
        await page.Picture("board-" + name);
        await page.Value<bool>("(document.getElementById('matrix').scrollIntoView(), true)");
        await page.Picture("matrix-" + name);
        StaysAtHome(page, bridge);
    }

    [Fact]
    public async Task What_happens_appears_without_a_reload_and_focus_scroll_and_what_is_open_stay()
    {
        await using var bridge = await BrowserScene.Start();
        await BrowserScene.FillMatrix(bridge);
        await BrowserScene.MakeTrouble(bridge);
        await using var page = await SignedIn(bridge, 1440, 900);
        await page.Value<bool>("""
            (() => { window.mark = 1; document.querySelector('details').open = true;
                document.querySelector('tr[data-key="app search-32"] a').focus({preventScroll: true}); scrollTo(0, 600); return true; })()
            """);

        await bridge.Until(await bridge.Deploy(), "succeeded");
        await page.Until("[...document.querySelectorAll('tr[data-key=\"app portal\"] td')].some(c => c.innerText.includes('412') && c.innerText.includes('live'))", "the new cell");

        (await page.Value<int>("window.mark ?? 0")).Should().Be(1, "the page was not loaded again");
        (await page.Value<bool>("document.querySelector('details').open")).Should().BeTrue();
        (await page.Value<bool>("document.activeElement.closest('tr').dataset.key === 'app search-32'")).Should().BeTrue();
        (await page.Value<double>("scrollY")).Should().BeGreaterThan(400);
        StaysAtHome(page, bridge);
    }

    [Fact]
    public async Task A_bridge_that_goes_away_is_said_with_the_time_and_one_that_comes_back_is_caught_up_with()
    {
        await using var bridge = await BrowserScene.Start(keepsAddress: true);
        await BrowserScene.FillMatrix(bridge);
        await using var page = await SignedIn(bridge, 1440, 900);
        await page.Until("document.getElementById('freshness').innerText === 'Up to date'", "up to date");
        await bridge.Stop();
        await page.Until("/^Not up to date since \\d\\d:\\d\\d:\\d\\d UTC/.test(document.getElementById('freshness').innerText)", "not up to date");
        (await page.Value<bool>("document.querySelectorAll('.matrix tbody tr').length === 60")).Should().BeTrue("what was known stays");
        await page.Picture("board-lost");
        await bridge.StartAgain();
        // The sessions went with the process: the page says so instead of trying for ever.
        await page.Until("document.getElementById('freshness').innerText.includes('signed out')", "signed out");
    }

    [Fact]
    public async Task A_page_that_nobody_looks_at_holds_no_connection_and_is_up_to_date_when_somebody_does()
    {
        await using var bridge = await BrowserScene.Start();
        await using var page = await SignedIn(bridge, 1440, 900);
        await page.Until("document.getElementById('freshness').innerText === 'Up to date'", "up to date");
        await Hide(page, true);
        await bridge.Until(await bridge.Deploy(), "succeeded");
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        (await page.Text("main")).Should().NotContain("412");
        await Hide(page, false);
        await page.Until("document.querySelector('main').innerText.includes('412')", "the deployment");
    }

    [Fact]
    public async Task The_filter_stands_in_the_address_bar_and_stays_while_the_page_moves()
    {
        await using var bridge = await BrowserScene.Start();
        await BrowserScene.FillMatrix(bridge);
        await using var page = await SignedIn(bridge, 1440, 900);
        await page.Fill("#text", "billing-01");
        await page.Navigated(() => page.Press("Enter"));
        (await page.Value<string>("location.search")).Should().Be("?text=billing-01&zone=");
        (await page.Value<int>("document.querySelectorAll('.matrix tbody tr').length")).Should().Be(1);
        await bridge.Until(await bridge.Deploy("registry.internal/billing-01:999", with: b => b["app"] = "billing-01"), "succeeded");
        await page.Until("document.querySelector('.matrix').innerText.includes('999')", "the new version");
        (await page.Value<int>("document.querySelectorAll('.matrix tbody tr').length")).Should().Be(1);
    }

    [Fact]
    public async Task A_failure_opens_with_its_cause_on_a_laptop_and_a_phone_and_shows_the_event_as_it_was_on_the_bus()
    {
        await using var bridge = await BrowserScene.Start();
        await bridge.Until(await bridge.Deploy(), "succeeded");
        bridge.Stages.Deploy = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([ScriptedStages.Failed(work)]);
        var failed = await bridge.Deploy("registry.internal/portal:413@sha256:" + new string('2', 64), with: b => b["by"] = "Ada Lovelace");
        await bridge.Until(failed, "failed");
        foreach (var (name, width, dark) in new[] { ("laptop", 1440, false), ("phone-dark", 390, true) })
        {
            await using var page = await SignedIn(bridge, width, 900, dark, $"/{failed["id"]}");
            var text = await page.Text("main");
            text.IndexOf("0 of 3 new tasks became healthy", StringComparison.Ordinal).Should().BeInRange(0, 300);
            text.Should().Contain("Ada Lovelace").And.Contain("asked to deploy portal → prod");
            (await page.Value<bool>(NoOverflow)).Should().BeTrue();
            await page.Picture("delivery-" + name);
            await page.Click(".story li:last-child summary");
            (await page.Text(".story details[open] pre")).Should().Contain("\"specversion\"");
            StaysAtHome(page, bridge);
        }
    }

    internal static async Task<BrowserPage> SignedIn(Chromium chromium, RunningBridge bridge, int width = 1440, int height = 900, bool dark = false, string path = "/", bool script = true)
    {
        var page = await chromium.Page(width, height, dark, script);
        await page.Go(new Uri(bridge.Http.BaseAddress!, path));
        await page.Fill("#person", "Grace Hopper");
        await page.Fill("#key", RunningBridge.Key);
        await page.Navigated(() => page.Press("Enter"));
        (await page.Value<string>("location.pathname")).Should().Be(path.Split('?')[0]);
        // The answer of the page that asked for the key was a refusal, which a console tells of.
        page.Complaints.Should().OnlyContain(c => c.Contains("401", StringComparison.Ordinal));
        page.Complaints.Clear();
        if (script)
        {
            await page.Until("document.getElementById('freshness').innerText === 'Up to date'", "the stream is open");
        }
        return page;
    }

    internal static void StaysAtHome(BrowserPage page, RunningBridge bridge)
    {
        page.Complaints.Should().BeEmpty();
        page.Fetched.Should().NotBeEmpty().And.OnlyContain(a => a.StartsWith(bridge.Http.BaseAddress!.AbsoluteUri, StringComparison.Ordinal));
    }

    Task<BrowserPage> SignedIn(RunningBridge bridge, int width, int height, bool dark = false, string path = "/") => SignedIn(chromium, bridge, width, height, dark, path);

    static Task<bool> Hide(BrowserPage page, bool hidden) => page.Value<bool>(
        $"(Object.defineProperty(document, 'hidden', {{ configurable: true, get: () => {(hidden ? "true" : "false")} }}), document.dispatchEvent(new Event('visibilitychange')), true)");
}
