using Microsoft.AspNetCore.Builder;
using PipelineBridge.Events;
using PipelineBridge.Registry;
using PipelineBridge.Simulators;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Registry;

public sealed class UploadTests : IDisposable
{
    readonly LayoutDirectory layouts = new();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => layouts.Dispose();

    [Theory]
    [InlineData(RegistryFlavor.DistributionSpec11, true)]
    [InlineData(RegistryFlavor.DockerRegistry282, false)]
    public async Task An_upload_that_breaks_in_the_middle_goes_on_where_the_registry_has_it_or_anew_where_it_kept_nothing(RegistryFlavor flavor, bool goesOn)
    {
        const long Bytes = 20_000_000;
        var (digest, layer) = layouts.WriteLarge("portal", Bytes);
        await using var registry = await Start(new RegistrySimulatorOptions { Announce = _ => { }, Flavor = flavor, RelativeLocations = !goesOn });
        await using var breaking = new BreakingProxy(registry.Url, afterBytes: 8_000_000);
        using var stage = new RegistryStage(layouts.Options with { Registries = [new RegistryOptions("registry.internal", breaking.Url)] }, new LeapTime(10, upTo: TimeSpan.FromSeconds(30)));

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
        using var stage = new RegistryStage(layouts.Options, new LeapTime(20, upTo: TimeSpan.FromSeconds(30)));
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
        using var stage = new RegistryStage(layouts.Options, new LeapTime(20, upTo: TimeSpan.FromSeconds(30)));
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

    [Fact]
    public async Task A_registry_that_stops_reading_is_given_up_and_the_upload_goes_on()
    {
        var (digest, layer) = layouts.WriteLarge("portal", 20_000_000);
        await using var registry = await Start(new RegistrySimulatorOptions { Announce = _ => { } });
        using var stage = new RegistryStage(layouts.Options, new LeapTime(20));
        // The other blob is there: what hangs is the large one, in its middle.
        using var client = new Simulators.Registry.RegistryClient(registry.Url);
        await client.PutBlob("portal", layouts.Config("portal", digest));
        registry.Faults.Add(new Fault { PathPrefix = "/v2/portal/blobs/uploads/", Method = "PUT", Hang = true });
        (await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal")).ShouldBePublished($"{registry.Host}/portal:412@{digest}");
        registry.Traffic(layer).Uploads.Should().Be(1);
        registry.OpenUploads.Should().Be(0);
    }

    [Fact]
    public async Task A_slow_upload_that_moves_may_take_longer_than_the_idle_timeout()
    {
        var (digest, _) = layouts.WriteLarge("portal", 20_000_000);
        await using var registry = await Start(new RegistrySimulatorOptions { Announce = _ => { } });
        await using var slow = new BreakingProxy(registry.Url, afterBytes: long.MaxValue, millisecondsPerMegabyte: 600);
        var clock = new FastTime(10);
        using var stage = new RegistryStage(layouts.Options with { Registries = [new RegistryOptions("registry.internal", slow.Url)] }, clock);
        var began = clock.GetUtcNow();

        (await stage.PushLayout("registry.internal/portal:412", "builds/portal")).ShouldBePublished($"registry.internal/portal:412@{digest}");

        (clock.GetUtcNow() - began).Should().BeGreaterThan(TimeSpan.FromSeconds(90), "nothing may move for 60 s only");
        registry.Log.Requests.Count(r => r.Method == "PUT" && r.Path.Contains("/blobs/")).Should().Be(2, "none was given up");
    }

    [Fact]
    public async Task An_upload_that_is_continued_at_another_host_shows_no_credentials_there()
    {
        var shown = new System.Collections.Concurrent.ConcurrentQueue<string>();
        await using var elsewhere = await SimulatorServer.Start(
            new SimulatorServerOptions { Name = "storage", Description = "Takes all.", Announce = _ => { } },
            app => app.Run(context =>
            {
                shown.Enqueue(context.Request.Headers.Authorization.ToString());
                context.Response.StatusCode = 201;
                return context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
            }), Cancellation);
        await using var registry = await Start(new RegistrySimulatorOptions
        {
            Announce = _ => { },
            Authentication = RegistryAuthentication.Basic,
            Users = [new RegistryUser("ci", "secret", new RegistryRight("*", "pull", "push"))],
        });
        using var stage = new RegistryStage(layouts.Options with { Registries = [new RegistryOptions(registry.Host, registry.Url, "ci", () => "secret")] });
        await stage.Resolve($"{registry.Host}/portal:412");
        layouts.WriteLarge("portal", 1000);
        registry.Faults.Add(new Fault { PathPrefix = "/v2/portal/blobs/uploads/", Method = "POST", Status = 202, Times = 2, Headers = new Dictionary<string, string> { ["Location"] = $"{elsewhere.Url}up?signature=1" } });

        // The blobs are at the storage now, which this registry does not see.
        (await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Registry);

        shown.Should().Equal("", "");
        registry.Log.Requests.Should().Contain(r => r.Facts.Contains(new KeyValuePair<string, string>("user", "ci")));
    }

    static Task<RegistrySimulator> Start(RegistrySimulatorOptions options) => RegistrySimulator.Start(options, Cancellation);
}
