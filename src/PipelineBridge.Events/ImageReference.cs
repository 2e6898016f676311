using System.Text.RegularExpressions;

namespace PipelineBridge.Events;

/// <summary>An image: <c>registry/repository:tag@digest</c>, as the distribution specification names it; tag and digest may be absent.</summary>
public sealed partial record ImageReference(string Registry, string Repository, string? Tag, string? Digest)
{
    /// <summary>Reads an image, or says in one sentence what is wrong with it and what would be right.</summary>
    public static bool TryParse(string text, out ImageReference? image, out string? wrong)
    {
        image = null;
        wrong = null;
        const string Right = "it must be registry/repository:tag, e.g. registry.internal/portal:412";
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : text[..slash];
        // Docker's rule: the first part is a registry when it has a dot or a colon, or is localhost.
        if (slash < 0 || !(first.Contains('.', StringComparison.Ordinal) || first.Contains(':', StringComparison.Ordinal) || first == "localhost"))
        {
            wrong = $"\"{text}\" names no registry; {Right}.";
            return false;
        }
        var rest = text[(slash + 1)..];
        string? digest = null;
        var at = rest.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
        {
            digest = rest[(at + 1)..];
            rest = rest[..at];
            if (!IsDigest(digest))
            {
                wrong = $"\"{text}\" has a digest that is none; it must be sha256: and 64 hexadecimal digits.";
                return false;
            }
        }
        string? tag = null;
        var colon = rest.LastIndexOf(':');
        if (colon >= 0)
        {
            tag = rest[(colon + 1)..];
            rest = rest[..colon];
            if (!IsTag(tag))
            {
                wrong = $"\"{text}\" has the tag \"{tag}\", which is none; a tag is up to 128 letters, digits, _ . and -, and begins with none of the last two.";
                return false;
            }
        }
        if (!HostPattern().IsMatch(first))
        {
            wrong = $"\"{text}\" has a registry that is no host name, \"{first}\"; {Right}.";
            return false;
        }
        if (rest.Length > 255 || !RepositoryPattern().IsMatch(rest))
        {
            wrong = $"\"{text}\" has a repository that is none, \"{rest}\"; it is lower-case letters, digits and . _ - between slashes; {Right}.";
            return false;
        }
        image = new ImageReference(first, rest, tag, digest);
        return true;
    }

    /// <summary>Reads an image.</summary>
    /// <exception cref="FormatException">It is none; the message says what would be right.</exception>
    public static ImageReference Parse(string text) => TryParse(text, out var image, out var wrong) ? image! : throw new FormatException(wrong);

    /// <summary>Whether the text is a digest, <c>sha256:</c> and 64 lower-case hexadecimal digits.</summary>
    public static bool IsDigest(string text) => DigestPattern().IsMatch(text);

    /// <summary>Whether the text may be a tag.</summary>
    public static bool IsTag(string text) => TagPattern().IsMatch(text);

    /// <summary><c>registry/repository</c>.</summary>
    public string Name => $"{Registry}/{Repository}";

    /// <summary><c>registry/repository@digest</c>: what is deployed.</summary>
    public string Pinned => $"{Name}@{Digest ?? throw new InvalidOperationException($"{this} has no digest.")}";

    /// <summary>The purl of an image with a digest, e.g. <c>pkg:oci/portal@sha256%3A9c1e…?repository_url=registry.internal/portal&amp;tag=412</c> (purl specification, type oci).</summary>
    public string Purl
    {
        get
        {
            var name = Repository[(Repository.LastIndexOf('/') + 1)..];
            var version = Digest is null ? "" : "@" + Uri.EscapeDataString(Digest);
            var url = Uri.EscapeDataString(Name).Replace("%2F", "/", StringComparison.Ordinal);
            return $"pkg:oci/{name}{version}?repository_url={url}{(Tag is null ? "" : "&tag=" + Uri.EscapeDataString(Tag))}";
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}{(Tag is null ? "" : ":" + Tag)}{(Digest is null ? "" : "@" + Digest)}";

    [GeneratedRegex("^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?\\z")]
    private static partial Regex HostPattern();

    [GeneratedRegex("^[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*\\z")]
    private static partial Regex RepositoryPattern();

    [GeneratedRegex("^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}\\z")]
    private static partial Regex TagPattern();

    [GeneratedRegex("^sha256:[0-9a-f]{64}\\z")]
    private static partial Regex DigestPattern();
}
