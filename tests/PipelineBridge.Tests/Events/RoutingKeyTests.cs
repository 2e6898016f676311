using System.Text;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Events;

public class RoutingKeyTests
{
    static string KeyOf(IEventContent content, string app, string? environment) =>
        EventExamples.Of(content, new CustomData { App = app, Environment = environment }).RoutingKey;

    [Fact]
    public void It_is_subject_predicate_app_and_environment() =>
        KeyOf(new DeploymentRefused(), "portal", "prod").Should().Be("deployment.refused.portal.prod");

    [Fact]
    public void A_standard_type_and_one_of_ours_look_alike() =>
        KeyOf(new ServiceRemoved(), "patient-portal", "prod-eu").Should().Be("service.removed.patient-portal.prod-eu");

    [Fact]
    public void A_dash_stands_where_there_is_no_environment() =>
        KeyOf(new ArtifactPublished(), "portal", null).Should().Be("artifact.published.portal.-");

    [Theory]
    [InlineData("dev.cdevents.testsuiterun.finished.0.2.0", "testsuiterun.finished.-.-")]
    [InlineData("dev.cdevents.service.deployed.0.3.0", "service.deployed.-.-")]
    [InlineData("dev.cdeventsx.mytool-resource.created.0.1.0", "mytool-resource.created.-.-")]
    public void A_foreign_event_has_neither_app_nor_environment(string type, string key)
    {
        var content = type.Contains("service", StringComparison.Ordinal) ? """{"environment":{"id":"e"},"artifactId":"pkg:oci/a@1"}""" : "{}";
        var json = $$$"""
            {"specversion":"1.0","id":"1","source":"/jenkins","type":"{{{type}}}","data":{
             "context":{"specversion":"0.5.1","id":"1","source":"/jenkins","type":"{{{type}}}","timestamp":"2026-11-24T13:02:11Z"},
             "subject":{"id":"s","content":{{{content}}} },"customData":{"app":"portal","environment":"prod"} }}
            """;
        CdEventReader.Read(Encoding.UTF8.GetBytes(json)).RoutingKey.Should().Be(key, "nobody has checked what a foreign event says of an app");
    }
}
