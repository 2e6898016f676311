using PipelineBridge.Bridge;
using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Events;

namespace PipelineBridge.Tests.Bridge.Deliveries;

public class DeliveryMessageTests
{
    [Theory]
    [InlineData(0, 0, "waits for local to pull the image", "rolling out 1: waits for local to pull the image")]
    [InlineData(0, 0, null, "rolling out 1")]
    [InlineData(2, 3, null, "rolling out 1, 2 of 3 healthy")]
    [InlineData(2, 3, "The cluster main does not answer.", "rolling out 1, 2 of 3 healthy: The cluster main does not answer.")]
    public void A_rollout_says_no_count_that_is_not_known_and_for_what_it_waits(int healthy, int total, string? waiting, string text)
    {
        var document = new RequestDocument
        {
            Id = "d-01m87vjda2jshek4ggzy8s6mbc", Kind = "deployment", App = "portal", Environment = "prod", ChainId = "chain", State = RequestState.Running,
            Progress = new DeploymentProgressed("main", "rolling", healthy, total, [], waiting),
        };
        DeliveryMessage.Text(document, "1").Should().Be(text);
    }

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
