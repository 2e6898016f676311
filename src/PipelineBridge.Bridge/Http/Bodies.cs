using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Bridge.Http;

/// <summary>Reads bodies: whole, bounded, and with the place of what is wrong.</summary>
static class Bodies
{
    /// <summary>The longest body that is taken.</summary>
    public const int LongestBytes = 1024 * 1024;

    /// <summary>The whole body.</summary>
    /// <exception cref="RefusedException">It is too long (413), or was cut (400).</exception>
    public static async Task<ReadOnlyMemory<byte>> Read(HttpContext http, int longestBytes = LongestBytes)
    {
        if (http.Request.ContentLength > longestBytes)
        {
            throw TooLong(http.Request.ContentLength.Value, longestBytes);
        }
        var length = http.Request.ContentLength;
        var buffer = new byte[length is { } known ? (int)known : 4096];
        var read = 0;
        try
        {
            while (true)
            {
                if (read == buffer.Length)
                {
                    if (length is not null)
                    {
                        break;
                    }
                    Array.Resize(ref buffer, Math.Min(buffer.Length * 2, longestBytes + 1));
                }
                var n = await http.Request.Body.ReadAsync(buffer.AsMemory(read), http.RequestAborted);
                if (n == 0)
                {
                    break;
                }
                read += n;
                if (read > longestBytes)
                {
                    throw TooLong(read, longestBytes);
                }
            }
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw TooLong(http.Request.ContentLength ?? longestBytes + 1, longestBytes);
        }
        catch (BadHttpRequestException)
        {
            throw new RefusedException(StatusCodes.Status400BadRequest, "The body was cut", $"The body ended after {read} bytes of {length}; nothing was accepted. Send it again.");
        }
        return buffer.AsMemory(0, read);
    }

    /// <summary>The body as JSON of a shape; a field that the shape does not know is refused by name.</summary>
    public static T Parse<T>(ReadOnlyMemory<byte> body, JsonTypeInfo<T> type) where T : class
    {
        if (body.Length == 0)
        {
            throw new RefusedException(StatusCodes.Status400BadRequest, "No body", "The body is empty; it must be a JSON object.");
        }
        try
        {
            return JsonSerializer.Deserialize(body.Span, type) ?? throw new RefusedException(StatusCodes.Status400BadRequest, "No object", "The body is null; it must be a JSON object.");
        }
        catch (JsonException e) when (e.Message.Contains("could not be mapped", StringComparison.Ordinal))
        {
            var field = Field(e);
            throw RefusedException.Fields(new FieldMistake(field, null, $"it is not known here. Known are {string.Join(", ", type.Properties.Select(p => p.Name))}."));
        }
        catch (JsonException e) when (e.Path is { Length: > 1 } && !IsSyntax(body))
        {
            throw RefusedException.Fields(new FieldMistake(Field(e), null, "it has another kind of value than it must have; see docs/http.md."));
        }
        catch (JsonException e)
        {
            throw new RefusedException(StatusCodes.Status400BadRequest, "No JSON", $"The body is no JSON object: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}. It may have been cut.");
        }
    }

    static string Field(JsonException e) => e.Path is { Length: > 2 } path ? path[2..] : "(the body)";

    static bool IsSyntax(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var _ = JsonDocument.Parse(body);
            return false;
        }
        catch (JsonException)
        {
            return true;
        }
    }

    static RefusedException TooLong(long bytes, int longest) => new(StatusCodes.Status413PayloadTooLarge, "Too long",
        $"The body has {bytes} bytes or more; at most {longest} are taken. Nothing large goes through the bridge: images go to the registry.");
}
