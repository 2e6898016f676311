using PipelineBridge.Events;

namespace PipelineBridge.Tests.Events;

public class VocabularyTests
{
    [Fact]
    public void Names_and_roles_stay_as_they_are()
    {
        // A format: subscribers bind these words. A change of meaning is a new version of the type beside the old one.
        EventTypes.All.Select(t => $"{t.Role} {t.Name}").Should().Equal(
            "Fact dev.cdevents.pipelinerun.queued.0.3.0",
            "Fact dev.cdevents.pipelinerun.started.0.3.0",
            "Fact dev.cdevents.pipelinerun.finished.0.3.0",
            "Work dev.cdeventsx.pipelinebridge-image.pushrequested.0.1.0",
            "Observation dev.cdeventsx.pipelinebridge-image.progressed.0.1.0",
            "Work dev.cdeventsx.pipelinebridge-image.tagrequested.0.1.0",
            "Work dev.cdeventsx.pipelinebridge-image.resolverequested.0.1.0",
            "End dev.cdeventsx.pipelinebridge-image.resolved.0.1.0",
            "End dev.cdevents.artifact.published.0.3.0",
            "Ask dev.cdeventsx.pipelinebridge-deployment.requested.0.1.0",
            "Work dev.cdeventsx.pipelinebridge-deployment.rolloutrequested.0.1.0",
            "Work dev.cdeventsx.pipelinebridge-deployment.cancelrequested.0.1.0",
            "Work dev.cdeventsx.pipelinebridge-deployment.retirerequested.0.1.0",
            "Observation dev.cdeventsx.pipelinebridge-deployment.started.0.1.0",
            "Observation dev.cdeventsx.pipelinebridge-deployment.progressed.0.1.0",
            "End dev.cdevents.service.deployed.0.3.0",
            "End dev.cdevents.service.upgraded.0.3.0",
            "Fact dev.cdevents.service.rolledback.0.3.0",
            "End dev.cdevents.service.removed.0.3.0",
            "End dev.cdeventsx.pipelinebridge-deployment.retired.0.1.0",
            "End dev.cdeventsx.pipelinebridge-work.ended.0.1.0",
            "Observation dev.cdeventsx.pipelinebridge-work.deferred.0.1.0",
            "End dev.cdeventsx.pipelinebridge-deployment.succeeded.0.1.0",
            "End dev.cdeventsx.pipelinebridge-deployment.failed.0.1.0",
            "End dev.cdeventsx.pipelinebridge-deployment.superseded.0.1.0",
            "End dev.cdeventsx.pipelinebridge-deployment.refused.0.1.0",
            "End dev.cdeventsx.pipelinebridge-deployment.cancelled.0.1.0",
            "Fact dev.cdeventsx.pipelinebridge-deployment.held.0.1.0",
            "Fact dev.cdeventsx.pipelinebridge-deployment.holdlifted.0.1.0",
            "Observation dev.cdeventsx.pipelinebridge-endpoints.changed.0.1.0",
            "Observation dev.cdevents.incident.detected.0.3.0",
            "Observation dev.cdevents.incident.resolved.0.3.0",
            "Work dev.cdeventsx.pipelinebridge-notification.requested.0.1.0",
            "End dev.cdeventsx.pipelinebridge-notification.delivered.0.1.0");
        CdEvent.CdEventsVersion.Should().Be("0.5.1");
        CdEvent.ContentTypeHeader.Should().Be("application/cloudevents+json; charset=utf-8");
    }

    [Fact]
    public void Short_names_name_one_type_each() => EventTypes.All.Select(t => t.ShortName).Should().OnlyHaveUniqueItems();

    [Fact]
    public void A_record_finds_its_type_and_a_name_too()
    {
        EventTypes.Of<ServiceDeployed>().Name.Should().Be("dev.cdevents.service.deployed.0.3.0");
        EventTypes.Of(new DeploymentRefused()).ShortName.Should().Be("deployment.refused");
        EventTypes.Find("dev.cdevents.service.deployed.0.3.0")!.ContentType.Should().Be<ServiceDeployed>();
        EventTypes.Find("dev.cdevents.service.deployed.0.2.0").Should().BeNull("an older version has another content");
    }

    [Fact]
    public void An_event_of_another_type_is_not_read_as_this_one() =>
        EventExamples.ByType["deployment.refused"].Full.Invoking(e => e.Read<ServiceDeployed>()).Should().Throw<InvalidOperationException>()
            .WithMessage("*is a dev.cdeventsx.pipelinebridge-deployment.refused.0.1.0, not a dev.cdevents.service.deployed.0.3.0.");
}
