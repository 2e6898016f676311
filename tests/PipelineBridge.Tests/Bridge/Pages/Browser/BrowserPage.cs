using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PipelineBridge.Tests.Bridge.Pages.Browser;

/// <summary>A page in Chromium: goes somewhere, is looked at, clicked and typed into as a person does, and remembers what it complained of and fetched.</summary>
sealed class BrowserPage : IAsyncDisposable
{
    static readonly TimeSpan Bound = TimeSpan.FromSeconds(120);

    readonly DevTools tools;
    readonly string session;
    readonly string context;
    TaskCompletionSource loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public BrowserPage(DevTools tools, string session, string context)
    {
        (this.tools, this.session, this.context) = (tools, session, context);
        tools.Happened += Happened;
    }

    /// <summary>What stands in the console: errors, warnings, exceptions, what the policy blocked.</summary>
    public ConcurrentQueue<string> Complaints { get; } = new();

    /// <summary>The addresses that were fetched.</summary>
    public ConcurrentQueue<string> Fetched { get; } = new();

    public async Task Prepare(int width, int height, bool dark, bool script)
    {
        foreach (var domain in new[] { "Page", "Runtime", "Log", "Network" })
        {
            await Call($"{domain}.enable");
        }
        await Call("Emulation.setDeviceMetricsOverride", new JsonObject { ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = 1, ["mobile"] = width < 600 });
        await Call("Emulation.setEmulatedMedia", new JsonObject { ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = dark ? "dark" : "light" }) });
        // As in a window that somebody looks at: the focus is drawn, and nothing is put to sleep.
        await Call("Emulation.setFocusEmulationEnabled", new JsonObject { ["enabled"] = true });
        if (!script)
        {
            await Call("Emulation.setScriptExecutionDisabled", new JsonObject { ["value"] = true });
        }
    }

    public async Task Go(Uri address)
    {
        await Navigated(async () =>
        {
            var answer = await Call("Page.navigate", new JsonObject { ["url"] = address.AbsoluteUri });
            answer["errorText"].Should().BeNull();
        });
    }

    /// <summary>Does what leads to another page, and waits until that one is there.</summary>
    public async Task Navigated(Func<Task> act)
    {
        loaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await act();
        await loaded.Task.WaitAsync(Bound, TestContext.Current.CancellationToken);
    }

    /// <summary>The value of an expression in the page.</summary>
    public async Task<T> Value<T>(string expression)
    {
        var answer = await Call("Runtime.evaluate", new JsonObject { ["expression"] = expression, ["returnByValue"] = true, ["awaitPromise"] = true });
        answer["exceptionDetails"].Should().BeNull(expression);
        return answer["result"]!["value"].Deserialize<T>()!;
    }

    public Task<string> Text(string selector = "body") => Value<string>($"document.querySelector({Quoted(selector)})?.innerText ?? ''");

    /// <summary>Waits until an expression holds.</summary>
    public async Task Until(string expression, string what)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!await Value<bool>(expression))
        {
            if (Stopwatch.GetElapsedTime(begun) > Bound)
            {
                throw new TimeoutException($"Not within {Bound.TotalSeconds} s: {what}. The page begins:\n{await Value<string>("(document.querySelector('header').innerText + '\\n' + document.querySelector('main').innerText).slice(0, 800)")}");
            }
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Clicks in the middle of what a selector finds, with the mouse.</summary>
    public async Task Click(string selector)
    {
        var at = await Value<double[]>($"(() => {{ const e = document.querySelector({Quoted(selector)}); e.scrollIntoView({{block: 'center'}}); const r = e.getClientRects()[0]; return [r.x + r.width / 2, r.y + r.height / 2]; }})()");
        foreach (var kind in new[] { "mousePressed", "mouseReleased" })
        {
            await Call("Input.dispatchMouseEvent", new JsonObject { ["type"] = kind, ["x"] = at[0], ["y"] = at[1], ["button"] = "left", ["clickCount"] = 1 });
        }
    }

    /// <summary>Presses a key: Tab, Enter.</summary>
    public async Task Press(string key)
    {
        var (code, text) = key == "Enter" ? (13, "\r") : (9, "");
        foreach (var kind in new[] { text.Length > 0 ? "keyDown" : "rawKeyDown", "keyUp" })
        {
            await Call("Input.dispatchKeyEvent", new JsonObject { ["type"] = kind, ["key"] = key, ["code"] = key, ["windowsVirtualKeyCode"] = code, ["text"] = kind == "keyUp" ? "" : text });
        }
    }

    public Task Type(string text) => Call("Input.insertText", new JsonObject { ["text"] = text });

    /// <summary>Fills in a field and leaves the focus there.</summary>
    public async Task Fill(string selector, string text)
    {
        await Click(selector);
        await Value<bool>($"(document.querySelector({Quoted(selector)}).select(), true)");
        await Type(text);
    }

    /// <summary>Keeps a picture beside the build's output, for somebody to look at.</summary>
    public async Task Picture(string name)
    {
        var answer = await Call("Page.captureScreenshot", new JsonObject { ["format"] = "png" });
        var directory = Directory.CreateDirectory(Repository.PathOf("artifacts", "screenshots"));
        await File.WriteAllBytesAsync(Path.Combine(directory.FullName, name + ".png"), Convert.FromBase64String(answer["data"]!.GetValue<string>()), TestContext.Current.CancellationToken);
    }

    public Task<JsonObject> Call(string method, JsonObject? parameters = null) => tools.Call(method, parameters, session);

    public static string Quoted(string text) => JsonSerializer.Serialize(text);

    void Happened(string? from, string method, JsonObject what)
    {
        if (from != session)
        {
            return;
        }
        switch (method)
        {
            case "Page.loadEventFired":
                loaded.TrySetResult();
                break;
            case "Network.requestWillBeSent":
                Fetched.Enqueue(what["request"]!["url"]!.GetValue<string>());
                break;
            case "Runtime.exceptionThrown":
                Complaints.Enqueue(what["exceptionDetails"]!.ToJsonString());
                break;
            case "Runtime.consoleAPICalled":
                Complaints.Enqueue(what["args"]!.ToJsonString());
                break;
            case "Log.entryAdded":
                Complaints.Enqueue($"{what["entry"]!["level"]} {what["entry"]!["text"]} {what["entry"]!["url"]}");
                break;
        }
    }

    public async ValueTask DisposeAsync()
    {
        tools.Happened -= Happened;
        await tools.Call("Target.disposeBrowserContext", new JsonObject { ["browserContextId"] = context });
    }
}
