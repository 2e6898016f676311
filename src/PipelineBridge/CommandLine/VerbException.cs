namespace PipelineBridge.CommandLine;

/// <summary>Why a verb ends early: what happened, and what to do about it.</summary>
/// <param name="exitCode">One of <see cref="CommandLine.ExitCode"/>.</param>
/// <param name="happened">What happened, in one line.</param>
/// <param name="toDo">What to do, in one line; null where the first says it.</param>
sealed class VerbException(int exitCode, string happened, string? toDo = null) : Exception(happened)
{
    public int ExitCode => exitCode;

    public string? ToDo => toDo;
}
