using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Events;

public class EmittedEventTests
{
    public static TheoryData<string> Types => [.. EventTypes.All.Select(t => t.ShortName)];

    [Fact]
    public void Every_type_has_its_example() => EventExamples.ByType.Keys.Should().BeEquivalentTo(EventTypes.All.Select(t => t.ShortName));

    [Theory, MemberData(nameof(Types))]
    public void An_event_is_as_CloudEvents_CDEvents_and_our_documentation_say(string type)
    {
        Vendor.MustBeThere();
        var (full, least) = EventExamples.ByType[type];
        EventSchemas.Mistakes(CdEventWriter.Write(full)).Should().BeEmpty();
        EventSchemas.Mistakes(CdEventWriter.Write(least)).Should().BeEmpty();
    }

    [Theory, MemberData(nameof(Types))]
    public void An_event_that_is_read_and_written_again_has_the_same_bytes(string type)
    {
        var (full, least) = EventExamples.ByType[type];
        foreach (var e in new[] { full, least })
        {
            var bytes = CdEventWriter.Write(e);
            var read = CdEventReader.Read(bytes);
            Encoding.UTF8.GetString(CdEventWriter.Write(read)).Should().Be(Encoding.UTF8.GetString(bytes));
            read.Content.Should().BeOfType(e.Content.GetType());
            read.ForeignCustom.Should().BeNull();
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void The_envelope_repeats_the_event_and_the_versions_are_the_promised_ones(string type)
    {
        // The schemas take any text for a version, and do not compare envelope and data.
        var e = EventExamples.ByType[type].Full;
        var json = JsonNode.Parse(CdEventWriter.Write(e))!;
        var context = json["data"]!["context"]!;
        json["specversion"]!.GetValue<string>().Should().Be("1.0");
        context["specversion"]!.GetValue<string>().Should().Be("0.5.1");
        json["id"]!.ToJsonString().Should().Be(context["id"]!.ToJsonString());
        json["source"]!.ToJsonString().Should().Be(context["source"]!.ToJsonString());
        json["type"]!.ToJsonString().Should().Be(context["type"]!.ToJsonString());
        json["time"]!.ToJsonString().Should().Be(context["timestamp"]!.ToJsonString());
        json["subject"]!.ToJsonString().Should().Be(json["data"]!["subject"]!["id"]!.ToJsonString());
        json["datacontenttype"]!.GetValue<string>().Should().Be("application/json");
        EventId.TryParse(json["id"]!.GetValue<string>(), out _).Should().BeTrue();
        context["links"]!.ToJsonString().Should().Be($$$"""[{"linkType":"RELATION","linkKind":"CAUSE","target":{"contextId":"{{{EventExamples.Ask}}}"}}]""");
    }

    [Fact]
    public void What_is_pushed_is_told_by_a_purl_that_carries_digest_repository_and_tag() =>
        EventExamples.ByType["artifact.published"].Full.SubjectId.Should().Be(
            "pkg:oci/portal@sha256%3A9c1e04f2d2f0a6a1b5c8e3f7a9d0c4b6e8f1a3b5c7d9e0f2a4b6c8d0e2f4a6b8?repository_url=registry.internal/portal&tag=412");

    [Theory]
    [InlineData("success", true)]
    [InlineData("failure", true)]
    [InlineData("cancel", true)]
    [InlineData("error", true)]
    [InlineData("SUCCESS", false)]
    [InlineData("unstable", false)]
    public void A_build_ends_with_one_of_four_words(string outcome, bool isWord)
    {
        Vendor.MustBeThere();
        var e = EventExamples.Of(new PipelineRunFinished(Outcome: outcome), EventExamples.Everything, "portal/412");
        (EventSchemas.Mistakes(CdEventWriter.Write(e)).Count == 0).Should().Be(isWord);
    }

    [Fact]
    public void Times_in_UTC_are_written_with_a_Z_and_others_with_their_offset()
    {
        var until = new DateTimeOffset(2026, 11, 24, 18, 30, 0, TimeSpan.FromHours(1));
        var json = JsonNode.Parse(CdEventWriter.Write(EventExamples.Of(new DeploymentHeld("Freeze", until), EventExamples.Everything)))!;
        json["time"]!.GetValue<string>().Should().Be("2026-11-24T13:02:11.042Z");
        json["data"]!["context"]!["timestamp"]!.GetValue<string>().Should().Be("2026-11-24T13:02:11.042Z");
        json["data"]!["subject"]!["content"]!["until"]!.GetValue<string>().Should().Be("2026-11-24T18:30:00+01:00");
    }

    [Fact]
    public void Letters_of_all_languages_stay_readable()
    {
        var e = EventExamples.Of(new WorkEnded(WorkResult.Failed, WorkEffect.None), EventExamples.Everything with { Cause = "„Geburtsdatum“ fehlt → 生年月日" });
        Encoding.UTF8.GetString(CdEventWriter.Write(e)).Should().Contain("„Geburtsdatum“ fehlt → 生年月日");
    }

    [Fact]
    public void The_schemas_find_what_breaks_them()
    {
        Vendor.MustBeThere();
        var json = JsonNode.Parse(CdEventWriter.Write(EventExamples.ByType["deployment.progressed"].Full))!;
        json["time"] = "yesterday";
        json["source"] = "";
        json["data"]!["context"]!["timestamp"] = "yesterday";
        json["data"]!["context"]!["tenant"] = "a";
        json["data"]!["customData"]!["phases"]!["mergedSeconds"] = 1;
        json["data"]!["customData"]!["requestId"] = "d-81c0";
        json["data"]!["subject"]!["content"]!["tasks"]![0]!["zone"] = "a";
        json["data"]!["subject"]!["content"]!["tasks"]![1]!["state"] = "fine";
        var mistakes = EventSchemas.Mistakes(Encoding.UTF8.GetBytes(json.ToJsonString()));
        string[] found = ["CloudEvents /time:", "CloudEvents /source:", "CDEvents /context/timestamp:", "CDEvents /context/tenant:", "customdata.json /phases/mergedSeconds:",
            "customdata.json /requestId:", "deployment.progressed.json /tasks/0/zone:", "deployment.progressed.json /tasks/1/state:"];
        foreach (var place in found)
        {
            mistakes.Should().Contain(m => m.StartsWith(place, StringComparison.Ordinal));
        }
    }
}
