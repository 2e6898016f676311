using PipelineBridge.Events;
using PipelineBridge.Registry;
using PipelineBridge.Simulators;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Registry;

public sealed class UploadTests : IDisposable
{
    const long LargeBytes = 300L * 1024 * 1024;

    readonly LayoutDirectory layouts = new();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => layouts.Dispose();

    [Fact]
    public async Task A_large_blob_is_streamed_with_flat_memory()
    {
        var (digest, layer) = layouts.WriteLarge("portal", LargeBytes);
        var store = Directory.CreateDirectory(Path.Combine(layouts.Outside, "store"));
        await using var registry = await Start(new RegistrySimulatorOptions { BlobDirectory = store.FullName, Announce = _ => { } });
        using var stage = new RegistryStage(layouts.Options);
        GC.Collect();
        var allocated = GC.GetTotalAllocatedBytes(precise: true);

        var end = await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal");

        end.ShouldBePublished($"{registry.Host}/portal:412@{digest}").Custom!.Pushed!.NewBytes.Should().BeGreaterThan(LargeBytes);
        registry.Traffic(layer).Should().Be(new BlobTraffic(1, LargeBytes, 0, 0));
        // Both ends together; what is buffered whole would be the whole blob at least.
        (GC.GetTotalAllocatedBytes(precise: true) - allocated).Should().BeLessThan(LargeBytes / 5);
    }

    [Theory]
    [InlineData(RegistryFlavor.DistributionSpec11, true)]
    [InlineData(RegistryFlavor.DockerRegistry282, false)]
    public async Task An_upload_that_breaks_in_the_middle_goes_on_where_the_registry_has_it_or_anew_where_it_kept_nothing(RegistryFlavor flavor, bool goesOn)
    {
        const long Bytes = 20_000_000;
        var (digest, layer) = layouts.WriteLarge("portal", Bytes);
        await using var registry = await Start(new RegistrySimulatorOptions { Announce = _ => { }, Flavor = flavor, RelativeLocations = !goesOn });
        await using var breaking = new BreakingProxy(registry.Url, afterBytes: 8_000_000);
        using var stage = new RegistryStage(layouts.Options with { Registries = [new RegistryOptions("registry.internal", breaking.Url)] }, new FastTime(10));

        var end = await stage.PushLayout("registry.internal/portal:412", "builds/portal");

        end.ShouldBePublished($"registry.internal/portal:412@{digest}").Custom!.Pushed!.NewBytes.Should().BeInRange(Bytes, Bytes + 1000);
        breaking.Broken.Should().Be(1);
        registry.Traffic(layer).Uploads.Should().Be(1);
        // docker-registry 2.8.2 does not say how far a broken upload got: what it holds is not what its last URL says.
        registry.TotalTraffic.BytesReceived.Should().BeInRange(Bytes, Bytes + (goesOn ? 1_000_000 : 9_000_000));
    }

    [Fact]
    public async Task A_session_that_the_registry_forgot_is_begun_anew()
    {
        var (digest, layer) = layouts.WriteLarge("portal", 2_000_000);
        await using var registry = await Start(new RegistrySimulatorOptions { Announce = _ => { } });
        using var stage = new RegistryStage(layouts.Options, new FastTime(20));
        registry.Faults.Add(new Fault { PathPrefix = "/v2/portal/blobs/uploads/", Method = "PUT", Status = 404, Body = """{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN","message":"unknown"}]}""" });
        registry.Faults.Add(new Fault { PathPrefix = "/v2/portal/blobs/uploads/", Method = "GET", Status = 404 });
        (await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal")).ShouldBePublished($"{registry.Host}/portal:412@{digest}");
        registry.Traffic(layer).Uploads.Should().Be(1);
    }

    [Fact]
    public async Task An_upload_whose_answer_was_lost_is_not_repeated()
    {
        var (digest, layer) = layouts.WriteLarge("portal", 2_000_000);
        await using var registry = await Start(new RegistrySimulatorOptions { Announce = _ => { } });
        using var stage = new RegistryStage(layouts.Options, new FastTime(20));
        registry.Faults.Add(new Fault { PathPrefix = "/v2/portal/blobs/uploads/", Method = "PUT", LoseAnswer = true, Times = 2 });
        (await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal")).ShouldBePublished($"{registry.Host}/portal:412@{digest}");
        registry.Traffic(layer).Uploads.Should().Be(1);
        registry.Traffic(layer).BytesReceived.Should().Be(2_000_000);
    }

    [Fact]
    public async Task A_registry_that_refuses_a_blob_ends_the_push()
    {
        layouts.WriteLarge("portal", 2_000_000);
        await using var registry = await Start(new RegistrySimulatorOptions { Announce = _ => { } });
        using var stage = new RegistryStage(layouts.Options);
        registry.Faults.Add(new Fault { PathPrefix = "/v2/portal/blobs/uploads/", Method = "PUT", Status = 413, Body = """{"errors":[{"code":"SIZE_INVALID","message":"too large"}]}""" });
        (await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Registry);
        stage.Bridge.EvidencePut.Single().Text.Should().Contain("SIZE_INVALID: too large");
        registry.Tags("portal").Should().BeEmpty();
    }

    static Task<RegistrySimulator> Start(RegistrySimulatorOptions options) => RegistrySimulator.Start(options, Cancellation);
}
