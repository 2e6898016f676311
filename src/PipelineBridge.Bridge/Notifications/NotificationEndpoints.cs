using Microsoft.AspNetCore.Routing;
using PipelineBridge.Bridge.Asks;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Notifications;

/// <summary>A message of a pipeline's own for one target.</summary>
public sealed record NotificationAsk(string? App, string? Environment, string? Target, string? Title, string? Text, string? Mood,
    string? ChainId = null, BuildField? Build = null, string? By = null) : IAskFields;

/// <summary><c>POST /v1/notifications</c>.</summary>
static class NotificationEndpoints
{
    static readonly string[] Moods = [NotificationMood.Moving, NotificationMood.Good, NotificationMood.Bad, NotificationMood.Quiet];

    public static void MapNotifications(this IEndpointRouteBuilder app) =>
        app.MapWrite("POST", "/v1/notifications", Notify, HttpJson.Default.NotificationAsk, "Tell a target");

    static Task Notify(WriteCall<NotificationAsk> call)
    {
        var ask = call.Body;
        var checks = new FieldChecks(call.Caller.Demand(Verb.Notify));
        checks.App(ask.App, call.Options);
        checks.Common(ask);
        checks.Text("title", ask.Title ?? "", 256);
        checks.Text("text", ask.Text, 3000);
        if (ask.Environment is not null)
        {
            checks.Environment(ask.Environment, ask.App, call.Options);
        }
        if (ask.Target is null || !call.Options.Targets.Contains(ask.Target))
        {
            checks.Add("target", ask.Target, $"it is no target of bridge.yaml. {FieldChecks.Known(call.Options.Targets)}");
        }
        if (ask.Mood is { } mood && !Moods.Contains(mood))
        {
            checks.Add("mood", mood, $"it must be one of {string.Join(", ", Moods)}.");
        }
        checks.Throw();
        call.Caller.Demand(Verb.Notify, ask.App);
        return call.Accept(new Ask
        {
            Kind = RequestId.Notification,
            App = ask.App!,
            Environment = ask.Environment,
            Content = name => new NotificationRequested
            {
                Target = ask.Target!,
                Thread = name.ToString(),
                Mood = ask.Mood ?? NotificationMood.Quiet,
                Title = ask.Title!,
                Text = ask.Text,
                Links = ask.Build?.Url is { } log ? [new NotificationLink("log", log)] : null,
                Revision = 1,
            },
            Subject = $"{ask.Target}/{ask.App}",
            Fields = ask,
        });
    }
}
