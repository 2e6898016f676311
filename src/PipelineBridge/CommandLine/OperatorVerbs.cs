using System.CommandLine;

namespace PipelineBridge.CommandLine;

/// <summary>The verbs that talk with a bridge: for operators, and for pipelines without a plugin.</summary>
static class OperatorVerbs
{
    public static IEnumerable<Command> All(Surroundings at) =>
    [
        PushVerb.Command(at),
        TagVerb.Command(at),
        DeployVerb.Command(at),
        RollbackVerb.Command(at),
        RemoveVerb.Command(at),
        AwaitVerb.Command(at),
        CancelVerb.Command(at),
        HoldVerb.Command(at),
        StatusVerb.Command(at),
        ExplainVerb.Command(at),
        TimelineVerb.Command(at),
        NotifyVerb.Command(at),
        EventsVerb.Command(at),
        DeadLettersVerb.Command(at),
        ImagesVerb.Command(at),
        CompletionVerb.Command(at),
    ];
}
