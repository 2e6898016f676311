using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace PipelineBridge.Tests.Bridge.Pages.Browser;

/// <summary>Debian's Chromium without a window, driven over its own protocol; its profile is temporary, and it ends with the tests.</summary>
public sealed class Chromium : IAsyncLifetime
{
    const string Program = "/usr/bin/chromium";

    static readonly TimeSpan Bound = TimeSpan.FromSeconds(240);

    readonly DirectoryInfo profile = Directory.CreateTempSubdirectory("pipelinebridge-chromium-");
    Process? process;
    DevTools? tools;

    public static void SkipWhereMissing() => Assert.SkipUnless(File.Exists(Program), $"{Program} is not installed (Debian package chromium).");

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Program))
        {
            return;
        }
        var start = new ProcessStartInfo(Program) { RedirectStandardError = true, RedirectStandardOutput = true };
        string[] arguments =
        [
            "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--hide-scrollbars", $"--user-data-dir={profile.FullName}", "--remote-debugging-port=0", "about:blank",
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        if (Environment.IsPrivilegedProcess)
        {
            // Chromium refuses its sandbox to root.
            start.ArgumentList.Insert(0, "--no-sandbox");
        }
        process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        tools = await DevTools.Connect(await Address());
    }

    /// <summary>A page of its own, with cookies of its own.</summary>
    internal async Task<BrowserPage> Page(int width = 1440, int height = 900, bool dark = false, bool script = true)
    {
        var context = (await tools!.Call("Target.createBrowserContext"))["browserContextId"]!.GetValue<string>();
        var target = (await tools.Call("Target.createTarget", new JsonObject { ["url"] = "about:blank", ["browserContextId"] = context }))["targetId"]!.GetValue<string>();
        var session = (await tools.Call("Target.attachToTarget", new JsonObject { ["targetId"] = target, ["flatten"] = true }))["sessionId"]!.GetValue<string>();
        var page = new BrowserPage(tools, session, context);
        await page.Prepare(width, height, dark, script);
        return page;
    }

    /// <summary>Chromium writes where it listens into its profile once it does.</summary>
    async Task<Uri> Address()
    {
        var file = Path.Combine(profile.FullName, "DevToolsActivePort");
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            if (process!.HasExited)
            {
                throw new InvalidOperationException($"Chromium ended with code {process.ExitCode} before it listened.");
            }
            if (File.Exists(file) && await File.ReadAllLinesAsync(file) is [var port, var path, ..])
            {
                return new Uri($"ws://127.0.0.1:{int.Parse(port, CultureInfo.InvariantCulture)}{path}");
            }
            if (Stopwatch.GetElapsedTime(begun) > Bound)
            {
                throw new TimeoutException($"Chromium did not listen within {Bound.TotalSeconds} s.");
            }
            await Task.Delay(50);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (tools is not null)
        {
            await tools.DisposeAsync();
        }
        if (process is not null)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
        try
        {
            profile.Delete(recursive: true);
        }
        catch (IOException)
        {
            // A child that is just ending may still write there; the system's temporary directory is cleared anyway.
        }
    }
}
