namespace PipelineBridge.Registry.Oci;

/// <summary>The form of a sentence.</summary>
static class Sentence
{
    /// <summary>With a capital letter.</summary>
    public static string Begin(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
