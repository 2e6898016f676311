using PipelineBridge.Events;
using PipelineBridge.Registry;
using PipelineBridge.Simulators;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Registry;

public sealed class AccessTests : IDisposable
{
    const string Secret = "a-secret-of-ci";

    readonly LayoutDirectory layouts = new();

    static readonly SampleImage Image = SampleImage.Of("hello");

    static readonly RegistryUser[] Users =
    [
        new("ci", Secret, new RegistryRight("team/*", "pull", "push")),
        new("reader", Secret, new RegistryRight("team/*", "pull")),
        new("owner", Secret, new RegistryRight("team/two", "pull", "push")),
    ];

    public void Dispose() => layouts.Dispose();

    [Theory]
    [InlineData(RegistryAuthentication.Basic)]
    [InlineData(RegistryAuthentication.Token)]
    public async Task With_credentials_everything_works(RegistryAuthentication authentication)
    {
        await using var registry = await Start(authentication);
        using var stage = Stage(registry, "ci", Secret);
        layouts.Write("portal", (Image, null));

        (await stage.PushLayout($"{registry.Host}/team/portal:412", "builds/portal")).ShouldBePublished($"{registry.Host}/team/portal:412@{Image.Digest}");
        (await stage.Tag($"{registry.Host}/team/portal:412", "prod")).ShouldBePublished($"{registry.Host}/team/portal:412@{Image.Digest}");
        (await stage.Resolve($"{registry.Host}/team/portal:prod")).Read<ImageResolved>().Image.Should().EndWith(Image.Digest);
    }

