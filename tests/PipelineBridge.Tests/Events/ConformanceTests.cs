using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FluentAssertions.Execution;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Events;

/// <summary>CDEvents' own samples: what others send is read, and written back unchanged in meaning.</summary>
public class ConformanceTests
{
    static IReadOnlyList<(string Name, string Json)> Samples()
    {
        Vendor.MustBeThere();
        return
        [
            .. Directory.EnumerateFiles(Vendor.PathOf(Vendor.CdEvents, "conformance"), "*.json").Append(Vendor.PathOf(Vendor.CdEvents, "custom", "conformance.json"))
                .Order(StringComparer.Ordinal).Select(f => (Path.GetFileName(f), File.ReadAllText(f))),
        ];
    }

    static string InEnvelope(string sample)
    {
        var data = JsonNode.Parse(sample)!;
        var context = data["context"]!;
        return new JsonObject
        {
            ["specversion"] = "1.0",
            ["id"] = context["id"]!.DeepClone(),
            ["source"] = context["source"]!.DeepClone(),
            ["type"] = context["type"]!.DeepClone(),
            ["subject"] = data["subject"]!["id"]!.DeepClone(),
            ["time"] = context["timestamp"]!.DeepClone(),
            ["datacontenttype"] = "application/json",
            ["data"] = data,
        }.ToJsonString();
    }

    [Fact]
    public void All_45_samples_and_the_custom_one_are_there() => Samples().Should().HaveCount(46);

    [Fact]
    public void Each_is_read_and_written_back_unchanged_in_meaning()
    {
        using var scope = new AssertionScope();
        foreach (var (name, json) in Samples())
        {
            var written = Encoding.UTF8.GetString(CdEventWriter.WriteDataOnly(CdEventReader.ReadData(Encoding.UTF8.GetBytes(json))));
            JsonNode.DeepEquals(JsonNode.Parse(written), JsonNode.Parse(json)).Should().BeTrue("{0} became {1}", name, written);
        }
    }

    [Fact]
    public void So_is_each_as_a_CloudEvent()
    {
        using var scope = new AssertionScope();
        foreach (var (name, json) in Samples())
        {
            var envelope = InEnvelope(json);
            var written = Encoding.UTF8.GetString(CdEventWriter.Write(CdEventReader.Read(Encoding.UTF8.GetBytes(envelope))));
            JsonNode.DeepEquals(JsonNode.Parse(written), JsonNode.Parse(envelope)).Should().BeTrue("{0} became {1}", name, written);
        }
    }

    [Fact]
    public void Each_satisfies_the_schema_by_which_our_own_events_are_judged()
    {
        using var scope = new AssertionScope();
        foreach (var (name, json) in Samples())
        {
            using var document = JsonDocument.Parse(json);
            EventSchemas.CdEventMistakes(document.RootElement).Should().BeEmpty("{0} is CDEvents' own", name);
        }
    }

    [Fact]
    public void Types_of_our_vocabulary_are_read_into_their_records_and_others_are_kept_as_they_came()
    {
        var read = Samples().Select(s => CdEventReader.ReadData(Encoding.UTF8.GetBytes(s.Json))).ToList();
        read.Where(e => e.Content is not ForeignContent).Select(e => e.Type).Should().BeEquivalentTo(
            EventTypes.All.Where(t => !t.IsOurs).Select(t => t.Name), "there is a sample of each standard type that we speak");
        read.Should().OnlyContain(e => e.Custom == null, "customData of others is not ours");
    }
}
