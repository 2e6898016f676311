using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Journeys.Site;
using PipelineBridge.Simulators.Marathon;
using PipelineBridge.Tests.Broker;

namespace PipelineBridge.Journeys.OverTheBroker;

/// <summary>A Jenkinsfile with the library, run by its harness on Groovy, against bridge, RabbitMQ, stages and registry.</summary>
[Trait("Needs", "service")]
public sealed class JenkinsJourneys(RabbitMqServer broker) : IClassFixture<RabbitMqServer>, IDisposable
{
    static readonly string Program = Path.Combine(RepositoryRoot(), "jenkins-shared-lib", "test", "run-pipeline");

    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("pipelinebridge-jenkins-");

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public async Task A_commit_is_built_pushed_deployed_and_awaited_and_so_it_is_when_the_bridge_dies_in_the_middle()
    {
        SkipUnlessThere();
        await using var site = await BrokerSite.Start(broker);
        await using (var build = Pipeline(site, 1))
        {
            (await build.End()).Should().Be(0, $"{build}\n{site}");
            build.ToString().Should().Contain("portal is live on prod");
        }
        site.Marathon.Script(new TaskBehavior { App = "/prod/portal", HealthyAfterMilliseconds = 8000, Times = 2 });
        await using var second = Pipeline(site, 2);
        await second.Says("rolling out");
        await site.Bridge.Kill();
        await Task.Delay(TimeSpan.FromSeconds(3), Stop);
        await site.Bridge.Start();
        (await second.End()).Should().Be(0, $"{second}\n{site}");
        site.Writes.Should().Be(2);
        (await Deployments(site)).Should().Be(2);
    }

    [Fact]
    public async Task A_broker_that_is_away_for_a_minute_makes_the_build_wait_and_not_fail()
    {
        SkipUnlessThere();
        await using var site = await BrokerSite.Start(broker);
        await broker.Stop();
        await using var build = Pipeline(site, 1);
        await build.Says("accepted");
        await Task.Delay(TimeSpan.FromSeconds(60), Stop);
        await broker.Start();
        (await build.End()).Should().Be(0, $"{build}\n{site}");
        site.Writes.Should().Be(1);
    }

    [Fact]
    public async Task Jenkins_that_is_restarted_in_the_wait_goes_on_with_the_same_deployment()
    {
        SkipUnlessThere();
        await using var site = await BrokerSite.Start(broker);
        site.Marathon.Script(new TaskBehavior { App = "/prod/portal", HealthyAfterMilliseconds = 15_000, Times = 2 });
        var state = Path.Combine(directory.FullName, "state");
        await using (var before = Pipeline(site, 1, "--state", state))
        {
            await before.Says("rolling out");
            await before.Kill();
        }
        (await System.IO.File.ReadAllTextAsync(state, Encoding.Latin1, Stop)).Should().NotContain(BrokerSite.Key, "the saved program carries no credential");
        await using var after = Pipeline(site, 1, "--state", state);
        (await after.End()).Should().Be(0, $"{after}\n{site}");
        (await Deployments(site)).Should().Be(1);
        site.Writes.Should().Be(1);
    }

    [Fact]
    public async Task A_stage_that_is_tried_again_and_two_branches_at_once_ask_for_no_more_than_they_say()
    {
        SkipUnlessThere();
        await using var site = await BrokerSite.Start(broker);
        await using (var build = Pipeline(site, 1, File("retry", Jenkinsfile(site, 1, "retry(2) {", "if (env.TRIED == null) { env.TRIED = 'yes'; error 'the first try breaks after it asked' } }"))))
        {
            (await build.End()).Should().Be(0, $"{build}\n{site}");
        }
        (await Deployments(site)).Should().Be(1);
        await using var main = Pipeline(site, 2);
        await using var branch = Pipeline(site, 3);
        var ends = await Task.WhenAll(main.End(), branch.End());
        ends.Should().Contain(0, $"one of them is what serves\n{main}\n{branch}\n{site}");
        (await Deployments(site)).Should().Be(3);
        var states = (await site.Http.GetFromJsonAsync<JsonObject>("/v1/deployments?app=portal&environment=prod&limit=10", Stop))!["deployments"]!.AsArray().Select(d => (string)d!["state"]!).ToList();
        states.Should().OnlyContain(s => s == "succeeded" || s == "superseded");
    }

    static async Task<int> Deployments(BrokerSite site) =>
        (await site.Http.GetFromJsonAsync<JsonObject>("/v1/deployments?app=portal&environment=prod&limit=100", Stop))!["deployments"]!.AsArray().Count;

    JenkinsBuild Pipeline(BrokerSite site, int number, params string[] options)
    {
        site.Build($"{number}");
        var file = options.FirstOrDefault(o => o.EndsWith(".groovy", StringComparison.Ordinal)) ?? File($"{number}", Jenkinsfile(site, number));
        return new JenkinsBuild(Program, site.Http.BaseAddress!.ToString(), BrokerSite.Key,
            ["--job", "portal/main", "--number", $"{number}", .. options.Where(o => o != file), file]);
    }

    string File(string name, string content)
    {
        var path = Path.Combine(directory.FullName, $"{name}.groovy");
        System.IO.File.WriteAllText(path, content);
        return path;
    }

    static string Jenkinsfile(BrokerSite site, int number, string before = "", string after = "") => $$"""
        node {
            bridgeBuild(app: 'portal') {
                stage('build') { echo 'built' }
            }
            bridgePush app: 'portal', image: '{{site.Registry.Host}}/portal:{{number}}', source: 'oci-layout: builds/portal-{{number}}'
        }
        stage('deploy') {
            {{before}}
            bridgeDeploy app: 'portal', environment: 'prod', spec: '''{{BrokerSite.Specification().ToJsonString()}}'''
            {{after}}
            bridgeAwait app: 'portal', environment: 'prod', minutes: 10
        }
        """;

    static void SkipUnlessThere()
    {
        Assert.SkipUnless(System.IO.File.Exists("/usr/share/java/groovy-all.jar"), "groovy is not installed (Debian package groovy).");
        RabbitMqServer.SkipWhereMissing();
    }

    static string RepositoryRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(at.FullName, "PipelineBridge.sln")))
            {
                return at.FullName;
            }
        }
        throw new DirectoryNotFoundException("The repository's root is not above the tests.");
    }
}
