using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using PipelineBridge.Events;
using PipelineBridge.Tests.Bridge;
using PipelineBridge.Tests.Events;

namespace PipelineBridge.Tests.Docs;

/// <summary>What docs/events.md shows is what is written, and its tables are complete.</summary>
public partial class EventsDocTests
{
    static readonly string Doc = File.ReadAllText(Repository.PathOf("docs", "events.md"));

    static byte[] Example => Encoding.UTF8.GetBytes(JsonBlock().Matches(Doc).Should().ContainSingle().Subject.Groups[1].Value);

    static string Section(string heading) => Doc.Split("\n## ").Single(s => s.StartsWith(heading + "\n", StringComparison.Ordinal));

    [Fact]
    public void The_example_is_an_event_as_we_write_it()
    {
        Vendor.MustBeThere();
        EventSchemas.Mistakes(Example).Should().BeEmpty();
        var written = CdEventWriter.Write(CdEventReader.Read(Example));
        JsonNode.DeepEquals(JsonNode.Parse(written), JsonNode.Parse(Example)).Should().BeTrue("it became {0}", Encoding.UTF8.GetString(written));
    }

    [Fact]
    public void The_ids_of_the_example_follow_from_one_another_as_the_text_says()
    {
        var e = CdEventReader.Read(Example);
        var ask = EventId.Parse(e.Links!.Single().Target!.ContextId);
        e.Id.Should().Be(ask.Then("end").ToString());
        e.ChainId.Should().Be(ask.Then("chain").ToString());
        e.Custom!.RequestId.Should().Be(new RequestId(RequestId.Deployment, ask).ToString());
        e.RoutingKey.Should().Be("deployment.failed.portal.prod");
        foreach (var key in new[] { e.RoutingKey, e.Custom.RequestId![..6], ImageReference.Parse(e.Custom.Image!).Purl.Replace(e.Custom.Image![^60..], "…", StringComparison.Ordinal) })
        {
            Doc.Should().Contain($"`{key}`");
        }
    }

    [Fact]
    public void The_table_has_each_type_with_version_role_and_schema()
    {
        var rows = TypeRow().Matches(Section("Types")).Select(m => (Name: m.Groups["name"].Value, Schema: m.Groups["schema"].Value, Version: m.Groups["version"].Value, Role: m.Groups["role"].Value));
        rows.Should().Equal(EventTypes.All.Select(t => (
            t.ShortName,
            t.IsOurs ? $"schemas/{t.ShortName}.json" : "",
            t.Name[((t.IsOurs ? EventTypes.OurPrefix : EventTypes.StandardPrefix).Length + t.ShortName.Length + 1)..],
            t.Role.ToString().ToLowerInvariant())));
    }

    [Fact]
    public void What_the_table_says_stages_say_is_what_a_stage_may_write() =>
        TypeRow().Matches(Section("Types")).Where(m => m.Groups["by"].Value != "bridge").Select(m => m.Groups["name"].Value)
            .Should().Equal(EventTypes.All.Where(t => t.FromStage).Select(t => t.ShortName));

    [Fact]
    public void The_table_of_customData_has_each_field_and_each_category()
    {
        var section = Section("customData");
        var fields = Row().Matches(section).SelectMany(m => Code().Matches(m.Groups[1].Value)).Select(m => m.Groups[1].Value);
        fields.Should().BeEquivalentTo(OwnSchemas.Properties(OwnSchemas.Read("customdata")).Select(p => p.Path).Where(p => !p.Contains('.', StringComparison.Ordinal)));
        var categories = Row().Matches(section).Single(m => m.Groups[1].Value == "`category`").Groups[2].Value.Split(';')[0];
        Code().Matches(categories).Select(m => m.Groups[1].Value).Should().Equal(OwnSchemas.Words(OwnSchemas.Read("customdata")["properties"]!["category"]!.AsObject()));
    }

    [Fact]
    public void Its_links_lead_somewhere() =>
        Links().Matches(Doc).Select(m => m.Groups[1].Value).Where(f => !File.Exists(Repository.PathOf("docs", f))).Should().BeEmpty();

    [Fact]
    public async Task The_call_that_is_shown_gives_the_events_of_its_type()
    {
        await using var bridge = await RunningBridge.Start();
        bridge.Stages.Deploy = (work, _, _) => Task.FromResult<IReadOnlyList<CdEvent>>([ScriptedStages.Failed(work)]);
        await bridge.Until(await bridge.Deploy(), "failed");
        using var response = await bridge.Send(HttpMethod.Get, Call().Match(Doc).Groups[1].Value);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!.AsObject();
        answer.Select(f => f.Key).Should().Equal("reached", "head", "events");
        answer["events"]!.AsArray().Should().ContainSingle().Which!.AsObject().Select(f => f.Key).Should().Equal("sequence", "event");
    }

    [GeneratedRegex("```json\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex JsonBlock();

    [GeneratedRegex(@"^\| \[?`(?<name>[a-z.]+)`(\]\((?<schema>[^)]+)\))? \| (?<version>[0-9.]+) \| (?<role>[a-z]+) \| (?<by>[^|]+) \|", RegexOptions.Multiline)]
    private static partial Regex TypeRow();

    [GeneratedRegex(@"^\| (`.+?) \| (.+) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([A-Za-z]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\]\((schemas/[^)]+)\)")]
    private static partial Regex Links();

    [GeneratedRegex("\\$BRIDGE_URL(/v1/[^\"]+)\"")]
    private static partial Regex Call();
}
