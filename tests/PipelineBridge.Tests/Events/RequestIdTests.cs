using PipelineBridge.Events;

namespace PipelineBridge.Tests.Events;

public class RequestIdTests
{
    [Fact]
    public void Its_name_is_the_kind_then_the_hash_then_the_birth_of_its_ask() =>
        new RequestId(RequestId.Deployment, EventId.Parse("01m86tcj32w2ybtrc0dtcnd1nw")).ToString().Should().Be("d-w2ybtrc0dtcnd1nw01m86tcj32");

    [Theory]
    [InlineData(RequestId.Push)]
    [InlineData(RequestId.Tag)]
    [InlineData(RequestId.Deployment)]
    [InlineData(RequestId.Notification)]
    [InlineData(RequestId.Fact)]
    public void The_name_brings_the_request_back(char kind)
    {
        var id = new RequestId(kind, EventId.Random(1795525331042));
        RequestId.TryParse(id.ToString(), out var again).Should().BeTrue();
        again.Should().Be(id);
        RequestId.Parse(id.ToString().ToUpperInvariant().Replace(char.ToUpperInvariant(kind), kind)).Ask.Should().Be(id.Ask, "a person may type it in capitals");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("d-w2yb")]
    [InlineData("x-w2ybtrc0dtcnd1nw01m86tcj32")]
    [InlineData("dw2ybtrc0dtcnd1nw01m86tcj32")]
    [InlineData("d-w2ybtrc0dtcnd1nu01m86tcj32")]
    [InlineData("d-w2ybtrc0dtcnd1nwz1m86tcj32")]
    [InlineData("d-w2ybtrc0dtcnd1nw01m86tcj320")]
    public void Anything_else_is_no_whole_name(string? text)
    {
        RequestId.TryParse(text, out _).Should().BeFalse();
        if (text is not null)
        {
            ((Action)(() => RequestId.Parse(text))).Should().Throw<FormatException>().WithMessage($"\"{text}\" is no request's name.");
        }
    }

    [Theory]
    [InlineData("d-w2yb", true)]
    [InlineData("p-W2YB", true)]
    [InlineData("d-w2ybtrc0dtcnd1nw01", true)]
    [InlineData("d-w2ybtrc0dtcnd1nw01m86tcj32", true)]
    [InlineData("d-w2y", false)]
    [InlineData("d-", false)]
    [InlineData("w2yb", false)]
    [InlineData("x-w2yb", false)]
    [InlineData("d-w2yu", false)]
    [InlineData("d-w2y%", false)]
    [InlineData("d-w2ybtrc0dtcnd1nw01%", false)]
    [InlineData("d-w2ybtrc0dtcnd1nw01m86tcj320", false)]
    public void A_prefix_has_the_kind_and_at_least_four_characters(string text, bool isPrefix) => RequestId.IsPrefix(text).Should().Be(isPrefix);
}
