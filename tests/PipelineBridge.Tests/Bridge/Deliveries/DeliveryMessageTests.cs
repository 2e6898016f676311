using PipelineBridge.Bridge;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Bridge.Deliveries;

public class DeliveryMessageTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Evidence_is_named_for_chat_only_where_the_environment_says_so(bool says)
    {
        var evidence = new Evidence("last log", "sha256:" + new string('1', 64));
        var document = new RequestDocument
        {
            Id = "d-01m87vjda2jshek4ggzy8s6mbc",
            Kind = "deployment",
            App = "portal",
            Environment = "prod",
            ChainId = "chain",
            Sequence = 1,
            State = RequestState.Failed,
            AskedAt = new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero),
            Cause = "New tasks end again and again.",
            Evidence = [evidence],
        };
        var options = new BridgeOptions
        {
            Url = "https://bridge.internal",
            Keys = [],
            Environments = new Dictionary<string, EnvironmentOptions> { ["prod"] = new() { Zone = "internal", EvidenceInChat = says } },
        };

        DeliveryMessage.Of(document, "team", options).Reply!.Evidence.Should().BeEquivalentTo(says ? new[] { evidence } : null);
    }
}
