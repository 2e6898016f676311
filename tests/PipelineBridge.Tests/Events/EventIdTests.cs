using PipelineBridge.Events;

namespace PipelineBridge.Tests.Events;

public class EventIdTests
{
    const long Birth = 1795525331042;

    [Fact]
    public void The_same_facts_give_the_same_id_in_every_process_and_release()
    {
        // Worked out by another implementation: SHA-256 over the parts, each with its length in UTF-8 bytes in front as 32 bits, big endian.
        var ask = EventId.Derive(Birth, "ask", "jenkins", "POST", "/v1/deployments", "portal-412-prod");
        ask.ToString().Should().Be("01m86tcj32w2ybtrc0dtcnd1nw");
        var work = ask.Then("work", "dev.cdeventsx.pipelinebridge-deployment.rolloutrequested.0.1.0");
        work.ToString().Should().Be("01m86tcj32h5x1f06998knj5wm");
        work.Then("end").ToString().Should().Be("01m86tcj32jn7ptfj6j8fs5xkf");
    }

    [Fact]
    public void It_is_the_same_for_the_ends_of_time_for_long_parts_and_for_all_languages()
    {
        EventId.Derive(0, "").ToString().Should().Be("0000000000vwzp3604n4qxpg2q");
        EventId.Derive((1L << 48) - 1, "Geburtsdatum größer", "→").ToString().Should().Be("7zzzzzzzzzgncq0ajk9pepcz8j");
        EventId.Derive(Birth, new string('x', 5000)).ToString().Should().Be("01m86tcj3215781z8j5kgybsww");
        EventId.Derive(Birth).ToString().Should().Be("01m86tcj32werc8gmrzge196qv");
    }

    [Fact]
    public void Where_one_part_ends_and_the_next_begins_matters()
    {
        EventId.Derive(Birth, "ab", "c").Should().NotBe(EventId.Derive(Birth, "a", "bc"));
        EventId.Derive(Birth, "ab", "").Should().NotBe(EventId.Derive(Birth, "", "ab"));
        EventId.Derive(Birth, "ab").Should().NotBe(EventId.Derive(Birth, "ab", ""));
    }

    [Fact]
    public void What_follows_keeps_the_birth_and_is_another_event()
    {
        var ask = EventId.Derive(Birth, "ask");
        var follows = new[] { ask.Then("work"), ask.Then("work", "a"), ask.Then("work", "b"), ask.Then("end"), ask.Then("end").Then("end") };
        follows.Append(ask).Should().OnlyHaveUniqueItems();
        follows.Should().OnlyContain(id => id.BirthMilliseconds == Birth);
    }

    [Fact]
    public void Ids_sort_by_birth_as_values_as_text_and_as_bytes()
    {
        long[] births = [0, 1, 999, Birth - 1, Birth, Birth + 1, (1L << 47) + 5, (1L << 48) - 1];
        var ids = births.Select(b => EventId.Derive(b, "x")).ToList();
        ids.Order().Should().Equal(ids);
        ids.Select(i => i.ToString()).Order(StringComparer.Ordinal).Should().Equal(ids.Select(i => i.ToString()));
        ids.Select(i => Convert.ToHexString(i.ToBytes())).Order(StringComparer.Ordinal).Should().Equal(ids.Select(i => Convert.ToHexString(i.ToBytes())));
        (ids[0] < ids[1] && ids[1] > ids[0] && ids[1] >= ids[1] && ids[0] <= ids[1]).Should().BeTrue();
    }

    [Fact]
    public void Text_and_bytes_bring_the_id_back()
    {
        for (var i = 0; i < 1000; i++)
        {
            var id = EventId.Random(Birth + i);
            EventId.TryParse(id.ToString(), out var again).Should().BeTrue();
            again.Should().Be(id);
            EventId.FromBytes(id.ToBytes()).Should().Be(id);
            id.BirthMilliseconds.Should().Be(Birth + i);
        }
    }

    [Fact]
    public void Random_ids_of_one_moment_differ() =>
        Enumerable.Range(0, 1000).Select(_ => EventId.Random(Birth)).Should().OnlyHaveUniqueItems();

    [Fact]
    public void A_person_may_type_it_in_capitals() => EventId.Parse("01M86TCJ32W2YBTRC0DTCND1NW").Should().Be(EventId.Parse("01m86tcj32w2ybtrc0dtcnd1nw"));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("01m86tcj32w2ybtrc0dtcnd1n")]
    [InlineData("01m86tcj32w2ybtrc0dtcnd1nww")]
    [InlineData("01m86tcj32w2ybtrc0dtcnd1nu")]
    [InlineData("01m86tcj32w2ybtrc0dtcnd1n\n")]
    [InlineData("81m86tcj32w2ybtrc0dtcnd1nw")]
    [InlineData("271069a8-fc18-44f1-b38f-9d70a1695819")]
    public void Anything_else_is_no_id(string? text) => EventId.TryParse(text, out _).Should().BeFalse();

    [Theory]
    [InlineData(-1)]
    [InlineData(1L << 48)]
    public void A_birth_that_does_not_fit_is_refused(long birth)
    {
        var derive = () => EventId.Derive(birth, "x");
        derive.Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void A_foreign_event_gets_an_id_from_its_time_source_and_id()
    {
        var e = EventExamples.ByType["incident.detected"].Full with { Source = "/monitor", Id = "7", Custom = null };
        e.Key().Should().Be(e.Key()).And.Be((e with { Type = "dev.cdevents.incident.resolved.0.3.0" }).Key());
        e.Key().BirthMilliseconds.Should().Be(e.Time.ToUnixTimeMilliseconds());
        e.Key().Should().NotBe((e with { Id = "8" }).Key()).And.NotBe((e with { Source = "/monitor2" }).Key());
        (e with { Time = DateTimeOffset.MinValue }).Key().BirthMilliseconds.Should().Be(0, "a time before 1970 is no reason to fail");
    }

    [Fact]
    public void One_of_ours_is_its_own_key() => EventExamples.ByType["incident.detected"].Full.Key().ToString().Should().Be(EventExamples.ByType["incident.detected"].Full.Id);
}
