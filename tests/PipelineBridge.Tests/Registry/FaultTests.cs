using PipelineBridge.Events;
using PipelineBridge.Registry;
using PipelineBridge.Simulators;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Registry;

public sealed class FaultTests : IAsyncLifetime
{
    readonly LayoutDirectory layouts = new();
    readonly LeapTime clock = new(20, upTo: TimeSpan.FromSeconds(30));
    RegistryStage stage = null!;
    RegistrySimulator registry = null!;

    static SampleImage Image => SampleImage.Of("hello");

    public static TheoryData<string, string> Steps => new()
    {
        { "HEAD", "/v2/portal/blobs/" },
        { "POST", "/v2/portal/blobs/uploads/" },
        { "PUT", "/v2/portal/blobs/uploads/" },
        { "PUT", "/v2/portal/manifests/sha256:" },
        { "PUT", "/v2/portal/manifests/412" },
    };

    public async ValueTask InitializeAsync()
    {
        stage = new RegistryStage(layouts.Options, clock);
        registry = await RegistrySimulator.Start(new RegistrySimulatorOptions { Announce = _ => { } }, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        stage.Dispose();
        await registry.DisposeAsync();
        layouts.Dispose();
    }

    [Theory]
    [InlineData("HEAD", "/v2/portal/manifests/")]
    [MemberData(nameof(Steps))]
    public async Task A_push_lives_through_every_short_failure_of_every_step(string method, string path)
    {
        var digest = layouts.WriteMany("portal", Image, SampleImage.Of("hello", platform: "linux/arm64"));
        Fault[] faults =
        [
            new() { PathPrefix = path, Method = method, Status = 503 },
            new() { PathPrefix = path, Method = method, Status = 500, Times = 2 },
            new() { PathPrefix = path, Method = method, DropConnection = true },
            new() { PathPrefix = path, Method = method, LoseAnswer = true },
        ];
        foreach (var fault in faults)
        {
            registry.Faults.Add(fault);
        }

        (await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal")).ShouldBePublished($"{registry.Host}/portal:412@{digest}");

        registry.Faults.Pending.Should().BeEmpty("each failure was met");
        registry.Digest("portal", "412").Should().Be(digest);
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_push_that_died_at_any_step_is_finished_when_it_is_given_again(string method, string path)
    {
        var digest = layouts.WriteMany("portal", Image, SampleImage.Of("hello", platform: "linux/arm64"));
        registry.Faults.Add(new Fault { PathPrefix = path, Method = method, Status = 418 });
        var first = await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal", tags: ["latest"]);
        first.Content.Should().BeOfType<WorkEnded>();
        var stored = registry.TotalTraffic;

        var again = await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal", attempts: 2, tags: ["latest"]);

        again.ShouldBePublished($"{registry.Host}/portal:412@{digest}");
        registry.Tags("portal").Values.Should().Equal(digest, digest);
        (registry.TotalTraffic.Uploads - stored.Uploads).Should().Be(4 - stored.Uploads, "what was stored is not sent again");
    }

    [Fact]
    public async Task A_hang_is_ended_by_the_idle_timeout_and_asked_again()
    {
        var digest = registry.SeedImage("portal", "412");
        registry.Faults.Add(new Fault { PathPrefix = "/v2/", Hang = true });
        using var impatient = new RegistryStage(layouts.Options, new LeapTime(20));
        (await impatient.Resolve($"{registry.Host}/portal:412")).Read<ImageResolved>().Image.Should().EndWith(digest);
        registry.Log.Requests.Should().HaveCount(2);
    }

    [Fact]
    public async Task A_cut_manifest_is_read_again()
    {
        var digest = registry.SeedImage("portal", "412");
        registry.Faults.Add(new Fault { PathPrefix = "/v2/", Method = "GET", TruncateAfterBytes = 20 });
        (await stage.Tag($"{registry.Host}/portal:412", "prod")).ShouldBePublished($"{registry.Host}/portal:412@{digest}");
    }

    [Fact]
    public async Task A_registry_that_stays_down_makes_the_work_wait_longer_each_time()
    {
        var down = new RegistryStage(new RegistryStageOptions { Registries = [new RegistryOptions("registry.internal", new Uri("http://127.0.0.1:1/"))] }, new LeapTime(100));
        using (down)
        {
            var waits = new List<double>();
            foreach (var attempts in new[] { 1, 2, 3, 4, 5, 9 })
            {
                var end = await down.Resolve("registry.internal/portal:412", attempts);
                waits.Add(end.ShouldWait().TotalSeconds);
                end.Custom!.Cause.Should().Be("The registry registry.internal cannot be reached.");
            }
            waits.Select(w => Math.Round(w)).Should().Equal(10, 30, 60, 120, 300, 300);
        }
    }

    [Fact]
    public async Task A_registry_that_comes_back_finishes_the_work()
    {
        var digest = registry.SeedImage("portal", "412");
        registry.Faults.Add(new Fault { PathPrefix = "/v2/", Status = 503, Times = 100 });
        (await stage.Tag($"{registry.Host}/portal:412", "prod")).ShouldWait();
        registry.Faults.Clear();
        (await stage.Tag(2, $"{registry.Host}/portal:412", "prod")).ShouldBePublished($"{registry.Host}/portal:412@{digest}");
    }

    [Fact]
    public async Task Retry_after_is_obeyed_within_half_a_minute_and_beyond_it_by_waiting()
    {
        var digest = registry.SeedImage("portal", "412");
        registry.Faults.Add(new Fault { PathPrefix = "/v2/", Status = 429, Headers = new Dictionary<string, string> { ["Retry-After"] = "20" } });
        var before = clock.GetUtcNow();
        (await stage.Resolve($"{registry.Host}/portal:412")).Read<ImageResolved>().Image.Should().EndWith(digest);
        (clock.GetUtcNow() - before).Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(19));

        registry.Faults.Add(new Fault { PathPrefix = "/v2/", Status = 429, Times = 10, Headers = new Dictionary<string, string> { ["Retry-After"] = "240" } });
        var count = registry.Log.Requests.Count;
        var end = await stage.Resolve($"{registry.Host}/portal:412");
        end.ShouldWait().Should().BeCloseTo(TimeSpan.FromSeconds(240), TimeSpan.FromSeconds(30));
        end.Custom!.Cause.Should().Contain("HTTP 429");
        (registry.Log.Requests.Count - count).Should().Be(1, "it is not asked again before its time");
    }

    [Fact]
    public async Task A_name_that_nobody_knows_fails_at_once_but_a_configured_one_is_waited_for()
    {
        var end = await stage.Resolve("no-such-registry.invalid/portal:412");
        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Registry);
        end.Custom!.Cause.Should().StartWith("There is no registry no-such-registry.invalid");

        using var configured = new RegistryStage(new RegistryStageOptions { Registries = [new RegistryOptions("no-such-registry.invalid", new Uri("https://no-such-registry.invalid/"))] }, new LeapTime(100));
        (await configured.Resolve("no-such-registry.invalid/portal:412")).ShouldWait();
    }

    [Fact]
    public async Task A_registry_without_tls_where_tls_is_configured_fails_and_says_so()
    {
        using var wrong = new RegistryStage(new RegistryStageOptions { Registries = [new RegistryOptions("registry.internal", new Uri($"https://{registry.Host}/"))] }, clock);
        (await wrong.Resolve("registry.internal/portal:412")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Registry)
            .Custom!.Cause.Should().Be($"The registry registry.internal shows no certificate that is trusted here, or speaks no TLS, at https://{registry.Host}/.");
    }

    [Fact]
    public async Task A_redirect_is_not_followed_and_the_end_says_what_to_configure()
    {
        registry.Faults.Add(new Fault { PathPrefix = "/v2/", Status = 301, Times = 2, Headers = new Dictionary<string, string> { ["Location"] = "https://elsewhere.internal/" } });
        (await stage.Resolve($"{registry.Host}/portal:412")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Registry)
            .Custom!.Cause.Should().Contain("points elsewhere");
    }

    [Fact]
    public async Task A_stopping_process_leaves_at_once_without_an_end()
    {
        registry.Faults.Add(new Fault { PathPrefix = "/v2/", Hang = true });
        using var stop = new CancellationTokenSource();
        var running = stage.Stoppable(new ImageResolveRequested($"{registry.Host}/portal:412"), stop.Token);
        await stop.CancelAsync();
        await running.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();
    }
}
