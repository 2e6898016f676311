using Microsoft.AspNetCore.Routing;
using PipelineBridge.Bridge.Asks;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Http;
using PipelineBridge.Bridge.Security;
using PipelineBridge.Events;

namespace PipelineBridge.Bridge.Builds;

/// <summary>What a build server says of a build: it waits, runs, or ended.</summary>
public sealed record BuildReport(string? App, string? Job, int? Number, string? Url, string? Repository, string? Branch, string? Commit, string? Title, string? Author,
    string? State, string? Outcome, string? ChainId = null, BuildField? Build = null, string? By = null) : IAskFields;

/// <summary><c>POST /v1/builds</c>.</summary>
static class BuildEndpoints
{
    static readonly string[] States = ["queued", "started", "finished"];

    // CDEvents, pipelinerun.finished: the words of its outcome.
    static readonly string[] Outcomes = ["success", "failure", "cancel", "error"];

    public static void MapBuilds(this IEndpointRouteBuilder app) => app.MapWrite("POST", "/v1/builds", Report, HttpJson.Default.BuildReport, "Report a build");

    static Task Report(WriteCall<BuildReport> call)
    {
        var report = call.Body;
        var checks = new FieldChecks(call.Caller.Demand(Verb.Build));
        checks.App(report.App, call.Options);
        checks.Common(report);
        checks.Text("job", report.Job, 512);
        checks.Text("title", report.Title, 512);
        checks.Text("author", report.Author, 256);
        Required(checks, "job", report.Job);
        Required(checks, "url", report.Url);
        if (report.Number is null or < 1)
        {
            checks.Add("number", report.Number?.ToString(System.Globalization.CultureInfo.InvariantCulture), "it must be the build's number, from 1.");
        }
        if (!States.Contains(report.State))
        {
            checks.Add("state", report.State, "it must be queued, started or finished.");
        }
        if (report.State == "finished" ? !Outcomes.Contains(report.Outcome) : report.Outcome is not null)
        {
            checks.Add("outcome", report.Outcome, "a finished build has the outcome success, failure, cancel or error; one that is not finished has none.");
        }
        if (report.Url is { } url && !Uri.TryCreate(url, UriKind.Absolute, out _))
        {
            checks.Add("url", url, "it is no URL, e.g. https://jenkins.internal/job/portal/412/.");
        }
        checks.Throw();
        call.Caller.Demand(Verb.Build, report.App);
        IEventContent content = report.State switch
        {
            "queued" => new PipelineRunQueued(report.Job, report.Url),
            "started" => new PipelineRunStarted(report.Job!, report.Url!),
            _ => new PipelineRunFinished(report.Job, report.Url, report.Outcome),
        };
        return call.Accept(new Ask
        {
            Kind = RequestId.Fact,
            App = report.App!,
            Content = _ => content,
            Subject = $"{report.Job}/{report.Number}",
            Links = report.Commit is null ? null : [new EventLink("RELATION", Deciders.CommitLink, new LinkEnd(report.Commit))],
            Fields = report with { By = report.Author ?? report.By, Build = new BuildField(report.Url, report.Number, report.Job) },
        });
    }

    static void Required(FieldChecks checks, string field, string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            checks.Add(field, value, "it is missing.");
        }
    }
}
