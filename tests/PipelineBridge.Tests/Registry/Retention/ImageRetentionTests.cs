using PipelineBridge.Registry.Retention;
using PipelineBridge.Simulators;
using PipelineBridge.Simulators.Registry;

namespace PipelineBridge.Tests.Registry.Retention;

public sealed class ImageRetentionTests
{
    static DateTimeOffset Day(int day) => RetentionRegistry.Day(day);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_newest_stay_and_so_does_what_is_needed()
    {
        await using var simulator = await Registry();
        using var registry = new RetentionRegistry(simulator.Url, simulator.Host);
        var runs = await registry.Put(Day(1), "1");
        await registry.Put(Day(2), "2", "old");
        await registry.Put(Day(3), "3");
        await registry.Put(Day(4), "4", "latest");

        var plan = await registry.Plan(newest: 1, registry.Needed(runs, "runs as portal on prod"), registry.Needed("3", "d-1 is to bring it to prod"));

        plan.Images.Select(i => (string.Join(' ', i.Tags), i.IsDeleted, i.Reason)).Should().Equal(
            ("4 latest", false, "is the newest"),
            ("3", false, "d-1 is to bring it to prod"),
            ("2 old", true, ""),
            ("1", false, "runs as portal on prod"));
        await registry.Apply(plan);
        (await registry.Has("2")).Should().BeFalse();
        (await registry.Has("old")).Should().BeFalse();
        (await registry.Has(runs)).Should().BeTrue();
        (await registry.Has("latest")).Should().BeTrue();
    }

    [Fact]
    public async Task A_plan_changes_nothing()
    {
        await using var simulator = await Registry();
        using var registry = new RetentionRegistry(simulator.Url, simulator.Host);
        await registry.Put(Day(1), "1");
        await registry.Put(Day(2), "2");

        (await registry.Plan(newest: 1)).Images.Count(i => i.IsDeleted).Should().Be(1);

        simulator.Log.Requests.Should().NotContain(r => r.Method == "DELETE");
        simulator.Tags("portal").Keys.Should().BeEquivalentTo("1", "2");
    }

    [Fact]
    public async Task What_is_needed_by_its_digest_stays_where_its_tag_moved_on()
    {
        await using var simulator = await Registry();
        using var registry = new RetentionRegistry(simulator.Url, simulator.Host);
        var runs = await registry.Put(Day(1), "latest");
        var newer = await registry.Put(Day(2), "latest", "2");

        var plan = await registry.Plan(newest: 0, registry.Needed(runs, "runs as portal on prod"));
        await registry.Apply(plan);

        plan.Images.Should().ContainSingle().Which.Digest.Should().Be(newer, "what has no tag is not seen, so it is not touched");
        (await registry.Has(runs)).Should().BeTrue();
    }

    [Fact]
    public async Task The_images_of_an_index_that_stays_stay()
    {
        await using var simulator = await Registry();
        using var registry = new RetentionRegistry(simulator.Url, simulator.Host);
        var amd64 = await registry.Put(Day(1), "1-amd64");
        var arm64 = await registry.Put(Day(1), "1-arm64");
        var index = await registry.PutIndex([amd64, arm64], "1");
        await registry.Put(Day(2), "2-amd64");
        await registry.Put(Day(3), "3");

        var plan = await registry.Plan(newest: 1, registry.Needed(index, "runs as portal on prod"));

        plan.Images.Where(i => i.IsDeleted).SelectMany(i => i.Tags).Should().Equal("2-amd64");
        plan.Images.Where(i => i.Reason == "is part of 1").Select(i => i.Digest).Should().BeEquivalentTo([amd64, arm64]);
    }

    [Fact]
    public async Task A_signature_stays_and_goes_with_its_image()
    {
        await using var simulator = await Registry();
        using var registry = new RetentionRegistry(simulator.Url, simulator.Host);
        var stays = await registry.Put(Day(2), "2");
        var goes = await registry.Put(Day(1), "1");
        var untagged = new string('a', 64);
        await registry.Put(null, $"{stays.Replace(':', '-')}.sig");
        await registry.Put(null, $"{goes.Replace(':', '-')}.sig");
        await registry.Put(null, $"sha256-{untagged}.sig");

        var plan = await registry.Plan(newest: 1);

        plan.Images.Where(i => i.IsDeleted).SelectMany(i => i.Tags).Should().BeEquivalentTo("1", $"{goes.Replace(':', '-')}.sig");
        plan.Images.Select(i => i.Reason).Should().BeEquivalentTo("is the newest", "", "belongs to 2", "", $"belongs to sha256:{untagged}");
    }

