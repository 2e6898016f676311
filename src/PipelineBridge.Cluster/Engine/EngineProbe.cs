using System.Text;

namespace PipelineBridge.Cluster.Engine;

/// <summary>What a task answered when it was asked how it is.</summary>
/// <param name="IsGood">Whether it is healthy.</param>
/// <param name="Text">What it said, for evidence.</param>
sealed record ProbeAnswer(bool IsGood, string Text);

/// <summary>Asks tasks over HTTP how they are, from here: what is reached this way is what a front end reaches.</summary>
public sealed class EngineProbe : IDisposable
{
    const int Kept = 500;

    readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, PooledConnectionLifetime = TimeSpan.FromSeconds(10) }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    internal async Task<ProbeAnswer> Ask(EngineContainer container, CancellationToken cancellation)
    {
        if (container.HealthUrl is not { } url)
        {
            return new ProbeAnswer(false, "Its port is not published.");
        }
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(container.HealthTimeoutSeconds));
        try
        {
            using var answer = await http.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            var isGood = (int)answer.StatusCode is >= 200 and < 400;
            return new ProbeAnswer(isGood, isGood ? $"{(int)answer.StatusCode}" : $"GET {url}\n{(int)answer.StatusCode} {answer.ReasonPhrase}\n{await Beginning(answer.Content, limit.Token)}".TrimEnd());
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new ProbeAnswer(false, $"GET {url}\nno answer within {container.HealthTimeoutSeconds} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new ProbeAnswer(false, $"GET {url}\n{(e as HttpRequestException)?.HttpRequestError switch
            {
                HttpRequestError.ConnectionError => "the connection was refused",
                HttpRequestError.ResponseEnded => "the connection was closed without an answer",
                _ => "there was no answer of HTTP",
            }}");
        }
    }

    static async Task<string> Beginning(HttpContent content, CancellationToken cancellation)
    {
        var buffer = new byte[Kept];
        await using var stream = await content.ReadAsStreamAsync(cancellation);
        return Encoding.UTF8.GetString(buffer, 0, await stream.ReadAtLeastAsync(buffer, Kept, throwOnEndOfStream: false, cancellation));
    }
}
