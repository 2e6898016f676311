using PipelineBridge.Bridge;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Tests.Bridge.Deliveries;

public class ImageDeciderTests
{
    readonly Dictionary<string, TagLane> lanes = new(StringComparer.Ordinal);
    readonly Dictionary<long, RequestDocument> documents = [];
    readonly Dictionary<long, CdEvent> asks = [];
    readonly List<Opened> opened = [];
    readonly List<CdEvent> events = [];
    readonly DeciderContext context = new(DateTimeOffset.UnixEpoch.AddDays(1), new BridgeOptions { Url = "https://bridge", Keys = [], Environments = new Dictionary<string, EnvironmentOptions>() });

    [Fact]
    public void A_push_is_its_own_work_and_is_given_at_once()
    {
        Push(1, "registry.internal/portal:412", "latest");

        opened.Should().Equal(new Opened(1, "registry.push", "registry.internal/portal"));
        documents[1].State.Should().Be(RequestState.Running);
    }

    [Fact]
    public void Two_asks_that_set_the_same_tag_go_one_after_the_other()
    {
        Push(1, "registry.internal/portal:412", "latest");
        Push(2, "registry.internal/portal:413", "latest");

        opened.Should().ContainSingle();
        documents[2].State.Should().Be(RequestState.Waiting);
        documents[2].WaitingFor.Should().Contain(documents[1].Id);

        Done(1);

        opened.Should().HaveCount(2);
        documents[1].State.Should().Be(RequestState.Succeeded);
        documents[2].State.Should().Be(RequestState.Running);
    }

    [Fact]
    public void Asks_of_one_repository_with_other_tags_do_not_wait_for_each_other()
    {
        Push(1, "registry.internal/portal:412");
        Push(2, "registry.internal/portal:413");

        opened.Should().HaveCount(2);
    }

    [Fact]
    public void One_that_shares_tags_with_two_others_waits_for_both()
    {
        Push(1, "registry.internal/portal:a");
        Push(2, "registry.internal/portal:b");
        Tag(3, "registry.internal/portal:x", "a", "b");

        Done(1);
        opened.Should().HaveCount(2);

        Done(2);
        opened.Select(o => o.Sequence).Should().Equal(1, 2, 3);
    }

    [Fact]
    public void A_failed_push_lets_the_next_one_go_and_moves_no_tag()
    {
        Push(1, "registry.internal/portal:412", "latest");
        Push(2, "registry.internal/portal:413", "latest");
        Happened(1, Item(1).Ended(WorkResult.Failed, WorkEffect.None, FailureCategory.Registry, "The registry does not answer."));

        documents[1].State.Should().Be(RequestState.Failed);
        documents[1].Category.Should().Be(FailureCategory.Registry);
        documents[2].State.Should().Be(RequestState.Running);
        lanes[TagLane.Key("registry.internal/portal", "latest")].NewestSet.Should().Be(0);
    }

    [Fact]
    public void An_older_ask_never_moves_a_tag_back()
    {
        Push(5, "registry.internal/portal:413", "latest");
        Done(5);

        // The replay of an ask from before: a new event with the old order.
        Asked(6, 3, new ImagePushRequested("registry.internal/portal:412", ["latest"], PushSource.Registry));

        opened.Should().ContainSingle();
        events.Should().ContainSingle().Which.Read<WorkEnded>().Result.Should().Be(WorkResult.Superseded);
    }

    [Fact]
    public void An_older_ask_that_waits_behind_a_newer_one_never_moves_its_tag_back_either()
    {
        Push(5, "registry.internal/portal:413", "latest");
        Asked(6, 3, new ImagePushRequested("registry.internal/portal:412", ["latest"], PushSource.Registry));
        Push(7, "registry.internal/portal:414", "latest");

        Done(5);

        opened.Should().ContainSingle("the older one is not given");
        events.Should().ContainSingle().Which.Custom!.RequestId.Should().Be(documents[6].Id);

        Happened(6, events[0]);
        documents[6].State.Should().Be(RequestState.Superseded);
        opened.Select(o => o.Sequence).Should().Equal(5, 7);
    }

    [Fact]
    public void A_deferral_says_what_it_waits_for()
    {
        Push(1, "registry.internal/portal:412");
        Happened(1, Item(1).Deferred(DateTimeOffset.UnixEpoch.AddHours(1), FailureCategory.Registry, "The registry does not answer."));

        documents[1].State.Should().Be(RequestState.Running);
        documents[1].WaitingFor.Should().Contain("The registry does not answer.");
    }

    void Push(long sequence, string image, params string[] tags) => Asked(sequence, sequence, new ImagePushRequested(image, tags, PushSource.Registry));

    void Tag(long sequence, string from, params string[] tags) => Asked(sequence, sequence, new ImageTagRequested(from, tags));

    void Asked(long sequence, long order, IEventContent content)
    {
        var id = EventId.Derive(1000, "test", sequence.ToString(System.Globalization.CultureInfo.InvariantCulture));
        var ask = new CdEvent
        {
            Id = id.ToString(),
            Source = "/pipelinebridge/bridge",
            Type = EventTypes.Of(content).Name,
            Time = context.Now,
            ChainId = id.Then("chain").ToString(),
            SubjectId = "portal",
            Content = content,
            Custom = new CustomData { App = "portal", RequestId = new RequestId(content is ImagePushRequested ? 'p' : 't', id).ToString() },
        };
        asks[sequence] = ask;
        Take(ImageDecider.Asked(State(), ask, sequence, order, context));
    }

    void Done(long sequence) => Happened(sequence, Item(sequence).Done(new ArtifactPublished(), with: c => c with { Image = "registry.internal/portal:412@" + LaneStory.Digest1 }));

    void Happened(long sequence, CdEvent e) => Take(ImageDecider.Happened(State(), e, sequence, context));

    WorkItem Item(long sequence) => new(asks[sequence], 1, "registry", TimeProvider.System);

    ImageState State() => new(k => lanes.GetValueOrDefault(k), s => documents.GetValueOrDefault(s));

    void Take(Decision<ImageState> decision)
    {
        foreach (var (key, lane) in decision.State.Changed)
        {
            lanes[key] = lane;
        }
        foreach (var document in decision.Documents.Values)
        {
            documents[document.Sequence] = document;
        }
        opened.AddRange(decision.Opened);
        events.AddRange(decision.Events.Select(e => e.Event));
    }
}
