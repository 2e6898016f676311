using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Events;

/// <summary>The documented format is the code's: the same fields, the same words.</summary>
public class OwnSchemaTests
{
    const string Custom = "customdata";

    public static TheoryData<string> Names => [.. EventTypes.All.Where(t => t.IsOurs).Select(t => t.ShortName).Append(Custom)];

    static Type RecordOf(string name) => name == Custom ? typeof(CustomData) : EventExamples.ByType[name].Full.Content.GetType();

    /// <summary>What an example has where the schema's object stands.</summary>
    static JsonNode ExampleOf(string name, bool full)
    {
        var (most, least) = EventExamples.ByType[name == Custom ? "work.ended" : name];
        var data = JsonNode.Parse(CdEventWriter.Write(full ? most : least))!["data"]!;
        return name == Custom ? data["customData"]! : data["subject"]!["content"]!;
    }

    static IEnumerable<string> FieldsOf(Type record, string at = "")
    {
        foreach (var property in record.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var path = at + JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            yield return path;
            var type = property.PropertyType;
            var (inner, separator) = type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? (type.GetGenericArguments()[0], "[].") : (type, ".");
            foreach (var field in inner.Assembly == typeof(CustomData).Assembly ? FieldsOf(inner, path + separator) : [])
            {
                yield return field;
            }
        }
    }

    static IEnumerable<string> FieldsOf(JsonNode? json, string at = "") => json switch
    {
        JsonObject o => o.SelectMany(p => FieldsOf(p.Value, at.Length == 0 ? p.Key : $"{at}.{p.Key}").Prepend(at.Length == 0 ? p.Key : $"{at}.{p.Key}")),
        JsonArray list => list.SelectMany(item => FieldsOf(item, at + "[]")),
        _ => [],
    };

    [Fact]
    public void There_is_one_for_each_type_of_ours_and_one_for_customData() =>
        OwnSchemas.Names.Should().BeEquivalentTo(EventTypes.All.Where(t => t.IsOurs).Select(t => t.ShortName).Append(Custom).Select(n => n + ".json"));

    [Theory, MemberData(nameof(Names))]
    public void It_names_the_fields_that_the_code_writes(string name) =>
        OwnSchemas.Properties(OwnSchemas.Read(name)).Select(p => p.Path).Should().BeEquivalentTo(FieldsOf(RecordOf(name)));

    [Theory, MemberData(nameof(Names))]
    public void Its_examples_show_every_field_and_the_least_one_what_must_be_there(string name)
    {
        FieldsOf(ExampleOf(name, full: true)).Distinct().Should().BeEquivalentTo(OwnSchemas.Properties(OwnSchemas.Read(name)).Select(p => p.Path));
        ExampleOf(name, full: false).AsObject().Select(f => f.Key).Should().BeEquivalentTo(OwnSchemas.Required(name));
    }

    [Theory, MemberData(nameof(Names))]
    public void It_says_what_each_field_means(string name)
    {
        var schema = OwnSchemas.Read(name);
        schema["$schema"]!.GetValue<string>().Should().Be("https://json-schema.org/draft/2020-12/schema");
        schema["description"]!.GetValue<string>().Should().EndWith(".");
        OwnSchemas.Properties(schema).Where(p => p.Schema["description"]?.GetValue<string>() is not { Length: > 5 } d || d[^1] != '.').Select(p => p.Path).Should().BeEmpty();
    }

    [Theory, MemberData(nameof(Names))]
    public void It_is_open_so_that_a_new_field_breaks_no_subscriber(string name) =>
        File.ReadAllText(Path.Combine(EventSchemas.Folder, name + ".json")).Should().NotContain("additionalProperties").And.NotContain("unevaluatedProperties");

    [Theory]
    [InlineData(Custom, "category", typeof(FailureCategory))]
    [InlineData("image.pushrequested", "source", typeof(PushSource))]
    [InlineData("deployment.requested", "onFailure", typeof(OnFailure))]
    [InlineData("deployment.rolloutrequested", "onFailure", typeof(OnFailure))]
    [InlineData("deployment.failed", "effect", typeof(WorkEffect))]
    [InlineData("deployment.superseded", "effect", typeof(WorkEffect))]
    [InlineData("deployment.cancelled", "effect", typeof(WorkEffect))]
    [InlineData("work.ended", "result", typeof(WorkResult))]
    [InlineData("work.ended", "effect", typeof(WorkEffect))]
    [InlineData("notification.requested", "mood", typeof(NotificationMood))]
    public void Its_words_are_the_codes(string name, string field, Type words) =>
        OwnSchemas.Words(OwnSchemas.Properties(OwnSchemas.Read(name)).Single(p => p.Path == field).Schema).Should().BeEquivalentTo(
            words.GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!));
}
