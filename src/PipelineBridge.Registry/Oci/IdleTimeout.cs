namespace PipelineBridge.Registry.Oci;

/// <summary>Ends a request on which nothing moved for a while, however long it takes as a whole.</summary>
sealed class IdleTimeout : IDisposable
{
    /// <summary>How long nothing may move.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromSeconds(60);

    /// <summary>How long a registry may work on a whole blob before it answers: some copy it in their storage then.</summary>
    public static readonly TimeSpan Completion = TimeSpan.FromMinutes(5);

    readonly CancellationTokenSource silent;
    readonly CancellationTokenSource either;

    public IdleTimeout(TimeProvider clock, CancellationToken cancellation)
    {
        silent = new CancellationTokenSource(Idle, clock);
        either = CancellationTokenSource.CreateLinkedTokenSource(silent.Token, cancellation);
    }

    public CancellationToken Token => either.Token;

    public bool Passed => silent.IsCancellationRequested;

    /// <summary>Something moved.</summary>
    public void Moved() => silent.CancelAfter(Idle);

    /// <summary>All of a blob was sent; the registry has its turn.</summary>
    public void AllSent() => silent.CancelAfter(Completion);

    /// <summary>It is our turn: nothing has to move.</summary>
    public void Rest() => silent.CancelAfter(Timeout.InfiniteTimeSpan);

    public void Dispose()
    {
        either.Dispose();
        silent.Dispose();
    }
}
