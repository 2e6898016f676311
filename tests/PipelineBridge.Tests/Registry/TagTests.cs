using PipelineBridge.Events;
using PipelineBridge.Messaging;
using PipelineBridge.Simulators;
using PipelineBridge.Simulators.Registry;

namespace PipelineBridge.Tests.Registry;

public sealed class TagTests : IAsyncLifetime
{
    readonly RegistryStage stage = new();
    RegistrySimulator registry = null!;

    public async ValueTask InitializeAsync() => registry = await RegistrySimulator.Start(
        new RegistrySimulatorOptions { Announce = _ => { }, Flavor = RegistryFlavor.DockerRegistry282 }, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        stage.Dispose();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Tags_are_set_by_digest_without_moving_a_layer()
    {
        var digest = registry.SeedImage("team/portal", "412");

        var end = await stage.Tag($"{registry.Host}/team/portal:412", "prod", "latest");

        end.ShouldBePublished($"{registry.Host}/team/portal:412@{digest}").Custom!.Tags.Should().Equal("prod", "latest");
        registry.Tags("team/portal").Should().Equal(new Dictionary<string, string> { ["412"] = digest, ["prod"] = digest, ["latest"] = digest });
        registry.TotalTraffic.Should().Be(new BlobTraffic(0, 0, 0, 0));
        registry.Log.Requests.Should().OnlyContain(r => r.Path.Contains("/manifests/"));
    }

    [Fact]
    public async Task One_retag_is_three_requests_in_two_round_trips()
    {
        registry.SeedImage("portal", "412");
        await stage.Tag($"{registry.Host}/portal:412", "prod");

        registry.Log.Requests.Select(r => $"{r.Method} {r.Path}").Should().BeEquivalentTo(
            "GET /v2/portal/manifests/412", "HEAD /v2/portal/manifests/prod", "PUT /v2/portal/manifests/prod");
    }

    [Fact]
    public async Task An_index_keeps_its_digest_and_its_type()
    {
        var digest = registry.SeedIndex("portal", "412");
        (await stage.Tag($"{registry.Host}/portal@{digest}", "prod")).ShouldBePublished($"{registry.Host}/portal:prod@{digest}");
        registry.Digest("portal", "prod").Should().Be(digest);
    }

    [Fact]
    public async Task A_tag_that_is_at_the_digest_already_is_not_written_again()
    {
        var digest = registry.SeedImage("portal", "412");
        await stage.Tag($"{registry.Host}/portal:412", "prod");
        await stage.Tag($"{registry.Host}/portal:412", "prod", "next");

        registry.Digest("portal", "next").Should().Be(digest);
        registry.Log.Requests.Count(r => r.Method == "PUT" && r.Path.EndsWith("/prod", StringComparison.Ordinal)).Should().Be(1);
    }

    [Fact]
    public async Task A_tag_moves_from_an_older_image()
    {
        registry.SeedImage("portal", "prod", "old");
        var digest = registry.SeedImage("portal", "412", "new");
        (await stage.Tag($"{registry.Host}/portal:412", "prod")).ShouldBePublished($"{registry.Host}/portal:412@{digest}");
        registry.Digest("portal", "prod").Should().Be(digest);
    }

    [Fact]
    public async Task An_image_that_is_not_there_sets_nothing()
    {
        registry.SeedImage("portal", "412");
        (await stage.Tag(2, $"{registry.Host}/portal:413", "prod")).ShouldHaveFailed(WorkEffect.Unknown, FailureCategory.Image);
        var end = await stage.Tag($"{registry.Host}/portal:413", "prod");
        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Image);
        end.Custom!.Cause.Should().Be($"{registry.Host}/portal has no tag 413.");
        registry.Digest("portal", "prod").Should().BeNull();
    }

    [Fact]
    public async Task A_refused_tag_fails_and_the_end_says_which_were_set()
    {
        var digest = registry.SeedImage("portal", "412");
        registry.Faults.Add(new Fault { PathPrefix = "/v2/portal/manifests/locked", Method = "PUT", Status = 400, Body = """{"errors":[{"code":"TAG_INVALID","message":"tag is immutable"}]}""" });

        var end = await stage.Tag($"{registry.Host}/portal:412", "locked", "prod");

        end.ShouldHaveFailed(WorkEffect.Made, FailureCategory.Registry);
        end.Custom!.Cause.Should().Be($"The registry {registry.Host} refused to set the tag portal:locked (HTTP 400). Set already: prod.");
        stage.Bridge.EvidencePut.Single().Text.Should().Contain("TAG_INVALID: tag is immutable");
        registry.Digest("portal", "prod").Should().Be(digest);

        var again = await stage.Tag(2, $"{registry.Host}/portal:412", "locked", "prod");
        again.ShouldBePublished($"{registry.Host}/portal:412@{digest}");
        registry.Digest("portal", "locked").Should().Be(digest);
    }

    [Fact]
    public async Task A_single_tag_that_is_refused_changed_nothing()
    {
        registry.SeedImage("portal", "412");
        registry.Faults.Add(new Fault { PathPrefix = "/v2/portal/manifests/locked", Method = "PUT", Status = 400 });
        (await stage.Tag($"{registry.Host}/portal:412", "locked")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Registry);
    }

    [Fact]
    public async Task A_lost_answer_is_asked_again_and_the_tag_stands()
    {
        var digest = registry.SeedImage("portal", "412");
        registry.Faults.Add(new Fault { PathPrefix = "/v2/portal/manifests/prod", Method = "PUT", LoseAnswer = true });
        (await stage.Tag($"{registry.Host}/portal:412", "prod")).ShouldBePublished($"{registry.Host}/portal:412@{digest}");
        registry.Digest("portal", "prod").Should().Be(digest);
    }

    [Theory]
    [InlineData(WorkState.Cancelled, WorkResult.Cancelled)]
    [InlineData(WorkState.Superseded, WorkResult.Superseded)]
    public async Task A_work_that_is_wanted_no_more_asks_no_registry(string state, string result)
    {
        stage.Bridge.Stands = () => new WorkStanding(state, false, null, null);
        var end = await stage.Tag($"{registry.Host}/portal:412", "prod");
        end.Read<WorkEnded>().Should().Be(new WorkEnded(result, WorkEffect.None));
        registry.Log.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task A_work_that_has_its_end_says_nothing_more()
    {
        stage.Bridge.Stands = () => new WorkStanding(WorkState.Closed, false, null, null);
        (await stage.All(stage.Pusher(), new ImagePushRequested($"{registry.Host}/portal:412", [], PushSource.Registry), 2)).Should().BeEmpty();
        registry.Log.Requests.Should().BeEmpty();
    }
}
