using PipelineBridge.Bridge.Deliveries;

namespace PipelineBridge.CommandLine;

/// <summary>One block on a terminal that is drawn again when something changed, and each second for its clock.</summary>
sealed class LiveBlock(Surroundings at) : IRequestView
{
    // ECMA-48: cursor to the line above (CPL), erase from the cursor to the end of the screen (ED).
    static string Up(int lines) => $"\x1b[{lines}F";

    const string Erase = "\x1b[J";

    int drawn;
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
        var width = Math.Max(20, at.Width()) - 1;
        var lines = document is null ? [] : RequestBlock.Of(document, at.Clock.GetUtcNow(), width).ToList();
        if (trouble is not null)
        {
            lines.Add($"  the bridge gives no answer: {trouble}; it is asked again");
        }
        if (drawn > 0)
        {
            at.Output.Write(Up(drawn) + Erase);
        }
        foreach (var line in lines)
        {
            // A line that wraps would make the next drawing go up too little.
            at.Output.WriteLine(line.Length <= width ? line : line[..(width - 1)] + "…");
        }
        at.Output.Flush();
        drawn = lines.Count;
    }
}
