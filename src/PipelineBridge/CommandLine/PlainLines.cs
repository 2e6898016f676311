using PipelineBridge.Bridge.Deliveries;

namespace PipelineBridge.CommandLine;

/// <summary>A line for each thing that changes, and none while nothing does: for a pipe or a log.</summary>
sealed class PlainLines(Surroundings at) : IRequestView
{
    string last = "";
    RequestDocument? document;
    bool isLost;

    public void Moved(RequestDocument moved)
    {
        isLost = false;
        document = moved;
        if (!moved.HasEnded)
        {
            Tell(RequestWords.Stands(moved));
        }
    }

    public void Second()
    {
    }

    public void Lost(string trouble)
    {
        if (!isLost)
        {
            isLost = true;
            Tell($"the bridge gives no answer: {trouble}; it is asked again");
            last = "";
        }
    }

    void Tell(string line)
    {
        if (line != last)
        {
            last = line;
            at.Output.WriteLine($"  {RequestWords.Clock(document is null ? 0 : (at.Clock.GetUtcNow() - document.AskedAt).TotalSeconds)} {line}");
        }
    }
}
