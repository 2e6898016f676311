namespace PipelineBridge.Simulators;

/// <summary>One request that a simulator received, without credentials and without its body.</summary>
/// <param name="Number">Counts the requests from 1 in the order of their arrival.</param>
/// <param name="Time">When the request line was read.</param>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The decoded path.</param>
/// <param name="Query">The query with its question mark, values of secret parameters replaced; empty without one.</param>
/// <param name="Status">The status that was sent; null while there is no answer yet, and when none was ever sent.</param>
/// <param name="Ended">When the simulator was done with the request; null while it is open.</param>
/// <param name="Facts">What the simulator noted about the request, such as the digest of a blob that was stored.</param>
public sealed record RecordedRequest(
    long Number,
    DateTimeOffset Time,
    string Method,
    string Path,
    string Query,
    int? Status,
    DateTimeOffset? Ended,
    IReadOnlyDictionary<string, string> Facts);