    [Theory]
    [InlineData(RegistryAuthentication.Basic)]
    [InlineData(RegistryAuthentication.Token)]
    public async Task Wrong_credentials_end_the_work_with_registry_and_user_and_without_the_secret(RegistryAuthentication authentication)
    {
        await using var registry = await Start(authentication);
        using var stage = Stage(registry, "ci", "wrong-secret");

        var end = await stage.Resolve($"{registry.Host}/team/portal:412");

        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Registry);
        end.Custom!.Cause.Should().Be($"The registry {registry.Host} refuses the credentials of the user ci.");
        stage.Bridge.EvidencePut.Single().Text.Should().Contain("answered 401");
        ShouldNotTell(stage, end, "wrong-secret");
        registry.Log.Requests.Count.Should().BeLessThan(5, "wrong credentials are not tried again and again");
    }

    [Theory]
    [InlineData(RegistryAuthentication.Basic)]
    [InlineData(RegistryAuthentication.Token)]
    public async Task A_user_who_may_only_read_cannot_tag(RegistryAuthentication authentication)
    {
        await using var registry = await Start(authentication);
        registry.Seed("team/portal", "412", Image);
        using var stage = Stage(registry, "reader", Secret);

        var end = await stage.Tag($"{registry.Host}/team/portal:412", "prod");

        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Registry);
        end.Custom!.Cause.Should().Be($"The registry {registry.Host} does not let the user reader set the tag team/portal:prod.");
        ShouldNotTell(stage, end, Secret);
    }

    [Theory]
    [InlineData(RegistryAuthentication.Basic)]
    [InlineData(RegistryAuthentication.Token)]
    public async Task Without_credentials_it_says_that_none_are_configured(RegistryAuthentication authentication)
    {
        await using var registry = await Start(authentication);
        registry.Seed("team/portal", "412", Image);
        using var stage = new RegistryStage();
        var end = await stage.Resolve($"{registry.Host}/team/portal:412");
        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Registry);
        end.Custom!.Cause.Should().Be($"The registry {registry.Host} lets nobody read team/portal:412 without credentials, and none are configured for it.");
    }

    [Fact]
    public async Task A_token_service_gives_nobody_a_token_too_where_all_may_read()
    {
        await using var registry = await Start(RegistryAuthentication.Token, anonymous: new RegistryRight("*", "pull"));
        registry.Seed("team/portal", "412", Image);
        using var stage = new RegistryStage();
        (await stage.Resolve($"{registry.Host}/team/portal:412")).Read<ImageResolved>().Image.Should().EndWith(Image.Digest);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public async Task A_password_that_is_not_there_is_a_wrong_configuration(string? password)
    {
        await using var registry = await Start(RegistryAuthentication.Token);
        using var stage = Stage(registry, "ci", password);
        var end = await stage.Resolve($"{registry.Host}/team/portal:412");
        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Configuration);
        end.Custom!.Cause.Should().Be($"The password of the user ci for the registry {registry.Host} is not there.");
    }

    [Fact]
    public async Task One_token_serves_a_whole_retag_and_the_next_one()
    {
        await using var registry = await Start(RegistryAuthentication.Token);
        registry.Seed("team/portal", "412", Image);
        using var stage = Stage(registry, "ci", Secret);

        await stage.Tag($"{registry.Host}/team/portal:412", "prod");
        await stage.Tag($"{registry.Host}/team/portal:412", "next");

        registry.Log.Requests.Count(r => r.Path == "/token").Should().Be(1);
        registry.Log.Requests.TakeLast(3).Should().OnlyContain(r => r.Status == 200 || r.Status == 201 || r.Status == 404, "the second comes with its token at once");
    }

    [Fact]
    public async Task A_token_that_is_over_is_fetched_anew_before_it_is_refused()
    {
        var time = new SteppedTime();
        await using var registry = await Start(RegistryAuthentication.Token, time: time);
        registry.Seed("team/portal", "412", Image);
        using var stage = Stage(registry, "ci", Secret, time);
        await stage.Resolve($"{registry.Host}/team/portal:412");
        var before = registry.Log.Requests.Count;

        time.Now += TimeSpan.FromSeconds(301);
        (await stage.Resolve($"{registry.Host}/team/portal:412")).Read<ImageResolved>().Image.Should().EndWith(Image.Digest);
        registry.Log.Requests.Skip(before).Select(r => (r.Path, r.Status)).Should().Equal(("/token", 200), ("/v2/team/portal/manifests/412", 200));
    }

    [Fact]
    public async Task A_token_that_the_registry_forgot_is_fetched_anew_in_the_middle_of_an_upload()
    {
        await using var registry = await Start(RegistryAuthentication.Token);
        using var stage = Stage(registry, "ci", Secret);
        var (digest, layer) = layouts.WriteLarge("portal", 3_000_000);
        registry.Faults.Add(new Fault { PathPrefix = "/v2/team/portal/blobs/uploads/", Method = "PUT", Status = 401, Times = 1, Headers = new Dictionary<string, string> { ["WWW-Authenticate"] = $"Bearer realm=\"{registry.Url}token\",service=\"registry-simulator\",error=\"invalid_token\"" } });

        (await stage.PushLayout($"{registry.Host}/team/portal:412", "builds/portal")).ShouldBePublished($"{registry.Host}/team/portal:412@{digest}");
        registry.HasBlob("team/portal", layer).Should().BeTrue();
        registry.Log.Requests.Count(r => r.Path == "/token").Should().BeGreaterThan(1);
    }

    [Fact]
    public async Task A_mount_asks_for_both_repositories_and_is_an_upload_where_one_may_not_be_read()
    {
        await using var registry = await Start(RegistryAuthentication.Token);
        layouts.Write("portal", (Image, null));
        using var stage = Stage(registry, "ci", Secret);
        await stage.PushLayout($"{registry.Host}/team/one:412", "builds/portal");
        (await stage.PushLayout($"{registry.Host}/team/two:412", "builds/portal")).Custom!.Pushed!.NewBytes.Should().Be(0);
        registry.TotalTraffic.Mounts.Should().Be(2);
        registry.Log.Requests.Should().Contain(r => r.Path == "/token" && r.Facts["granted"] == "repository:team/one:pull repository:team/two:pull,push");

        registry.Faults.Add(new Fault { PathPrefix = "/v2/team/three/blobs/uploads/", Method = "POST", Status = 403 });
        (await stage.PushLayout($"{registry.Host}/team/three:412", "builds/portal")).ShouldBePublished($"{registry.Host}/team/three:412@{Image.Digest}").Custom!.Pushed!.NewBytes.Should().BeGreaterThan(0);
        registry.TotalTraffic.Mounts.Should().Be(3);
    }

    [Fact]
    public async Task A_token_service_that_is_down_is_waited_for_and_one_that_gives_none_ends_the_work()
    {
        await using var registry = await Start(RegistryAuthentication.Token);
        registry.Seed("team/portal", "412", Image);
        using var stage = Stage(registry, "ci", Secret, new FastTime(20));
        registry.Faults.Add(new Fault { PathPrefix = "/token", Status = 503, Times = 3 });
        (await stage.Resolve($"{registry.Host}/team/portal:412")).Read<ImageResolved>().Image.Should().EndWith(Image.Digest);

        using var fresh = Stage(registry, "ci", Secret, new FastTime(20));
        registry.Faults.Add(new Fault { PathPrefix = "/token", Status = 200, Body = "{}" });
        (await fresh.Resolve($"{registry.Host}/team/portal:412")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Registry)
            .Custom!.Cause.Should().Be($"The token service of the registry {registry.Host} gave no token (HTTP 200).");
    }

    [Fact]
    public async Task An_answer_that_repeats_the_secret_is_masked_before_it_is_evidence()
    {
        await using var registry = await Start(RegistryAuthentication.Basic);
        using var stage = Stage(registry, "ci", Secret);
        var basic = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes("ci:" + Secret));
        registry.Faults.Add(new Fault { PathPrefix = "/v2/", Status = 401, Headers = new Dictionary<string, string> { ["WWW-Authenticate"] = "Basic realm=\"x\"" } });
        registry.Faults.Add(new Fault { PathPrefix = "/v2/", Status = 401, Body = $$"""{"errors":[{"code":"UNAUTHORIZED","message":"got {{Secret}} in {{basic}}"}]}""" });
        var end = await stage.Tag($"{registry.Host}/team/portal:412");
        ShouldNotTell(stage, end, Secret, basic);
        stage.Bridge.EvidencePut.Single().Text.Should().Contain("got *** in ***");
    }

    static void ShouldNotTell(RegistryStage stage, CdEvent end, params string[] secrets)
    {
        foreach (var secret in secrets)
        {
            System.Text.Encoding.UTF8.GetString(CdEventWriter.Write(end)).Should().NotContain(secret);
            stage.Bridge.EvidencePut.Should().NotContain(e => e.Text.Contains(secret, StringComparison.Ordinal));
        }
    }

    RegistryStage Stage(RegistrySimulator registry, string user, string? password, TimeProvider? clock = null) =>
        new(layouts.Options with { Registries = [new RegistryOptions(registry.Host, registry.Url, user, () => password)] }, clock);

    static Task<RegistrySimulator> Start(RegistryAuthentication authentication, RegistryRight? anonymous = null, TimeProvider? time = null) => RegistrySimulator.Start(
        new RegistrySimulatorOptions
        {
            Announce = _ => { },
            Authentication = authentication,
            Users = Users,
            AnonymousRights = anonymous is null ? [] : [anonymous],
            Time = time ?? TimeProvider.System,
        }, TestContext.Current.CancellationToken);

    sealed class SteppedTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
