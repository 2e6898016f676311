using PipelineBridge.Events;
using PipelineBridge.Registry;
using PipelineBridge.Simulators;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Registry.Engine;

public sealed class ChunkedUploadTests
{
    // Some chunks, of bytes that no compression makes fewer.
    const int Large = 20_000_000;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_chunk_that_breaks_is_sent_again_and_the_engine_is_read_once()
    {
        await using var registry = await Start(RegistryFlavor.DistributionSpec11);
        await using var breaking = new BreakingProxy(registry.Url, afterBytes: 12_000_000);
        await using var engine = await ScriptedEngine.Start(ScriptedEngine.Layer(1, Large));
        using var stage = engine.Stage(new LeapTime(10, upTo: TimeSpan.FromSeconds(30)), false, new RegistryOptions("registry.internal", breaking.Url));

        var end = await stage.PushFromEngine("registry.internal/portal:1");

        end.Content.Should().BeOfType<ArtifactPublished>(end.Custom!.Cause);
        breaking.Broken.Should().Be(1);
        engine.Asked.Count(a => a.EndsWith("/get", StringComparison.Ordinal)).Should().Be(1);
        registry.TotalTraffic.BytesReceived.Should().BeInRange(Large, Large + 9_000_000);
        registry.OpenUploads.Should().Be(0);
    }

    [Fact]
    public async Task Where_the_registry_forgets_an_upload_that_broke_the_work_is_tried_again()
    {
        await using var registry = await Start(RegistryFlavor.DockerRegistry282);
        await using var engine = await ScriptedEngine.Start(ScriptedEngine.Layer(1, Large));
        using var stage = engine.Stage(new LeapTime(10, upTo: TimeSpan.FromSeconds(30)), false, new RegistryOptions("registry.internal", registry.Url));
        registry.Faults.Add(new Fault { PathPrefix = "/v2/portal/blobs/uploads/", Method = "PATCH", Status = 404, Body = """{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN","message":"unknown"}]}""" });
        registry.Faults.Add(new Fault { PathPrefix = "/v2/portal/blobs/uploads/", Method = "GET", Status = 404 });

        var broken = await stage.PushFromEngine("registry.internal/portal:1");
        var end = await stage.PushFromEngine("registry.internal/portal:1", attempts: 2);

        broken.ShouldWait();
        broken.Custom!.Cause.Should().Be("The registry registry.internal lost an upload on its way.");
        end.Content.Should().BeOfType<ArtifactPublished>(end.Custom!.Cause);
    }

    [Fact]
    public async Task An_end_whose_answer_was_lost_is_not_repeated()
    {
        await using var registry = await Start(RegistryFlavor.DistributionSpec11);
        await using var engine = await ScriptedEngine.Start(ScriptedEngine.Layer(1, Large));
        using var stage = engine.Stage(new LeapTime(10, upTo: TimeSpan.FromSeconds(30)), false, new RegistryOptions("registry.internal", registry.Url));
        registry.Faults.Add(new Fault { PathPrefix = "/v2/portal/blobs/uploads/", Method = "PUT", LoseAnswer = true, Times = 2 });

        var end = await stage.PushFromEngine("registry.internal/portal:1");

        end.Content.Should().BeOfType<ArtifactPublished>(end.Custom!.Cause);
        registry.TotalTraffic.BytesReceived.Should().BeInRange(Large, Large + 100_000);
    }

    [Fact]
    public async Task A_registry_that_takes_no_chunk_ends_the_push_and_no_upload_is_left()
    {
        await using var registry = await Start(RegistryFlavor.DistributionSpec11);
        await using var engine = await ScriptedEngine.Start(ScriptedEngine.Layer(1, Large));
        using var stage = engine.Stage(null, false, new RegistryOptions("registry.internal", registry.Url));
        registry.Faults.Add(new Fault { PathPrefix = "/v2/portal/blobs/uploads/", Method = "PATCH", Status = 413, Body = """{"errors":[{"code":"SIZE_INVALID","message":"too large"}]}""" });

        var end = await stage.PushFromEngine("registry.internal/portal:1");

        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Registry);
        stage.Bridge.EvidencePut.Should().ContainSingle().Which.Text.Should().Contain("SIZE_INVALID: too large");
        registry.OpenUploads.Should().Be(0);
        registry.Tags("portal").Should().BeEmpty();
    }

    static Task<RegistrySimulator> Start(RegistryFlavor flavor) => RegistrySimulator.Start(new RegistrySimulatorOptions { Announce = _ => { }, Flavor = flavor }, Cancellation);
}
