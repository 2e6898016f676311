using System.Globalization;
using System.Text.Json.Nodes;

namespace PipelineBridge.Cluster.Marathon;

/// <summary>The labels of an app by which we know what we wrote.</summary>
static class MarathonLabels
{
    public const string Request = "pipelinebridge.request";
    public const string Sequence = "pipelinebridge.sequence";
    public const string Specification = "pipelinebridge.specification";
    public const string App = "pipelinebridge.app";
    public const string Environment = "pipelinebridge.environment";

    /// <summary>The pinned image as it was written: another one in its place is somebody else's.</summary>
    public const string Image = "pipelinebridge.image";

    /// <summary>The instances as they were written, for the same reason.</summary>
    public const string Instances = "pipelinebridge.instances";

    /// <summary>The version of the app that was overwritten; absent when there was no app.</summary>
    public const string Replaced = "pipelinebridge.replaced";

    /// <summary>Present when it was written to take its request back.</summary>
    public const string TakesBack = "pipelinebridge.takesback";

    /// <summary>The mark of an app; null when nobody of ours wrote it.</summary>
    public static DeploymentMark? Mark(JsonNode? app)
    {
        var labels = app.At("labels");
        return labels.At(Request).Text() is { } request
            && long.TryParse(labels.At(Sequence).Text(), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            ? new DeploymentMark(request, sequence, labels.At(Specification).Text() ?? "", labels.At(Image).Text() ?? "", labels.At(TakesBack) is not null)
            : null;
    }
}
