using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Cluster.Specification;

/// <summary>Tells before a deployment is accepted what is wrong with a portable specification, on the kind of cluster that its environment has.</summary>
/// <param name="kindOf">What an environment's cluster is: <c>engine</c>, <c>swarm</c>, <c>marathon</c>; null where it has none.</param>
public sealed class ServiceSpecificationCheck(Func<string, string?> kindOf) : ISpecificationCheck
{
    /// <inheritdoc/>
    public string Format => ServiceReader.Kind;

    /// <inheritdoc/>
    public bool Recognizes(ReadOnlyMemory<byte> content) => ServiceReader.Is(content);

    /// <inheritdoc/>
    public IReadOnlyList<SpecificationFinding> Check(SpecificationToCheck specification)
    {
        ArgumentNullException.ThrowIfNull(specification);
        var (service, findings) = ServiceReader.Check(specification.Content);
        return service is null ? findings : [.. findings, .. Deployment(service, specification), .. kindOf(specification.Environment) is { } kind ? DriverRules.Findings(service, kind, specification.Replicas) : []];
    }

    static IEnumerable<SpecificationFinding> Deployment(ServiceSpecification service, SpecificationToCheck specification)
    {
        if (service.Health is null)
        {
            yield return specification.Hostnames.Count > 0 || service.Hostnames.Count > 0
                ? new(true, "spec.health", null, "there is none, and the app has host names: a task is routed only when it passed a health check.")
                : new(false, "spec.health", null, "there is none: without a check in the image the deployment ends when the tasks run, and nothing can be told healthy.");
        }
        else if (specification.HealthTimeoutSeconds is { } most && service.Health.GraceSeconds >= most)
        {
            yield return new(false, "spec.health.graceSeconds", $"{service.Health.GraceSeconds}", $"the deployment is given up after {most} s, before a failed check counts.");
        }
        if (service.Image is { } written && specification.Image is { } deployed && ImageReference.TryParse(written, out var a, out _) && ImageReference.TryParse(deployed, out var b, out _) && a!.Name != b!.Name)
        {
            yield return new(false, "spec.image", written, $"it names another repository; {b.Name} is deployed in its place.");
        }
    }
}
