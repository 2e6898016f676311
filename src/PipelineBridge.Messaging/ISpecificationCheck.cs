namespace PipelineBridge.Messaging;

/// <summary>Tells before a deployment is accepted what is wrong with its specification. A check has no effect and asks nobody outside.</summary>
public interface ISpecificationCheck
{
    /// <summary>What the specification is written in, e.g. <c>marathon</c>.</summary>
    string Format { get; }

    /// <summary>Whether a specification says itself that it is of this format; one that says nothing is of the format of its cluster.</summary>
    bool Recognizes(ReadOnlyMemory<byte> content) => false;

    /// <summary>All mistakes and warnings at once.</summary>
    IReadOnlyList<SpecificationFinding> Check(SpecificationToCheck specification);
}

/// <summary>A specification, and the deployment that it is for.</summary>
/// <param name="Image">The image that is deployed, when the ask names it; one that comes after a push is not known yet.</param>
/// <param name="HealthTimeoutSeconds">How long the new tasks may take to become healthy, in seconds, when that is known.</param>
public sealed record SpecificationToCheck(
    string App, string Environment, ReadOnlyMemory<byte> Content, IReadOnlyList<string> Hostnames, int? Replicas, string? Image = null, int? HealthTimeoutSeconds = null);

/// <summary>A mistake (the deployment is refused) or a warning (it is told and goes on).</summary>
/// <param name="IsMistake">Whether the deployment is refused for it.</param>
/// <param name="Field">The field, e.g. <c>spec.healthChecks</c>.</param>
/// <param name="Value">Its value as written, when it has one and it is no secret.</param>
/// <param name="Message">One sentence: what is wrong and what would be right.</param>
/// <param name="Line">The line in the specification, from 1.</param>
/// <param name="Column">The column in that line, from 1.</param>
public sealed record SpecificationFinding(bool IsMistake, string Field, string? Value, string Message, int? Line = null, int? Column = null);
