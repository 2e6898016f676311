using System.Globalization;

namespace PipelineBridge.Cluster.Engine;

/// <summary>The labels of a container by which we know what we made, and how it is told healthy.</summary>
static class EngineLabels
{
    public const string Cluster = "pipelinebridge.cluster";
    public const string App = "pipelinebridge.app";
    public const string Environment = "pipelinebridge.environment";
    public const string Request = "pipelinebridge.request";
    public const string Sequence = "pipelinebridge.sequence";
    public const string Specification = "pipelinebridge.specification";
    public const string Image = "pipelinebridge.image";

    /// <summary>Present when it was made to take its request back.</summary>
    public const string TakesBack = "pipelinebridge.takesback";

    /// <summary>Which of the tasks of its deployment it is, from 1; absent for the one that runs before.</summary>
    public const string Number = "pipelinebridge.number";

    /// <summary>How many tasks its deployment has.</summary>
    public const string Replicas = "pipelinebridge.replicas";

    /// <summary>The path that is asked by HTTP, and its port and bounds.</summary>
    public const string HealthPath = "pipelinebridge.health.path";
    public const string HealthPort = "pipelinebridge.health.port";
    public const string HealthTimeoutSeconds = "pipelinebridge.health.timeoutseconds";
    public const string HealthGraceSeconds = "pipelinebridge.health.graceseconds";
    public const string HealthIntervalSeconds = "pipelinebridge.health.intervalseconds";
    public const string HealthFailures = "pipelinebridge.health.failures";

    /// <summary>The filters that find the containers of an app, or of all apps of a cluster.</summary>
    public static IReadOnlyList<string> Of(string cluster, AppKey? app) => app is { } one
        ? [$"{Cluster}={cluster}", $"{App}={one.App}", $"{Environment}={one.Environment}"]
        : [$"{Cluster}={cluster}"];

    /// <summary>The labels that every container of a deployment has.</summary>
    public static Dictionary<string, string> Marked(string cluster, AppKey app, DeploymentMark mark)
    {
        var labels = new Dictionary<string, string>
        {
            [Cluster] = cluster,
            [App] = app.App,
            [Environment] = app.Environment,
            [Request] = mark.Request,
            [Sequence] = mark.Sequence.ToString(CultureInfo.InvariantCulture),
            [Specification] = mark.Specification,
            [Image] = mark.Image,
        };
        if (mark.TakesBack)
        {
            labels[TakesBack] = "true";
        }
        return labels;
    }
}
