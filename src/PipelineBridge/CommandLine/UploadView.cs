using PipelineBridge.Bridge.Pages;
using PipelineBridge.Registry;

namespace PipelineBridge.CommandLine;

/// <summary>Shows how far a push from here is: on a terminal one block that is drawn again, in a pipe a line for each further tenth.</summary>
sealed class UploadView(Surroundings at, string title, PushMeter meter)
{
    static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    readonly long began = at.Clock.GetTimestamp();
    readonly RedrawnLines screen = new(at);
    long tenths;

    /// <summary>Shows it until the push is over, and leaves nothing of it on a terminal.</summary>
    public async Task<T> Until<T>(Task<T> push)
    {
        while (await Task.WhenAny(push, Task.Delay(Between, at.Clock, CancellationToken.None)) != push)
        {
            if (at.IsTerminal)
            {
                screen.Draw([.. Block()]);
            }
            else
            {
                Tell();
            }
        }
        if (at.IsTerminal)
        {
            screen.Draw([]);
        }
        return await push;
    }

    string Clock => RequestWords.Clock(at.Clock.GetElapsedTime(began).TotalSeconds);

    IEnumerable<string> Block()
    {
        var (sent, there, total) = (meter.SentBytes, meter.ThereBytes, meter.TotalBytes);
        yield return $"{title}   {(total == 0 ? "reading" : "pushing")}   {Clock}";
        if (total > 0)
        {
            yield return RequestBlock.Row("◐", "sent", $"{PageWords.Bytes(sent)}{Rest(there, total)}   {RequestBlock.Bar(sent + there, total)}");
        }
    }

    void Tell()
    {
        var (sent, there, total) = (meter.SentBytes, meter.ThereBytes, meter.TotalBytes);
        if (total > 0 && (sent + there) * 10 / total is var now && now > tenths)
        {
            tenths = now;
            at.Output.WriteLine($"  {Clock} sent {PageWords.Bytes(sent)}{Rest(there, total)}");
        }
    }

    static string Rest(long there, long total) => $" of {PageWords.Bytes(total)}{(there == 0 ? "" : $", {PageWords.Bytes(there)} were there")}";
}
