namespace PipelineBridge.Journeys.OnASwarm;

/// <summary>Deliveries on a real Swarm of two nodes.</summary>
[Trait("Needs", "root")]
public sealed class DeliveryOnASwarmJourney(SwarmSite site) : IClassFixture<SwarmSite>
{
    [Fact]
    public async Task A_version_is_rolled_out_renewed_taken_back_when_it_is_broken_and_rolled_back_and_what_has_no_room_is_explained()
    {
        SwarmSite.SkipWhereMissing();
        const string App = "portal";
        // Beside the story: one task more than there are nodes that have the port.
        var crowded = await site.Bridge.Deploy("crowded", "prod", await site.Pushed("crowded", "one"),
            SwarmSite.Specification("ports: [{ container: 8080, host: 18081 }]\nreplicas: 3"), healthTimeoutSeconds: 60);

        await site.Bridge.Good(await site.Bridge.Deploy(App, "prod", await site.Pushed(App, "one"), SwarmSite.Specification("ports: [8080]\nreplicas: 2")));
        var answers = await site.Answers(App);
        answers.Select(a => a.Answer).Should().Equal("one", "one");
        answers.Select(a => a.Node).Should().OnlyHaveUniqueItems();

        var two = await site.Pushed(App, "two");
        await site.Bridge.Good(await site.Bridge.Deploy(App, "prod", two));
        (await site.Answers(App)).Select(a => a.Answer).Should().Equal("two", "two");
        // A deployment of what runs already changes nothing, also not what a rollback goes back to.
        ((bool)(await site.Bridge.Good(await site.Bridge.Deploy(App, "prod", two)))["alreadyLive"]!).Should().BeTrue();

        var broken = await site.Bridge.End(await site.Bridge.Deploy(App, "prod", await site.Pushed(App, "three", healthy: false, before: "echo no database")));
        ((string)broken["state"]!, (string)broken["effect"]!, (string)broken["category"]!).Should().Be(("failed", "takenback", "health"), broken.ToJsonString());
        (await site.Bridge.Evidence(broken, "last task")).Should().Contain("unhealthy container");
        (await site.Bridge.Evidence(broken, "last log")).Should().Contain("no database");
        (await site.Answers(App)).Select(a => a.Answer).Should().Equal("two", "two");

        var (code, said) = await site.Bridge.Command("rollback", App, "prod");
        code.Should().Be(0, "{0}\n{1}", said, site.Bridge);
        (await site.Answers(App)).Select(a => a.Answer).Should().Equal("one", "one");

        var noRoom = await site.Bridge.End(crowded);
        ((string)noRoom["state"]!, (string)noRoom["category"]!).Should().Be(("failed", "resources"), noRoom.ToJsonString());
        ((string)noRoom["cause"]!).Should().MatchRegex("^No node has the port free that a new task needs; [12] of 3 came up in 60 s\\.$");
        (await site.Bridge.Evidence(noRoom, "last task")).Should().Contain("no suitable node");
        (await site.IsThere("crowded")).Should().BeFalse("a first deployment goes back to nothing");
    }
}
