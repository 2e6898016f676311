using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Events;

public class CdEventReaderTests
{
    const string Removed = "(removed)";

    static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    static JsonNode Progressed() => JsonNode.Parse(CdEventWriter.Write(EventExamples.ByType["deployment.progressed"].Full))!;

    /// <summary>The document with another value at a path, a.b[0].c, or without it.</summary>
    static string With(JsonNode document, string path, string json)
    {
        var steps = path.Replace("[", ".[", StringComparison.Ordinal).Split('.');
        var node = document;
        foreach (var step in steps[..^1])
        {
            node = step[0] == '[' ? node[int.Parse(step[1..^1], System.Globalization.CultureInfo.InvariantCulture)]! : node[step]!;
        }
        var last = steps[^1];
        if (json == Removed)
        {
            node.AsObject().Remove(last).Should().BeTrue();
        }
        else if (last[0] == '[')
        {
            node[int.Parse(last[1..^1], System.Globalization.CultureInfo.InvariantCulture)] = JsonNode.Parse(json);
        }
        else
        {
            node[last] = JsonNode.Parse(json);
        }
        return document.ToJsonString();
    }

    [Theory]
    [InlineData("specversion", Removed, "it is missing.")]
    [InlineData("specversion", "\"0.3\"", "\"0.3\" is not a version of CloudEvents known here; it must be \"1.0\".")]
    [InlineData("id", Removed, "it is missing.")]
    [InlineData("id", "\"another\"", "\"another\" is not the CDEvents event's own, *; the CloudEvents binding wants them to be the same.")]
    [InlineData("id", "\"\"", "it is an empty text; it must be a text that is not empty.")]
    [InlineData("source", "7", "it is a number; it must be a text that is not empty.")]
    [InlineData("source", "\"/elsewhere\"", "\"/elsewhere\" is not the CDEvents event's own, \"/pipelinebridge/bridge\"; *")]
    [InlineData("type", "\"dev.cdevents.service.deployed.0.3.0\"", "\"dev.cdevents.service.deployed.0.3.0\" is not the CDEvents event's own, *")]
    [InlineData("subject", "\"another\"", "\"another\" is not the CDEvents event's own, \"prod/portal\"; *")]
    [InlineData("subject", "[]", "it is a list; it must be a text that is not empty.")]
    [InlineData("data", Removed, "it is missing.")]
    [InlineData("data", "\"eyJjb250ZXh0Ijp7fX0=\"", "it is a text; it must be an object.")]
    [InlineData("data", "null", "it is null; it must be an object.")]
    [InlineData("data.context", Removed, "it is missing.")]
    [InlineData("data.context", "[]", "it is a list; it must be an object.")]
    [InlineData("data.context.specversion", Removed, "it is missing.")]
    [InlineData("data.context.id", "null", "it is null; it must be a text that is not empty.")]
    [InlineData("data.context.source", "true", "it is a truth value; it must be a text that is not empty.")]
    [InlineData("data.context.type", Removed, "it is missing.")]
    [InlineData("data.context.type", "\"com.example.deployed\"", "\"com.example.deployed\" is no CDEvents type; it must be dev.cdevents. or dev.cdeventsx., subject, predicate and version, *")]
    [InlineData("data.context.type", "\"dev.cdevents.service\"", "*is no CDEvents type; *")]
    [InlineData("data.context.type", "\"dev.cdevents.a b.c.0.1.0\"", "*is no CDEvents type; *")]
    [InlineData("data.context.type", "\"dev.cdevents.#.*.0.1.0\"", "*is no CDEvents type; *")]
    [InlineData("data.context.timestamp", Removed, "it is missing.")]
    [InlineData("data.context.timestamp", "\"yesterday\"", "\"yesterday\" is no RFC 3339 time, e.g. 2026-11-24T13:02:11Z.")]
    [InlineData("data.context.timestamp", "\"2026-11-24\"", "*is no RFC 3339 time*")]
    [InlineData("data.context.timestamp", "\"2026-11-24T13:02:11\"", "*is no RFC 3339 time*")]
    [InlineData("data.context.timestamp", "\"11/24/2026 13:02:11\"", "*is no RFC 3339 time*")]
    [InlineData("data.context.timestamp", "\"2026-02-30T13:02:11Z\"", "*is no RFC 3339 time*")]
    [InlineData("data.context.timestamp", "1795525331", "it is a number; it must be a text that is not empty.")]
    [InlineData("data.context.chainId", "5", "it is a number; it must be a text that is not empty.")]
    [InlineData("data.context.schemaUri", "\"\"", "it is an empty text; it must be a text that is not empty.")]
    [InlineData("data.context.links", "{}", "it is an object; it must be a list.")]
    [InlineData("data.context.links[0]", "\"x\"", "it is a text; it must be an object.")]
    [InlineData("data.context.links[0].linkType", Removed, "it is missing.")]
    [InlineData("data.context.links[0].linkType", "\"START\"", "\"START\" is no type of link; it must be RELATION, PATH or END.")]
    [InlineData("data.context.links[0].linkKind", Removed, "it is missing; a link of type RELATION has it.")]
    [InlineData("data.context.links[0].target", Removed, "it is missing; a link of type RELATION has it.")]
    [InlineData("data.context.links[0].target.contextId", Removed, "it is missing.")]
    [InlineData("data.subject", "3", "it is a number; it must be an object.")]
    [InlineData("data.subject.id", "\"\"", "it is an empty text; it must be a text that is not empty.")]
    [InlineData("data.subject.source", "{}", "it is an object; it must be a text that is not empty.")]
    [InlineData("data.subject.content", Removed, "it is missing.")]
    [InlineData("data.subject.content", "[1]", "it is a list; it must be an object.")]
    [InlineData("data.subject.content.cluster", Removed, "it is missing.")]
    [InlineData("data.subject.content.cluster", "null", "it is null; it must be a text.")]
    [InlineData("data.subject.content.healthy", "\"2\"", "it is a text; it must be a whole number of at most 32 bits.")]
    [InlineData("data.subject.content.healthy", "2.5", "it is a number; it must be a whole number of at most 32 bits.")]
    [InlineData("data.subject.content.total", "99999999999", "it is a number; it must be a whole number of at most 32 bits.")]
    [InlineData("data.subject.content.tasks", "{}", "it is an object; it must be a list.")]
    [InlineData("data.subject.content.tasks[1]", "\"portal.2\"", "it is a text; it must be an object.")]
    [InlineData("data.subject.content.tasks[1].state", Removed, "it is missing.")]
    [InlineData("data.subject.content.tasks[0].port", "\"31044\"", "it is a text; it must be a whole number of at most 32 bits.")]
    [InlineData("data.customData", "\"YmFzZTY0\"", "it is a text; it must be an object.")]
    [InlineData("data.customData", "null", "it is null; it must be an object.")]
    [InlineData("data.customData.app", Removed, "it is missing.")]
    [InlineData("data.customData.app", "null", "it is null; it must be a text.")]
    [InlineData("data.customData.sequence", "\"4711\"", "it is a text; it must be a whole number of at most 64 bits.")]
    [InlineData("data.customData.tags", "[1]", "it is a number; it must be a text.", "data.customData.tags[0]")]
    [InlineData("data.customData.unchecked", "\"yes\"", "it is a text; it must be true or false.")]
    [InlineData("data.customData.phases.healthySeconds", "\"13 s\"", "it is a text; it must be a number.")]
    [InlineData("data.customData.evidence[0].name", Removed, "it is missing.")]
    [InlineData("data.customDataContentType", "[]", "it is a list; it must be a text that is not empty.")]
    public void A_wrong_field_is_named_with_what_would_be_right(string path, string value, string reason, string? field = null)
    {
        var json = With(Progressed(), path, value);
        var wrong = ((Action)(() => CdEventReader.Read(Bytes(json)))).Should().Throw<EventFormatException>().Which;
        wrong.Field.Should().Be(field ?? path);
        wrong.Reason.Should().Match(reason);
        wrong.Message.Should().Be($"{wrong.Field}: {wrong.Reason}");
    }

