using PipelineBridge.Events;

namespace PipelineBridge.Tests.Bridge.Pages.Browser;

[Trait("Needs", "service")]
public class ButtonsInBrowserTests : IClassFixture<Chromium>
{
    readonly Chromium chromium;

    public ButtonsInBrowserTests(Chromium chromium)
    {
        Chromium.SkipWhereMissing();
        this.chromium = chromium;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_rollback_is_clicked_and_confirmed_with_and_without_script(bool script)
    {
        await using var bridge = await BrowserScene.Start();
        var id = await TwoVersions(bridge);
        await using var page = await PageInBrowserTests.SignedIn(chromium, bridge, path: $"/{id}", script: script);
        await page.Navigated(() => page.Click("a.button[href^='/actions/rollback']"));
        (await page.Text("main")).Should().Contain("Roll back portal → prod?").And.Contain("From 413 to 412");
        await page.Picture(script ? "rollback" : "rollback-without-script");
        await page.Navigated(() => page.Click("button.main"));
        (await page.Text(".message")).Should().StartWith("Accepted, d-").And.Contain("rollback portal → prod");
        (await page.Value<string>("location.pathname + location.search")).Should().MatchRegex("^/d-[0-9a-z]{26}\\?asked=d-[0-9a-z]{26}$");
        if (script)
        {
            await page.Until("document.querySelector('.stands').innerText.includes('rolled back to 412')", "its end");
        }
        await page.Picture(script ? "rolled-back" : "rolled-back-without-script");
        PageInBrowserTests.StaysAtHome(page, bridge);
    }

    [Fact]
    public async Task A_double_click_is_one_ask()
    {
        await using var bridge = await BrowserScene.Start();
        var id = await TwoVersions(bridge);
        await using var page = await PageInBrowserTests.SignedIn(chromium, bridge, path: $"/{id}");
        await page.Navigated(() => page.Click("a.button[href^='/actions/rollback']"));
        await page.Navigated(async () =>
        {
            await page.Value<bool>("(document.querySelector('button.main').click(), document.querySelector('button.main').click(), true)");
        });
        await page.Until("document.querySelector('.message') !== null", "the message");
        bridge.Journaled<DeploymentRequested>().Count(e => e.Read<DeploymentRequested>().Rollback == true).Should().Be(1);
    }

    [Fact]
    public async Task The_buttons_are_reached_and_pressed_by_the_keyboard_and_the_focus_is_seen()
    {
        await using var bridge = await BrowserScene.Start();
        var id = await TwoVersions(bridge);
        await using var page = await PageInBrowserTests.SignedIn(chromium, bridge, path: $"/{id}");
        var seen = new List<string>();
        for (var tab = 0; tab < 12 && !seen.Contains("Roll back portal → prod"); tab++)
        {
            await page.Press("Tab");
            seen.Add(await page.Value<string>("document.activeElement.textContent.trim()"));
            (await page.Value<bool>("getComputedStyle(document.activeElement).outlineStyle !== 'none' && parseFloat(getComputedStyle(document.activeElement).outlineWidth) >= 2")).Should().BeTrue("what has the focus is seen: {0}", seen[^1]);
        }
        seen[0].Should().Be("To the content");
        seen.Should().ContainInOrder("PipelineBridge", "Sign out", "Roll back portal → prod");
        await page.Navigated(() => page.Press("Enter"));
        while (await page.Value<string>("document.activeElement.textContent.trim()") != "Roll back")
        {
            seen.Add("-");
            seen.Count.Should().BeLessThan(30);
            await page.Press("Tab");
        }
        await page.Navigated(() => page.Press("Enter"));
        (await page.Text(".message")).Should().Contain("rollback portal → prod");
    }

    [Fact]
    public async Task A_hold_is_put_with_a_reason_and_lifted_on_a_phone()
    {
        await using var bridge = await BrowserScene.Start();
        var id = await TwoVersions(bridge);
        await using var page = await PageInBrowserTests.SignedIn(chromium, bridge, 390, 844, dark: true, path: $"/{id}");
        await page.Navigated(() => page.Click("a.button[href^='/actions/hold']"));
        await page.Fill("#reason", "month's end");
        await page.Picture("hold-phone-dark");
        await page.Navigated(() => page.Click("button.main"));
        (await page.Text(".message")).Should().Contain("portal → prod is held until").And.Contain("month's end");
        await page.Picture("held-phone-dark");
        await page.Navigated(() => page.Click("a.button[href^='/actions/lift']"));
        await page.Navigated(() => page.Click("button.main"));
        (await page.Text(".message")).Should().Contain("the hold on portal → prod ended");
        PageInBrowserTests.StaysAtHome(page, bridge);
    }

    [Fact]
    public async Task What_moves_shows_its_bar_and_is_cancelled_from_the_first_page()
    {
        await using var bridge = await BrowserScene.Start();
        await TwoVersions(bridge);
        var stopped = new TaskCompletionSource();
        bridge.Stages.Deploy = async (work, client, cancellation) =>
        {
            if (work.Event.Content is DeploymentCancelRequested)
            {
                stopped.TrySetResult();
                return [work.Ended(WorkResult.Cancelled, WorkEffect.TakenBack, FailureCategory.Cluster, "It was stopped.")];
            }
            await client.Tell(work.Fact(new DeploymentStarted("main", "1")), cancellation);
            await client.Tell(work.Observed(new DeploymentProgressed("main", "rolling", 1, 3, [new("t1", "healthy", "h07", 31044), new("t2", "starting", "h11", 31990)])), cancellation);
            await stopped.Task.WaitAsync(TimeSpan.FromMinutes(4), cancellation);
            return [ScriptedStages.Failed(work, WorkEffect.TakenBack, WorkResult.Cancelled)];
        };
        await using var page = await PageInBrowserTests.SignedIn(chromium, bridge);
        var moving = await bridge.Deploy("registry.internal/portal:414@sha256:" + new string('3', 64), with: b => b["by"] = "Ada Lovelace");
        await page.Until("document.querySelector('main').innerText.includes('1 of 3 healthy')", "the progress");
        (await page.Value<bool>("document.querySelector('progress') !== null")).Should().BeTrue();
        await page.Picture("moving");
        await page.Navigated(() => page.Click("a.button[href^='/actions/cancel']"));
        await page.Navigated(() => page.Click("button.main"));
        await page.Until("document.querySelector('.stands').innerText.includes('cancelled')", "its end");
        await bridge.Until(moving, "cancelled");
    }

    static async Task<string> TwoVersions(RunningBridge bridge)
    {
        await bridge.Until(await bridge.Deploy(), "succeeded");
        var second = await bridge.Deploy("registry.internal/portal:413@sha256:" + new string('2', 64));
        await bridge.Until(second, "succeeded");
        return (string)second["id"]!;
    }
}
