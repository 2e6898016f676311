namespace PipelineBridge.Registry.Oci;

/// <summary>A request to a registry; it can be sent again, so its content is made for each try.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Url">The whole URL.</param>
/// <param name="Doing">What it is for, to follow "to" in a sentence of ours: <c>read portal:412</c>.</param>
/// <param name="Scopes">What a token must allow.</param>
sealed record RegistryRequest(HttpMethod Method, Uri Url, string Doing, params IReadOnlyList<string> Scopes)
{
    /// <summary>The media types that are accepted.</summary>
    public IReadOnlyList<string> Accept { get; init; } = [];

    /// <summary>Makes the content, which tells the timeout what moves.</summary>
    public Func<IdleTimeout, HttpContent>? Content { get; init; }

    /// <summary>How many bytes are wanted, from the end; null for all.</summary>
    public int? LastBytes { get; init; }

    /// <summary>Whether the answer's body is kept whole, as a manifest must be; else only the words of an error are.</summary>
    public bool KeepsBody { get; init; }
}
