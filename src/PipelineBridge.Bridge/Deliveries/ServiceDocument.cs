using System.Text.Json.Serialization;
using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Deliveries;

/// <summary>A cell of the matrix: what an app serves in an environment, and what is newer and not there.</summary>
public sealed record ServiceDocument
{
    /// <summary>The app.</summary>
    public required string App { get; init; }

    /// <summary>The environment.</summary>
    public required string Environment { get; init; }

    /// <summary><c>live</c>, <c>moving</c>, <c>waiting</c>, <c>held</c>, <c>none</c>: the first look. That a newer one failed or was refused changes nothing of what serves, and stands in <see cref="Newer"/>.</summary>
    public required string State { get; init; }

    /// <summary>What serves, with digest.</summary>
    public string? Image { get; init; }

    /// <summary>Since when.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The request that brought it; a later one that found it live already did not.</summary>
    public string? RequestId { get; init; }

    /// <summary>The newest request that is not what serves: it moves, waits or did not succeed.</summary>
    public RequestDocument? Newer { get; init; }

    /// <summary>The hold, when there is one.</summary>
    public Hold? Hold { get; init; }

    /// <summary>Whether something serves, whatever is newer: <c>live</c> or <c>none</c>.</summary>
    [JsonIgnore]
    public string Serves => Image is null ? "none" : "live";

    /// <summary>The cell after a decision about its lane.</summary>
    /// <param name="before">The cell before.</param>
    /// <param name="lane">The lane after the decision.</param>
    /// <param name="moved">The documents that moved.</param>
    public static ServiceDocument After(ServiceDocument? before, DeploymentLane lane, IEnumerable<RequestDocument> moved)
    {
        var cell = before ?? new ServiceDocument { App = lane.App, Environment = lane.Environment, State = "none" };
        var newer = cell.Newer;
        foreach (var document in moved.OrderBy(d => d.Sequence))
        {
            if (document.State == RequestState.Succeeded)
            {
                cell = document.Kind == "removal" ? cell with { Image = null, Since = null, RequestId = null }
                    // It changed nothing: what serves was brought by the one before it.
                    : document.AlreadyLive == true && cell.RequestId is not null && IsSame(cell.Image, document.Image) ? cell with { Image = document.Image }
                    : cell with { Image = document.Image, Since = document.EndedAt, RequestId = document.Id };
                newer = newer is not null && newer.Sequence > document.Sequence ? newer : null;
            }
            else if (newer is null || document.Sequence >= newer.Sequence)
            {
                newer = document.State is RequestState.Superseded or RequestState.Cancelled ? (newer?.Id == document.Id ? null : newer) : document;
            }
        }
        var state = newer switch
        {
            { State: RequestState.Running } => "moving",
            { State: RequestState.Waiting or RequestState.Accepted } => lane.Hold is null ? "waiting" : "held",
            _ => lane.Hold is not null ? "held" : cell.Serves,
        };
        return cell with { State = state, Newer = newer, Hold = lane.Hold };
    }

    /// <summary>Whether both name one image, whatever its tag.</summary>
    internal static bool IsSame(string? a, string? b) =>
        a is not null && b is not null && (a == b || (ImageReference.Parse(a).Digest is { } digest && digest == ImageReference.Parse(b).Digest));
}

/// <summary>The deployments that wait for one push.</summary>
/// <param name="Deployments">Each with its app, environment and the id of its ask.</param>
public sealed record Waiters(IReadOnlyList<Waiter> Deployments);

/// <summary>A deployment that waits for a push.</summary>
public sealed record Waiter(string App, string Environment, string AskId);
