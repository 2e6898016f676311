namespace PipelineBridge.Tests.Support;

/// <summary>How long a test waits for what has to come.</summary>
static class Patience
{
    // Dozens of tests may have two slow cores: programs need minutes then that start in a second otherwise.
    public static readonly TimeSpan Bound = TimeSpan.FromMinutes(4);
}
