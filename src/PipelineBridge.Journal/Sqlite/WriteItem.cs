using Microsoft.Data.Sqlite;

namespace PipelineBridge.Journal.Sqlite;

/// <summary>One change that waits for the writer, and whoever waits for its answer.</summary>
abstract class WriteItem
{
    /// <summary>Lets the change decide; null when it threw. What it answers is kept until the commit.</summary>
    public abstract Change? Decide(JournalTransaction transaction);

    /// <summary>Gives the answer, after the commit: also an exception may rest on what was only then kept.</summary>
    public abstract void Answer();

    /// <summary>Says that the commit failed.</summary>
    public abstract void Unavailable(Exception cause);
}

/// <summary>A change with an answer of a type.</summary>
sealed class WriteItem<T>(Func<JournalTransaction, T> change) : WriteItem
{
    readonly TaskCompletionSource<T> waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Exception? refusal;
    T answer = default!;

    public Task<T> Task => waiting.Task;

    public override Change? Decide(JournalTransaction transaction)
    {
        try
        {
            answer = change(transaction);
            var decided = transaction.End();
            decided.Freeze();
            return decided;
        }
        // What the database says concerns the whole transaction: SQLite may have rolled it back.
        catch (Exception e) when (e is not SqliteException)
        {
            transaction.End();
            refusal = e;
            return null;
        }
    }

    public override void Answer()
    {
        if (refusal is null)
        {
            waiting.TrySetResult(answer);
        }
        else
        {
            waiting.TrySetException(refusal);
        }
    }

    public override void Unavailable(Exception cause) => waiting.TrySetException(cause);
}
