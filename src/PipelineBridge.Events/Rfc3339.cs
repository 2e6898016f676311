using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace PipelineBridge.Events;

/// <summary>Times as RFC 3339 writes them, which CloudEvents and CDEvents demand. UTC is written with a Z, a fraction is kept to 100 ns.</summary>
sealed partial class Rfc3339 : JsonConverter<DateTimeOffset>
{
    const int LongestFraction = 7;

    /// <summary>Reads a time with its offset; false for anything else, also for what .NET alone would take.</summary>
    public static bool TryParse(string text, out DateTimeOffset time)
    {
        time = default;
        var match = Pattern().Match(text);
        if (!match.Success)
        {
            return false;
        }
        var fraction = match.Groups["fraction"];
        if (fraction.Length > LongestFraction)
        {
            text = text.Remove(fraction.Index + LongestFraction, fraction.Length - LongestFraction);
        }
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out time);
    }

    /// <summary>Writes a time as the value that is due.</summary>
    public static void WriteTo(Utf8JsonWriter writer, DateTimeOffset time)
    {
        if (time.Offset == TimeSpan.Zero)
        {
            writer.WriteStringValue(time.UtcDateTime);
        }
        else
        {
            writer.WriteStringValue(time);
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && TryParse(reader.GetString()!, out var time) ? time : throw new JsonException();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => WriteTo(writer, value);

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.(?<fraction>[0-9]+))?([Zz]|[+-][0-9]{2}:[0-9]{2})\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
