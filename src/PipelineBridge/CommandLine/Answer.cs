using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using PipelineBridge.Bridge.Http;

namespace PipelineBridge.CommandLine;

/// <summary>What the bridge, or what stands before it, answered.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="ContentType">The type of the body.</param>
/// <param name="Text">The body.</param>
/// <param name="RetryAfter">How long we are asked to wait before the next try.</param>
/// <param name="Location">Where a redirect points.</param>
sealed record Answer(int Status, string? ContentType, string Text, TimeSpan? RetryAfter, string? Location)
{
    public bool IsGood => Status is >= 200 and < 300;

    /// <summary>Whether the same call may be answered well in a moment.</summary>
    public bool MayPass => Status is 408 or 425 or 429 or 500 or 502 or 503 or 504;

    /// <summary>The body as its shape; null when it is none.</summary>
    public T? As<T>(JsonTypeInfo<T> type) where T : class
    {
        try
        {
            return ContentType?.EndsWith("json", StringComparison.Ordinal) == true ? JsonSerializer.Deserialize(Text, type) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The problem that it is; null when it is none of a bridge.</summary>
    public ProblemDocument? Problem => As(CommandJson.Default.ProblemDocument) is { Detail.Length: > 0 } problem ? problem : null;
}