    [Fact]
    public void A_time_in_a_content_is_judged_like_the_events_own()
    {
        var held = JsonNode.Parse(CdEventWriter.Write(EventExamples.ByType["deployment.held"].Full))!;
        ((Action)(() => CdEventReader.Read(Bytes(With(held, "data.subject.content.until", "\"tomorrow\""))))).Should().Throw<EventFormatException>()
            .WithMessage("data.subject.content.until: it is a text; it must be an RFC 3339 time, e.g. 2026-11-24T13:02:11Z.");
    }

    [Fact]
    public void Without_an_envelope_paths_begin_with_the_event()
    {
        var data = Progressed()["data"]!.DeepClone();
        ((Action)(() => CdEventReader.ReadData(Bytes(With(data, "context.timestamp", "\"now\""))))).Should().Throw<EventFormatException>().Which.Field.Should().Be("context.timestamp");
        ((Action)(() => CdEventReader.ReadData("[]"u8.ToArray()))).Should().Throw<EventFormatException>().WithMessage("(the body): it is a list; it must be an object.");
    }

    [Theory]
    [InlineData("", "(the body): it is no JSON: line 1, byte 1.")]
    [InlineData("nonsense", "(the body): it is no JSON: line 1, byte *.")]
    [InlineData("{\"specversion\":\"1.0\",\n \"id\":", "(the body): it is no JSON: line 2, byte 7.")]
    [InlineData("[]", "(the body): it is a list; it must be an object.")]
    public void A_body_that_is_none_is_told_with_its_place(string body, string message) =>
        ((Action)(() => CdEventReader.Read(Bytes(body)))).Should().Throw<EventFormatException>().WithMessage(message);

