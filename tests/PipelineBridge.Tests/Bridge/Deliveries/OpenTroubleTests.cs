using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Bridge.Deliveries;

public class OpenTroubleTests
{
    static readonly DateTimeOffset Now = new(2026, 11, 24, 13, 2, 11, TimeSpan.Zero);

    [Fact]
    public void An_incident_is_open_until_it_is_resolved_by_its_own_subject()
    {
        var open = OpenIncidents.None.After(Detected("prod/portal/drift/1", "It was changed.")).After(Detected("prod/portal/service/1", "It crashes."));
        open.Incidents.Select(i => i.Cause).Should().Equal("It was changed.", "It crashes.");
        open.After(Resolved("prod/portal/drift/1")).Incidents.Select(i => i.Cause).Should().Equal("It crashes.");
        open.After(Resolved("prod/portal/drift/2")).Should().BeSameAs(open);
    }

    [Fact]
    public void A_watcher_that_was_started_again_tells_the_same_trouble_once() =>
        OpenIncidents.None.After(Detected("prod/portal/service/1", "It crashes.")).After(Detected("prod/portal/service/2", "It crashes again.")).Incidents
            .Should().ContainSingle().Which.Cause.Should().Be("It crashes again.");

    [Fact]
    public void A_good_deployment_ends_the_trouble_of_its_app_in_its_environment_but_not_old_tasks_that_stay()
    {
        var open = new[] { "prod/portal/service/1", "prod/portal/retirement/1", "test/portal/service/1", "prod/billing/service/1" }.Aggregate(OpenIncidents.None, (o, s) => o.After(Detected(s, s)));
        open.After(Event(new DeploymentSucceeded(), "prod/portal", "prod", "portal")).Incidents.Select(i => i.Subject)
            .Should().Equal("prod/portal/retirement/1", "test/portal/service/1", "prod/billing/service/1");
        open.After(Event(new DeploymentFailed(WorkEffect.None, null), "prod/portal", "prod", "portal")).Should().BeSameAs(open);
    }

    [Fact]
    public void A_cluster_that_shows_or_brings_about_something_in_an_environment_answers_there_again()
    {
        var open = new[] { "prod/-/cluster/1", "test/-/cluster/1", "prod/billing/service/1" }.Aggregate(OpenIncidents.None, (o, s) => o.After(Detected(s, s)));
        open.After(Event(new EndpointsChanged("main", []), "prod/portal", "prod", "portal")).Incidents.Select(i => i.Subject).Should().Equal("test/-/cluster/1", "prod/billing/service/1");
        open.After(Event(new DeploymentSucceeded(), "prod/portal", "prod", "portal")).Incidents.Select(i => i.Subject).Should().Equal("test/-/cluster/1", "prod/billing/service/1");
        open.After(Event(new EndpointsChanged("main", []), "other/portal", "other", "portal")).Should().BeSameAs(open);
    }

    [Fact]
    public void No_more_are_kept_than_somebody_reads() =>
        Enumerable.Range(0, OpenIncidents.Most + 5).Aggregate(OpenIncidents.None, (o, n) => o.After(Detected($"prod/app-{n}/service/1", "x"))).Incidents
            .Should().HaveCount(OpenIncidents.Most).And.NotContain(i => i.Subject == "prod/app-4/service/1").And.Contain(i => i.Subject == "prod/app-5/service/1");

    [Fact]
    public void A_target_refuses_from_its_first_lost_message_until_one_arrives()
    {
        var first = TargetRefusal.After(null, "team", Failed("channel_not_found"));
        first.Should().Be(new TargetRefusal("team", Now, 1, "channel_not_found"));
        var second = TargetRefusal.After(first, "team", Failed("not_in_channel") with { Time = Now.AddHours(1) });
        second.Should().Be(new TargetRefusal("team", Now, 2, "not_in_channel"));
        TargetRefusal.After(second, "team", Event(new WorkDeferred(Now), "x", "prod", "portal")).Should().BeSameAs(second);
        TargetRefusal.After(second, "team", Event(new NotificationDelivered("team", "1"), "x", "prod", "portal")).Should().BeNull();
    }

    static CdEvent Failed(string cause)
    {
        var e = Event(new WorkEnded(WorkResult.Failed, WorkEffect.None), "x", "prod", "portal");
        return e with { Custom = e.Custom! with { Cause = cause } };
    }

    static CdEvent Detected(string subject, string cause)
    {
        var parts = subject.Split('/');
        return Event(new IncidentDetected(new Reference(parts[0]), cause), subject, parts[0], parts[1]);
    }

    static CdEvent Resolved(string subject) => Event(new IncidentResolved(new Reference("prod")), subject, "prod", "portal");

    static CdEvent Event(IEventContent content, string subject, string environment, string app) => new()
    {
        Id = EventId.Random(1).ToString(),
        Source = "/pipelinebridge/cluster",
        Type = EventTypes.Of(content).Name,
        Time = Now,
        SubjectId = subject,
        Content = content,
        Custom = new CustomData { App = app, Environment = environment },
    };
}
