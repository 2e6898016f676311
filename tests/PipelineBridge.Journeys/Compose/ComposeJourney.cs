using System.Text.RegularExpressions;
using PipelineBridge.Tests;

namespace PipelineBridge.Journeys.Compose;

/// <summary>compose/ tried for real, by the lines of docs/installation.md.</summary>
[Trait("Needs", "root")]
public sealed partial class ComposeJourney
{
    [Fact]
    public async Task The_lines_of_the_docs_bring_it_up_deliver_and_find_the_story_again_after_down_and_up()
    {
        await using var site = await ComposeSite.Start();
        var lines = Lines();

        // The first start, and the first delivery.
        await site.Run(lines.Single(l => l.Contains("up -d\n", StringComparison.Ordinal) && l.Contains("--profile simulators", StringComparison.Ordinal)));
        await site.Healthy();
        var said = await site.Run(lines.Single(l => l.Contains("operator deploy", StringComparison.Ordinal)));
        said.Should().Contain("is live on prod", await site.Logs());
        await site.Told("live 1.0");
        var delivery = (await site.Get("/v1/deployments?app=hello&environment=prod"))["deployments"]![0]!.AsObject();
        ((string)delivery["state"]!).Should().Be("succeeded");
        var chain = $"/v1/chains/{(string)(await site.Get($"/v1/requests/{(string)delivery["id"]!}"))["chainId"]!}";
        var story = await site.Story(chain);
        story.Should().Contain("deployment.requested").And.Contain("notification.delivered");

        // Who may sign in: our users with the passwords that were made, and nobody else.
        (await site.Run("docker-compose exec -T rabbitmq rabbitmqctl -q list_users --formatter json")).Should()
            .Contain("pipelinebridge-subscriber").And.Contain("pipelinebridge-notifications").And.NotContain("guest");
        var secrets = site.Secrets;
        foreach (var container in (await site.Engine.Call(HttpMethod.Get, "containers/json?all=1"))!.AsArray())
        {
            var seen = (await site.Engine.Call(HttpMethod.Get, $"containers/{(string)container!["Id"]!}/json"))!.ToJsonString();
            var logs = await site.Run($"docker logs {(string)container["Id"]!} 2>&1");
            foreach (var (name, secret) in secrets.Where(s => s.Value != "xoxb-simulator"))
            {
                (seen + logs).Should().NotContain(secret, "{0} is named, never carried", name);
            }
        }

        // The other lines of the docs hold while it runs.
        foreach (var line in lines.Where(l => l.Contains("config check", StringComparison.Ordinal) || l.Contains("import_definitions /run", StringComparison.Ordinal) || l.Contains("journal backup", StringComparison.Ordinal)))
        {
            await site.Run(line);
        }
        File.Exists(Path.Combine(site.Compose, "backup.db")).Should().BeTrue();
        site.Secrets.Should().BeEquivalentTo(secrets, "init ran again and changed none");
        await site.Run("docker-compose run --rm operator status");

        // Down and up.
        await site.Run("docker-compose --profile simulators down");
        (await site.Engine.Call(HttpMethod.Get, "containers/json?all=1"))!.AsArray().Should().BeEmpty();
        await site.Run("docker-compose --profile simulators up -d");
        await site.Healthy();
        (await site.Get(chain))["events"]!.ToJsonString().Should().Be(story);
        (await site.Run("docker-compose run --rm operator deploy hello prod localhost:5000/hello:1.0")).Should().Contain("is live on prod", await site.Logs());
    }

    /// <summary>The blocks of shell of the page.</summary>
    static List<string> Lines() => [.. Block().Matches(File.ReadAllText(Repository.PathOf("docs", "installation.md"))).Select(m => m.Groups[1].Value)];

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
