using PipelineBridge.Bridge.Deliveries;

namespace PipelineBridge.CommandLine;

/// <summary>Shows how a request goes on.</summary>
interface IRequestView
{
    /// <summary>It moved.</summary>
    void Moved(RequestDocument document);

    /// <summary>A second passed.</summary>
    void Second();

    /// <summary>The bridge does not answer; it is asked on.</summary>
    void Lost(string trouble);
}

/// <summary>Shows nothing: for who wants the end alone.</summary>
sealed class SilentView : IRequestView
{
    public void Moved(RequestDocument document)
    {
    }

    public void Second()
    {
    }

    public void Lost(string trouble)
    {
    }
}
