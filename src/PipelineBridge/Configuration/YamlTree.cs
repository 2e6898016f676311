using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace PipelineBridge.Configuration;

/// <summary>A piece of YAML with the line that it begins in.</summary>
abstract record YamlPiece(int Line);

/// <summary>A single value, as written; null when nothing stands there.</summary>
sealed record YamlText(string? Text, int Line) : YamlPiece(Line);

/// <summary>A sequence.</summary>
sealed record YamlList(IReadOnlyList<YamlPiece> Items, int Line) : YamlPiece(Line);

/// <summary>A mapping, each key with its line.</summary>
sealed record YamlMap(IReadOnlyList<(string Key, int Line, YamlPiece Piece)> Entries, int Line) : YamlPiece(Line)
{
    public (string Key, int Line, YamlPiece Piece)? Find(string key)
    {
        foreach (var entry in Entries)
        {
            if (entry.Key == key)
            {
                return entry;
            }
        }
        return null;
    }
}

/// <summary>The file is no YAML, or has more of YAML than a configuration needs.</summary>
sealed class YamlMistakeException(int line, string message) : Exception(message)
{
    public int Line => line;
}

/// <summary>Reads YAML with its lines. Every value is text; what it must be is the reader's to say.</summary>
static class YamlTree
{
    /// <summary>The mapping of a file; null when the file is empty.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="twice">Is told of each key that stands twice: the key's line, the line of the first, its path.</param>
    /// <exception cref="YamlMistakeException">It is no YAML, or no mapping.</exception>
    public static YamlMap? Read(string text, Action<int, int, string> twice)
    {
        try
        {
            var parser = new Parser(new StringReader(text));
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _))
            {
                return null;
            }
            parser.Consume<DocumentStart>();
            var root = Piece(parser, "", twice);
            parser.Consume<DocumentEnd>();
            if (parser.Accept<DocumentStart>(out var second))
            {
                throw new YamlMistakeException((int)second.Start.Line, "begins a second document (---); a configuration is one.");
            }
            return root switch
            {
                YamlMap map => map,
                YamlText { Text: null } => null,
                _ => throw new YamlMistakeException(root.Line, "is no mapping of keys to values, such as \"listen: http://127.0.0.1:8080\"."),
            };
        }
        catch (YamlException exception)
        {
            throw Unreadable(text.TrimEnd().Split('\n'), (int)exception.Start.Line, (int)exception.Start.Column);
        }
        // The library's own mistake on some texts that are no YAML, e.g. with a bracket that is never closed and a tab behind it.
        catch (InvalidOperationException)
        {
            throw Unreadable(text.TrimEnd().Split('\n'), int.MaxValue, 1);
        }
    }

    static YamlMistakeException Unreadable(string[] lines, int line, int column)
    {
        var tab = Array.FindIndex(lines, written => written[..^written.TrimStart().Length].Contains('\t'));
        if (tab >= 0)
        {
            return new YamlMistakeException(tab + 1, "is indented with a tab, which YAML does not take. Indent with blanks.");
        }
        // What is never closed is noticed behind the last line only.
        return line > lines.Length
            ? new YamlMistakeException(lines.Length, "is the last line, and something is still open. Look for a missing quote or bracket, here or above.")
            : new YamlMistakeException(line, $"is no YAML from column {column} on. Look for a missing colon, quote or bracket, or another indentation, here or just above.");
    }

    static YamlPiece Piece(Parser parser, string path, Action<int, int, string> twice)
    {
        if (parser.TryConsume<Scalar>(out var scalar))
        {
            if (scalar.Value.Contains('\0'))
            {
                throw new YamlMistakeException((int)scalar.Start.Line, "has a zero sign (\\0) in a value, which nothing here can have.");
            }
            return new YamlText(IsNothing(scalar) ? null : scalar.Value, (int)scalar.Start.Line);
        }
        if (parser.TryConsume<SequenceStart>(out var sequence))
        {
            var items = new List<YamlPiece>();
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                items.Add(Piece(parser, $"{path}[{items.Count}]", twice));
            }
            return new YamlList(items, (int)sequence.Start.Line);
        }
        if (parser.TryConsume<MappingStart>(out var mapping))
        {
            return Mapping(parser, path, twice, (int)mapping.Start.Line);
        }
        var other = parser.Consume<ParsingEvent>();
        throw new YamlMistakeException((int)other.Start.Line, "refers to another place by an alias (*), which is not taken here. Write it out.");
    }

    static YamlMap Mapping(Parser parser, string path, Action<int, int, string> twice, int line)
    {
        var entries = new List<(string Key, int Line, YamlPiece Piece)>();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (!parser.TryConsume<Scalar>(out var key))
            {
                throw new YamlMistakeException((int)parser.Current!.Start.Line, "has a key that is no text. If a value begins with { or [ or *, put it in quotes.");
            }
            var at = path.Length == 0 ? key.Value : $"{path}.{key.Value}";
            var piece = Piece(parser, at, twice);
            var first = entries.FindIndex(entry => entry.Key == key.Value);
            if (first >= 0)
            {
                twice((int)key.Start.Line, entries[first].Line, at);
            }
            else
            {
                entries.Add((key.Value, (int)key.Start.Line, piece));
            }
        }
        return new YamlMap(entries, line);
    }

    // YAML 1.2, 10.3.2: the core schema's null; a quoted "" or "null" is text.
    static bool IsNothing(Scalar scalar) =>
        scalar.Style == ScalarStyle.Plain && scalar.Value is "" or "~" or "null" or "Null" or "NULL";
}