    [Theory]
    [InlineData("Title \\ud800", false)]
    [InlineData("Title \\uDC00", false)]
    [InlineData("Title \\uD83D\\uDE80", true)]
    public void Half_a_character_is_refused_before_it_is_journaled(string escaped, bool isText)
    {
        // It parses, and would fail whoever reads the event later.
        var json = Progressed().ToJsonString().Replace("a lock of another deployment", escaped, StringComparison.Ordinal);
        var read = () => CdEventReader.Read(Bytes(json));
        if (isText)
        {
            read().Read<DeploymentProgressed>().Waiting.Should().Be("Title 🚀");
        }
        else
        {
            read.Should().Throw<EventFormatException>().WithMessage("(the body): it has a text that is no Unicode: *");
        }
    }

    [Fact]
    public void Half_a_character_in_what_nobody_reads_now_is_refused_too()
    {
        var json = Foreign("""{"nested":{"a":"x","\ud800":1}}""");
        ((Action)(() => CdEventReader.Read(Bytes(json)))).Should().Throw<EventFormatException>().WithMessage("*no Unicode*");
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_refused()
    {
        var bytes = Bytes(Progressed().ToJsonString());
        bytes[bytes.AsSpan().IndexOf("lock"u8)] = 0xE4;
        ((Action)(() => CdEventReader.Read(bytes))).Should().Throw<EventFormatException>().WithMessage("*no Unicode*");
    }

    [Theory]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true)]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01", false)]
    [InlineData("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", false)]
    [InlineData("nonsense", false)]
    public void A_trace_is_read_and_written_and_one_that_is_none_is_left_alone(string trace, bool isOne)
    {
        var json = Progressed();
        json["traceparent"] = trace;
        var read = CdEventReader.Read(Bytes(json.ToJsonString()));
        read.TraceParent.Should().Be(isOne ? trace : null);
        var written = CdEventWriter.Write(read);
        CdEventReader.Read(written).TraceParent.Should().Be(read.TraceParent);
        CdEventReader.ReadEnvelope(written).Should().Be((read.Id, read.TraceParent));
        CdEventReader.ReadEnvelope(Bytes(json.ToJsonString())).Should().Be((read.Id, read.TraceParent));
    }

    [Fact]
    public void Unknown_fields_are_left_alone_wherever_they_stand()
    {
        var json = Progressed();
        json["tracestate"] = "vendor=1";
        json["data"]!["context"]!["tenant"] = "a";
        json["data"]!["context"]!["links"]![0]!["weight"] = 1;
        json["data"]!["subject"]!["type"] = "service";
        json["data"]!["subject"]!["content"]!["canary"] = new JsonObject { ["percent"] = 5 };
        json["data"]!["subject"]!["content"]!["tasks"]![0]!["zone"] = "a";
        json["data"]!["customData"]!["phases"]!["mergedSeconds"] = 3;
        json["data"]!["customData"]!["team"] = "portal";
        var read = CdEventReader.Read(Bytes(json.ToJsonString()));
        Encoding.UTF8.GetString(CdEventWriter.Write(read)).Should().Be(Encoding.UTF8.GetString(CdEventWriter.Write(EventExamples.ByType["deployment.progressed"].Full)));
    }

    [Fact]
    public void What_the_schemas_demand_is_demanded_and_what_they_leave_open_may_be_absent()
    {
        foreach (var (type, (full, _)) in EventExamples.ByType.Where(t => EventTypes.Of(t.Value.Full.Content).IsOurs))
        {
            var required = OwnSchemas.Required(type);
            foreach (var field in JsonNode.Parse(CdEventWriter.Write(full))!["data"]!["subject"]!["content"]!.AsObject().Select(f => f.Key))
            {
                var read = () => CdEventReader.Read(Bytes(With(JsonNode.Parse(CdEventWriter.Write(full))!, $"data.subject.content.{field}", Removed)));
                // A revision is always written; one that is absent counts as 0.
                if (required.Contains(field) && field != "revision")
                {
                    read.Should().Throw<EventFormatException>("{0} has {1}", type, field).Which.Field.Should().Be($"data.subject.content.{field}");
                }
                else
                {
                    read.Should().NotThrow("{0} may be without {1}", type, field);
                }
            }
        }
    }

    static string Foreign(string custom) => $$$"""
        {"specversion":"1.0","id":"A234","source":"/staging/tekton/","type":"dev.cdevents.taskrun.started.0.3.0","time":"2018-04-05T17:31:00Z","data":{
         "context":{"specversion":"0.4.0","id":"A234","source":"/staging/tekton/","type":"dev.cdevents.taskrun.started.0.3.0","timestamp":"2018-04-05T18:31:00.123456789+01:00"},
         "subject":{"id":"/namespace/taskrun-123","content":{"taskName":"my-task","n":1.50}},"customData":{{{custom}}},"customDataContentType":"application/json"}}
        """;

    [Fact]
    public void A_foreign_event_is_read_with_what_it_says()
    {
        var e = CdEventReader.Read(Bytes(Foreign("""{"app":"portal","any":[1,"x"]}""")));
        e.Should().BeEquivalentTo(new { Id = "A234", Source = "/staging/tekton/", SpecVersion = "0.4.0", SubjectId = "/namespace/taskrun-123", CustomDataContentType = "application/json" });
        e.Time.Should().Be(new DateTimeOffset(2018, 4, 5, 18, 31, 0, TimeSpan.FromHours(1)).AddTicks(1234567), "a fraction is kept to 100 ns");
        e.Time.Offset.Should().Be(TimeSpan.FromHours(1));
        e.EventType.Should().BeNull();
        e.Content.Should().BeOfType<ForeignContent>().Which.Json.GetRawText().Should().Be("""{"taskName":"my-task","n":1.50}""");
        e.Custom.Should().BeNull();
        e.ForeignCustom!.Value.GetRawText().Should().Be("""{"app":"portal","any":[1,"x"]}""");
        e.ChainId.Should().BeNull();
        e.Links.Should().BeNull();
    }

    [Fact]
    public void A_foreign_event_may_carry_customData_of_another_media_type()
    {
        var e = CdEventReader.Read(Bytes(Foreign("\"PHhtbC8+\"").Replace("application/json", "application/xml", StringComparison.Ordinal)));
        e.ForeignCustom!.Value.GetString().Should().Be("PHhtbC8+");
        e.CustomDataContentType.Should().Be("application/xml");
    }

    [Fact]
    public void A_foreign_event_of_a_type_that_we_speak_is_judged_by_its_type()
    {
        var json = Foreign("{}").Replace("taskrun.started.0.3.0", "service.deployed.0.3.0", StringComparison.Ordinal);
        ((Action)(() => CdEventReader.Read(Bytes(json)))).Should().Throw<EventFormatException>().WithMessage("data.subject.content.environment: it is missing.");
    }
}
