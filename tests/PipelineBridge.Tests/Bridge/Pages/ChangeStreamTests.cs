using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Bridge.Pages;

public class ChangeStreamTests
{
    [Fact]
    public async Task A_page_is_told_at_once_and_then_at_most_once_a_second()
    {
        await using var bridge = await RunningBridge.Start();
        using var stream = await Open(bridge, "/changes");
        (await stream.Next()).Should().Be("here");
        var begun = Stopwatch.GetTimestamp();
        for (var n = 0; n < 5; n++)
        {
            await bridge.Until(await bridge.Deploy($"registry.internal/portal:{n}"), "succeeded");
        }
        (await stream.Next()).Should().Be("changed");
        (await stream.Next()).Should().Be("changed");
        Stopwatch.GetElapsedTime(begun).Should().BeGreaterThan(TimeSpan.FromSeconds(0.9));
    }

    [Fact]
    public async Task What_was_journaled_between_a_page_and_its_stream_is_told()
    {
        await using var bridge = await RunningBridge.Start();
        var head = bridge.Journal.Head;
        await bridge.Until(await bridge.Deploy(), "succeeded");
        using var stream = await Open(bridge, $"/changes?after={head}");
        (await stream.Next()).Should().Be("here");
        (await stream.Next()).Should().Be("changed");
    }

    [Fact]
    public async Task What_is_of_another_app_is_not_told()
    {
        await using var bridge = await RunningBridge.Start();
        using var byKey = await Open(bridge, "/changes", RunningBridge.PortalKey);
        using var byTopic = await Open(bridge, "/changes?app=portal");
        foreach (var stream in new[] { byKey, byTopic })
        {
            (await stream.Next()).Should().Be("here");
        }
        await bridge.Until(await bridge.Deploy("registry.internal/billing:77", with: b => b["app"] = "billing"), "succeeded");
        var head = bridge.Journal.Head;
        await bridge.Until(await bridge.Deploy(), "succeeded");
        foreach (var stream in new[] { byKey, byTopic })
        {
            (await stream.Next()).Should().Be("changed");
            stream.Sequence.Should().BeGreaterThan(head);
        }
    }

    [Fact]
    public async Task It_needs_a_key_for_what_it_tells_of()
    {
        await using var bridge = await RunningBridge.Start();
        using var nobody = new HttpClient { BaseAddress = bridge.Http.BaseAddress };
        (await nobody.GetAsync("/changes", TestContext.Current.CancellationToken)).StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        using var portal = await bridge.Send(HttpMethod.Get, "/changes?app=billing", token: RunningBridge.PortalKey);
        portal.StatusCode.Should().Be(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_bridge_that_stops_ends_its_streams()
    {
        await using var bridge = await RunningBridge.Start();
        using var stream = await Open(bridge, "/changes");
        (await stream.Next()).Should().Be("here");
        await bridge.Stop();
        (await stream.Next()).Should().BeNull();
        await bridge.StartAgain();
    }

    static async Task<Stream> Open(RunningBridge bridge, string path, string key = RunningBridge.Key)
    {
        var http = new HttpClient { BaseAddress = bridge.Http.BaseAddress };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        var answer = await http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        answer.EnsureSuccessStatusCode();
        answer.Content.Headers.ContentType!.MediaType.Should().Be("text/event-stream");
        return new Stream(http, new StreamReader(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken)));
    }

    sealed class Stream(HttpClient http, StreamReader reader) : IDisposable
    {
        public long Sequence { get; private set; }

        /// <summary>The next event's name; null at the end.</summary>
        public async Task<string?> Next()
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(Patience.Bound);
            string? name = null;
            try
            {
                while (await reader.ReadLineAsync(limit.Token) is { } line)
                {
                    if (line.StartsWith("event: ", StringComparison.Ordinal))
                    {
                        name = line[7..];
                    }
                    else if (line.StartsWith("id: ", StringComparison.Ordinal))
                    {
                        Sequence = long.Parse(line[4..], System.Globalization.CultureInfo.InvariantCulture);
                    }
                    else if (line.Length == 0 && name is not null)
                    {
                        return name;
                    }
                }
            }
            catch (IOException)
            {
                // The server's end of a chunked answer, cut.
            }
            return null;
        }

        public void Dispose()
        {
            reader.Dispose();
            http.Dispose();
        }
    }
}
