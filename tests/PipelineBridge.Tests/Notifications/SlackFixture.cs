using System.Text.Json.Nodes;
using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Notifications;
using PipelineBridge.Notifications.Chat;
using PipelineBridge.Simulators;
using PipelineBridge.Simulators.Slack;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Notifications;

/// <summary>A workspace, and works for the target <c>team</c> in it; a second of theirs is ten milliseconds.</summary>
public sealed class SlackFixture : IAsyncDisposable
{
    readonly List<HttpClient> clients = [];

    SlackFixture() => Born = Time.GetUtcNow().ToUnixTimeMilliseconds();

    internal FastTime Time { get; } = new(100);

    // All works of a thread have the birth of the thread's request.
    long Born { get; }

    internal RecordingBridge Bridge { get; } = new();

    public SlackSimulator Slack { get; private set; } = null!;

    public static SlackPerson Ada { get; } = new("Ada", "ada@example.org");

    public static async Task<SlackFixture> Start(int? editWindowSeconds = null, bool limitsRate = false)
    {
        var fixture = new SlackFixture();
        fixture.Slack = await SlackSimulator.Start(
            new SlackSimulatorOptions
            {
                Time = fixture.Time,
                Announce = _ => { },
                Bots = [new("xoxb-one", "one"), new("xoxb-two", "two")],
                Channels = ["deploys", "other"],
                ForeignChannels = ["private"],
                People = [Ada],
                LimitsRate = limitsRate,
                EditWindowSeconds = editWindowSeconds,
            },
            TestContext.Current.CancellationToken);
        return fixture;
    }

    public NotificationHandler Handler(string channel = "#deploys", string? token = "xoxb-one", Uri? url = null, TimeSpan? timeout = null)
    {
        var http = new HttpClient { Timeout = timeout ?? TimeSpan.FromSeconds(60) };
        clients.Add(http);
        return new NotificationHandler(new SlackChat(new SlackTargetOptions("team", url ?? Slack.ApiUrl, channel, () => token), http), Time);
    }

    public static NotificationRequested Word(int revision, string? handle = null) => new()
    {
        Target = "team",
        Thread = "d-81c0",
        Mood = NotificationMood.Moving,
        Title = "portal → prod",
        Text = $"rolling out 412, {revision} of 3 healthy",
        Links = [new NotificationLink("timeline", "https://bridge.internal/d-81c0")],
        Handle = handle,
        Revision = revision,
    };

    public WorkItem Work(NotificationRequested word, int attempts = 1, TimeSpan bornLater = default)
    {
        var id = EventId.Derive(Born + (long)bornLater.TotalMilliseconds, "test", word.Thread, $"{word.Revision}");
        return new WorkItem(
            new CdEvent
            {
                Id = id.ToString(),
                Source = CdEvent.OurSource + "bridge",
                Type = EventTypes.Of(word).Name,
                Time = Time.GetUtcNow(),
                SubjectId = $"{word.Target}/{word.Thread}",
                Content = word,
                Custom = new CustomData { App = "portal", Environment = "prod", RequestId = "d-81c0" },
            },
            attempts, "notifications", Time);
    }

    public async Task<CdEvent> Tell(NotificationRequested word, NotificationHandler? handler = null, int attempts = 1) =>
        (await (handler ?? Handler()).Handle(Work(word, attempts), Bridge, TestContext.Current.CancellationToken)).Should().ContainSingle().Subject;

    /// <summary>Tells it, expects the good end, and gives the handle.</summary>
    public async Task<string> Delivered(NotificationRequested word, NotificationHandler? handler = null, int attempts = 1)
    {
        var end = await Tell(word, handler, attempts);
        return end.Content.Should().BeOfType<NotificationDelivered>(end.Custom?.Cause).Which.Handle!;
    }

    public async Task<WorkEnded> Failed(NotificationRequested word, string causeHas, NotificationHandler? handler = null)
    {
        var end = await Tell(word, handler);
        var ended = end.Content.Should().BeOfType<WorkEnded>().Subject;
        ended.Result.Should().Be(WorkResult.Failed);
        end.Custom!.Category.Should().Be(FailureCategory.Notification);
        end.Custom.Cause.Should().Contain("target team").And.Contain(causeHas).And.NotContain("xoxb-");
        return ended;
    }

    public SlackMessage OnlyMessage() => Slack.Messages("deploys").Should().ContainSingle().Subject;

    public int Calls(string method) => Slack.Log.Requests.Count(request => request.Path == $"/api/{method}");

    public void Lose(string method) => Slack.Faults.Add(new Fault { PathPrefix = $"/api/{method}", LoseAnswer = true });

    public void Answer(string method, string error, int times = 1) => Slack.Faults.Add(new Fault
    {
        PathPrefix = $"/api/{method}",
        Status = 200,
        Times = times,
        Body = $$"""{"ok":false,"error":"{{error}}"}""",
    });

    /// <summary>All text that a reader of the channel sees.</summary>
    public static string Shown(SlackMessage message)
    {
        var blocks = JsonNode.Parse(message.Blocks!)!.AsArray();
        return string.Join("\n", blocks.Select(block =>
            block!["text"]?["text"]?.GetValue<string>() ?? block["elements"]![0]!["text"]!.GetValue<string>()));
    }

    public async ValueTask DisposeAsync()
    {
        clients.ForEach(client => client.Dispose());
        await Slack.DisposeAsync();
    }
}
