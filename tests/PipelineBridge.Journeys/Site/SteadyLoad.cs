using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace PipelineBridge.Journeys.Site;

/// <summary>
/// A caller without a front end: it knows where an app is from the bridge's <c>endpoints.changed</c> alone, asks one of
/// these places again and again, each time over a new connection, and the next place where one does not answer.
/// </summary>
sealed class SteadyLoad : IAsyncDisposable
{
    static readonly TimeSpan Between = TimeSpan.FromMilliseconds(5);

    readonly CancellationTokenSource stop = new();
    readonly HttpClient http = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero }) { Timeout = TimeSpan.FromSeconds(20) };
    readonly Task following;
    readonly Task asking;
    volatile IReadOnlyList<Uri> places;

    public SteadyLoad(OneProcessSite bridge, string app)
    {
        places = [];
        following = Follow(bridge, app);
        asking = AskAll();
    }

    /// <summary>Asks what is always at the same place.</summary>
    public SteadyLoad(Uri place)
    {
        places = [place];
        following = Task.CompletedTask;
        asking = AskAll();
    }

    /// <summary>What was answered, each text with how often.</summary>
    public ConcurrentDictionary<string, int> Answers { get; } = new();

    /// <summary>How many requests were answered by the first or another place.</summary>
    public int Answered => Answers.Values.Sum();

    /// <summary>How many requests the place that was asked first did not answer.</summary>
    public int Refused { get; private set; }

    /// <summary>How many requests no place answered.</summary>
    public int Lost { get; private set; }

    /// <summary>Waits until so many more requests were answered.</summary>
    public async Task More(int requests)
    {
        var (from, until) = (Answered, DateTime.UtcNow.AddMinutes(3));
        while (Answered < from + requests)
        {
            DateTime.UtcNow.Should().BeBefore(until, "the load goes on");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    public override string ToString() => $"{Answered} answered ({string.Join(", ", Answers.Select(a => $"{a.Value} {a.Key}"))}), {Refused} refused by the first place that was asked, {Lost} lost";

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(following, asking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
        http.Dispose();
    }

    async Task Follow(OneProcessSite bridge, string app)
    {
        await using var stream = await bridge.Http.GetStreamAsync($"/v1/events/stream?after=0&app={app}", stop.Token);
        using var lines = new StreamReader(stream);
        while (await lines.ReadLineAsync(stop.Token) is { } line)
        {
            if (line.StartsWith("data:", StringComparison.Ordinal) && line.Contains("endpoints.changed", StringComparison.Ordinal))
            {
                var tasks = JsonNode.Parse(line["data:".Length..])!["data"]!["subject"]!["content"]!["tasks"]!.AsArray();
                places = [.. tasks.Select(t => new Uri($"http://{(string)t!["host"]!}:{(int)t["port"]!}/"))];
            }
        }
    }

    async Task AskAll()
    {
        for (var n = 0; !stop.IsCancellationRequested; n++)
        {
            var known = places;
            if (known.Count > 0)
            {
                await Ask(known, n);
            }
            await Task.Delay(Between, stop.Token);
        }
    }

    async Task Ask(IReadOnlyList<Uri> known, int n)
    {
        for (var i = 0; i < known.Count; i++)
        {
            try
            {
                var text = await http.GetStringAsync(known[(n + i) % known.Count], stop.Token);
                Answers.AddOrUpdate(text, 1, (_, before) => before + 1);
                return;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !stop.IsCancellationRequested)
            {
                Refused += i == 0 ? 1 : 0;
            }
        }
        Lost++;
    }
}