    [Fact]
    public async Task What_does_not_say_when_it_was_made_stays_and_equal_ages_go_by_the_number_in_their_tags()
    {
        await using var simulator = await Registry();
        using var registry = new RetentionRegistry(simulator.Url, simulator.Host);
        await registry.Put(null, "unknown");
        foreach (var tag in new[] { "build-9", "build-10", "build-100", "build-11" })
        {
            await registry.Put(DateTimeOffset.UnixEpoch, tag);
        }

        var plan = await registry.Plan(newest: 3);

        plan.Images.Select(i => i.Tags[0]).Should().Equal("unknown", "build-100", "build-11", "build-10", "build-9");
        plan.Images.Where(i => i.IsDeleted).Select(i => i.Tags[0]).Should().Equal("build-10", "build-9");
    }

    [Fact]
    public async Task A_repository_that_is_not_there_has_nothing_to_delete()
    {
        await using var simulator = await Registry();
        using var registry = new RetentionRegistry(simulator.Url, simulator.Host);

        (await registry.Plan(newest: 10)).Images.Should().BeEmpty();
    }

    [Fact]
    public async Task All_pages_of_a_list_are_read()
    {
        await using var simulator = await Registry();
        using var registry = new RetentionRegistry(simulator.Url, simulator.Host);
        await registry.Put(Day(1), "1");
        await registry.Put(Day(2), "2");
        simulator.Faults.Add(new Fault { PathPrefix = "/v2/portal/tags/list", Method = "GET", Status = 200, Body = """{"name":"portal","tags":["1"]}""", Headers = new Dictionary<string, string> { ["Link"] = "</v2/portal/tags/list?n=1000&last=1>; rel=\"next\"" } });

        (await registry.Plan(newest: 10)).Images.SelectMany(i => i.Tags).Distinct().Should().BeEquivalentTo("1", "2");
    }

    [Theory]
    [InlineData(405, "deletes nothing. For docker-registry it has to be allowed in its own configuration: storage.delete.enabled: true.")]
    [InlineData(400, "refused to delete")]
    public async Task A_registry_that_does_not_delete_is_told(int status, string cause)
    {
        await using var simulator = await Registry();
        using var registry = new RetentionRegistry(simulator.Url, simulator.Host);
        await registry.Put(Day(1), "1");
        var plan = await registry.Plan(newest: 0);
        simulator.Faults.Add(new Fault { PathPrefix = "/v2/portal/manifests/", Method = "DELETE", Status = status, Body = """{"errors":[{"code":"UNSUPPORTED","message":"The operation is unsupported."}]}""" });

        var delete = () => registry.Apply(plan);

        (await delete.Should().ThrowAsync<RetentionException>()).Which.Should().Match<RetentionException>(e => e.Message.Contains(cause) && e.Evidence!.Contains("UNSUPPORTED"));
        (await registry.Has("1")).Should().BeTrue();
    }

    [Fact, Trait("Needs", "service")]
    public async Task A_docker_registry_forgets_what_was_deleted_and_gives_what_stayed()
    {
        await using var real = await DockerRegistry.Start("none", Cancellation);
        using var registry = new RetentionRegistry(real.Url, real.Host);
        var runs = await registry.Put(Day(1), "1");
        var goes = await registry.Put(Day(2), "2");
        await registry.Put(Day(3), "3");

        await registry.Apply(await registry.Plan(newest: 1, registry.Needed(runs, "runs as portal on prod")));

        (await registry.Has(goes)).Should().BeFalse();
        (await registry.Has("2")).Should().BeFalse();
        (await registry.Has("1")).Should().BeTrue();
        (await registry.Has("3")).Should().BeTrue();
        (await registry.Plan(newest: 1, registry.Needed(runs, "runs as portal on prod"))).Images.Should().HaveCount(2).And.OnlyContain(i => !i.IsDeleted);
    }

    static Task<RegistrySimulator> Registry() => RegistrySimulator.Start(new RegistrySimulatorOptions { Announce = _ => { } }, Cancellation);
}
