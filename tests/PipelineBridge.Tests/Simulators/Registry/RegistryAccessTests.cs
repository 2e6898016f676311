using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Simulators.Registry;

namespace PipelineBridge.Tests.Simulators.Registry;

public sealed class RegistryAccessTests
{
    static readonly RegistryUser[] Users =
    [
        new("ci", "ci-password", new RegistryRight("team/*", "pull", "push")),
        new("reader", "reader-password", new RegistryRight("team/app", "pull")),
    ];

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Basic_asks_unknown_users_to_sign_in_and_denies_known_ones_what_is_not_theirs()
    {
        await using var registry = await Start(RegistryAuthentication.Basic);
        using var client = new RegistryClient(registry.Url);
        using var nobody = await client.Get("/v2/");
        nobody.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        nobody.Header("WWW-Authenticate").Should().StartWith("Basic realm=");

        client.Authorization = Basic("reader", "reader-password");
        (await client.Get("/v2/")).StatusCode.Should().Be(HttpStatusCode.OK);
        using var denied = await client.Send("POST", "/v2/team/app/blobs/uploads/");
        denied.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        (await denied.Errors()).Codes.Should().Be("DENIED");

        client.Authorization = Basic("ci", "ci-password");
        (await client.Send("POST", "/v2/team/app/blobs/uploads/")).StatusCode.Should().Be(HttpStatusCode.Accepted);
        client.Authorization = Basic("ci", "wrong");
        (await client.Get("/v2/")).StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task The_token_flow_names_realm_service_and_scope_and_lets_the_token_in()
    {
        await using var registry = await Start(RegistryAuthentication.Token);
        registry.SeedImage("team/app", "1");
        using var client = new RegistryClient(registry.Url);
        using var challenged = await client.Get("/v2/team/app/manifests/1", MediaTypes.OciImage);
        challenged.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await challenged.Errors()).Should().Be(("UNAUTHORIZED", "authentication required"));
        challenged.Header("WWW-Authenticate").Should().Be(
            $"Bearer realm=\"{registry.Url}token\",service=\"registry-simulator\",scope=\"repository:team/app:pull\"");

        client.Authorization = await Token(client, "reader", "repository:team/app:pull");
        (await client.Get("/v2/team/app/manifests/1", MediaTypes.OciImage)).StatusCode.Should().Be(HttpStatusCode.OK);

        using var push = await client.Send("POST", "/v2/team/app/blobs/uploads/");
        push.StatusCode.Should().Be(HttpStatusCode.Unauthorized, "insufficient scope is 401, too");
        push.Header("WWW-Authenticate").Should().EndWith("scope=\"repository:team/app:pull,push\",error=\"insufficient_scope\"");
        client.Authorization = new AuthenticationHeaderValue("Bearer", "made-up");
        (await client.Get("/v2/")).Header("WWW-Authenticate").Should().EndWith("error=\"invalid_token\"");
    }

    [Fact]
    public async Task A_mount_is_challenged_with_two_scopes_in_one_string_that_are_asked_for_one_by_one()
    {
        await using var registry = await Start(RegistryAuthentication.Token);
        registry.SeedImage("team/one", "1");
        var layer = SampleImage.Of("hello").Blobs[1].Key;
        using var client = new RegistryClient(registry.Url);
        var mount = $"/v2/team/two/blobs/uploads/?mount={layer}&from=team/one";
        using var challenged = await client.Send("POST", mount);
        challenged.Header("WWW-Authenticate").Should().EndWith("scope=\"repository:team/two:pull,push repository:team/one:pull\"");

        client.Authorization = await Token(client, "ci", "repository:team/two:pull,push repository:team/one:pull");
        (await client.Send("POST", mount)).StatusCode.Should().Be(HttpStatusCode.Unauthorized, "a scope with a space in it is none");
        client.Authorization = await Token(client, "ci", "repository:team/two:pull,push", "repository:team/one:pull");
        (await client.Send("POST", mount)).StatusCode.Should().Be(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_token_holds_only_what_its_user_may_and_ends_with_its_lifetime()
    {
        var time = new SettableTime();
        await using var registry = await Start(RegistryAuthentication.Token, time);
        registry.SeedImage("team/app", "1");
        using var client = new RegistryClient(registry.Url);
        client.Authorization = await Token(client, "reader", "repository:team/app:pull,push");
        (await client.Send("POST", "/v2/team/app/blobs/uploads/")).StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await client.Get("/v2/team/app/tags/list")).StatusCode.Should().Be(HttpStatusCode.OK);

        time.Now += TimeSpan.FromSeconds(300);
        (await client.Get("/v2/team/app/tags/list")).Header("WWW-Authenticate").Should().EndWith("error=\"invalid_token\"");
    }

    [Fact]
    public async Task Wrong_credentials_get_no_token_and_no_credential_is_in_the_log()
    {
        await using var registry = await Start(RegistryAuthentication.Token);
        using var client = new RegistryClient(registry.Url) { Authorization = Basic("ci", "wrong-password") };
        using var answer = await client.Get("/token?service=registry-simulator&scope=repository:team/app:pull");
        answer.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        client.Authorization = Basic("ci", "ci-password");
        client.Authorization = await Token(client, "ci", "repository:team/app:pull");
        await client.Get("/v2/team/app/tags/list");

        client.Authorization.Should().NotBeNull();
        using var log = await client.Get("/_simulator/log");
        (await log.Content.ReadAsStringAsync(Cancellation)).Should().Contain("\"user\":\"ci\"")
            .And.NotContain("password").And.NotContain(client.Authorization!.Parameter).And.NotContain(Basic("ci", "ci-password").Parameter);
    }

    static async Task<AuthenticationHeaderValue> Token(RegistryClient client, string user, params string[] scopes)
    {
        client.Authorization = Basic(user, user + "-password");
        using var answer = await client.Get(
            "/token?service=registry-simulator" + string.Concat(scopes.Select(scope => "&scope=" + Uri.EscapeDataString(scope))));
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!;
        body["expires_in"]!.GetValue<int>().Should().Be(300);
        return new AuthenticationHeaderValue("Bearer", body["token"]!.GetValue<string>());
    }

    static AuthenticationHeaderValue Basic(string user, string password) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

    static Task<RegistrySimulator> Start(RegistryAuthentication authentication, TimeProvider? time = null) => RegistrySimulator.Start(
        new RegistrySimulatorOptions
        {
            Authentication = authentication,
            Users = Users,
            Time = time ?? TimeProvider.System,
            Announce = _ => { },
        },
        Cancellation);

    sealed class SettableTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
