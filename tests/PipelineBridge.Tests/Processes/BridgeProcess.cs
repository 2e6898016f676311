using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Processes;

/// <summary>The executable as a process of its own: started, asked over HTTP, killed, started again on the same journal.</summary>
sealed class BridgeProcess : IAsyncDisposable
{
    /// <summary>The key that may do everything.</summary>
    public const string Key = "key-of-a-process-test";

    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("pipelinebridge-process-");
    readonly StringBuilder errors = new();
    Process? process;

    public BridgeProcess(Func<string, string> yaml)
    {
        Url = $"http://127.0.0.1:{FreePort.Take()}";
        File.WriteAllText(ConfigurationFile, yaml(Url) + $$"""

            keys:
              - name: test
                sha256: [{{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Key)))}}]
                verbs: ["*"]
                apps: ["*"]
            """);
        Http = new HttpClient { BaseAddress = new Uri(Url) };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
    }

    public string Url { get; }

    public HttpClient Http { get; }

    public string JournalFile => Path.Combine(directory.FullName, "journal.db");

    public string ConfigurationFile => Path.Combine(directory.FullName, "bridge.yaml");

    /// <summary>Runs the executable to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> Run(string[] arguments, params (string Name, string Value)[] variables)
    {
        var start = Of(arguments);
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience.Bound);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    public async Task Start()
    {
        process = Process.Start(Of(["all", "--file", ConfigurationFile]))!;
        process.OutputDataReceived += (_, e) => Keep(e.Data);
        process.ErrorDataReceived += (_, e) => Keep(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var until = DateTime.UtcNow + Patience.Bound;
        while (true)
        {
            try
            {
                using var ready = await Http.GetAsync("/health/ready", TestContext.Current.CancellationToken);
                if (ready.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException) when (!process.HasExited)
            {
            }
            DateTime.UtcNow.Should().BeBefore(until, "it becomes ready\n{0}", this);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>kill -9.</summary>
    public async Task Kill()
    {
        process!.Kill();
        await process.WaitForExitAsync(CancellationToken.None);
        process.Dispose();
        process = null;
    }

    public async Task<JsonObject> Accepted(string path, JsonObject body, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body.ToJsonString()) };
        request.Headers.Add("Idempotency-Key", key);
        using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        response.StatusCode.Should().Be(HttpStatusCode.Accepted, text);
        return JsonNode.Parse(text)!.AsObject();
    }

    /// <summary>The document of a request at its end.</summary>
    public async Task<JsonObject> End(JsonObject receipt)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience.Bound);
        long since = 0;
        while (true)
        {
            var document = (await Http.GetFromJsonAsync<JsonObject>($"/v1/requests/{(string)receipt["id"]!}?wait=30&since={since}", limit.Token))!;
            since = (long)document["revision"]!;
            if (document["endedAt"] is not null)
            {
                return document;
            }
        }
    }

    /// <summary>What the process said, for when it did not do what it should.</summary>
    public override string ToString()
    {
        lock (errors)
        {
            return errors.ToString();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (process is not null)
        {
            await Kill();
        }
        directory.Delete(recursive: true);
    }

    void Keep(string? line)
    {
        lock (errors)
        {
            errors.AppendLine(line);
        }
    }

    static ProcessStartInfo Of(string[] arguments) => new("dotnet", [Path.Combine(AppContext.BaseDirectory, "pipelinebridge.dll"), .. arguments])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };
}
