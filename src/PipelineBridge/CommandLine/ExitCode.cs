namespace PipelineBridge.CommandLine;

/// <summary>What a verb's exit code says.</summary>
static class ExitCode
{
    /// <summary>It is as asked: live, pushed, told.</summary>
    public const int Live = 0;

    /// <summary>It failed.</summary>
    public const int Failed = 1;

    /// <summary>The command was used wrongly; nobody was asked.</summary>
    public const int WrongUse = 2;

    /// <summary>A newer one took its place, somebody took it back, or it was refused.</summary>
    public const int Refused = 3;

    /// <summary>How it stands could not be learnt in time.</summary>
    public const int Unknown = 4;
}
