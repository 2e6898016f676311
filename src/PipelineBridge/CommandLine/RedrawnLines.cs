namespace PipelineBridge.CommandLine;

/// <summary>Lines on a terminal of which each drawing takes the place of the one before.</summary>
sealed class RedrawnLines(Surroundings at)
{
    // ECMA-48: cursor to the line above (CPL), erase from the cursor to the end of the screen (ED).
    static string Up(int lines) => $"\x1b[{lines}F";

    const string Erase = "\x1b[J";

    int drawn;

    /// <summary>How many characters a line may have.</summary>
    public int Width => Math.Max(20, at.Width()) - 1;

    /// <summary>Draws; no lines clear what was drawn.</summary>
    public void Draw(IReadOnlyList<string> lines)
    {
        var width = Width;
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
