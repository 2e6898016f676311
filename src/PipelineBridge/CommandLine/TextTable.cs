namespace PipelineBridge.CommandLine;

/// <summary>Columns of text, each as wide as its widest entry.</summary>
static class TextTable
{
    public static IEnumerable<string> Lines(IReadOnlyList<IReadOnlyList<string>> rows)
    {
        if (rows.Count == 0)
        {
            yield break;
        }
        var widths = Enumerable.Range(0, rows[0].Count).Select(c => rows.Max(r => r[c].Length)).ToList();
        foreach (var row in rows)
        {
            yield return string.Join("  ", row.Select((text, c) => text.PadRight(widths[c]))).TrimEnd();
        }
    }
}
