using PipelineBridge.Bridge.Deliveries;

namespace PipelineBridge.CommandLine;

/// <summary>One block on a terminal that is drawn again when something changed, and each second for its clock.</summary>
sealed class LiveBlock(Surroundings at) : IRequestView
{
    readonly RedrawnLines screen = new(at);
    RequestDocument? document;
    string? trouble;

    public void Moved(RequestDocument moved)
    {
        (document, trouble) = (moved, null);
        Draw();
    }

    public void Second()
    {
        if (document is { HasEnded: false } || trouble is not null)
        {
            Draw();
        }
    }

    public void Lost(string why)
    {
        trouble = why;
        Draw();
    }

    void Draw()
    {
        var lines = document is null ? [] : RequestBlock.Of(document, at.Clock.GetUtcNow(), screen.Width).ToList();
        if (trouble is not null)
        {
            lines.Add($"  the bridge gives no answer: {trouble}; it is asked again");
        }
        screen.Draw(lines);
    }
}
