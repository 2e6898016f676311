namespace PipelineBridge.Events;

/// <summary>An event that cannot be read: the path of the wrong field, what it is, and what would be right.</summary>
public sealed class EventFormatException(string field, string message) : FormatException($"{field}: {message}")
{
    /// <summary>The field of a document that is wrong as a whole.</summary>
    public const string Body = "(the body)";

    /// <summary>The path of the field, e.g. <c>data.context.timestamp</c>.</summary>
    public string Field { get; } = field;

    /// <summary>What is wrong with it and what would be right.</summary>
    public string Reason { get; } = message;
}
