using PipelineBridge.Events;
using PipelineBridge.Simulators;
using PipelineBridge.Simulators.Registry;

namespace PipelineBridge.Tests.Registry;

public sealed class LayoutPushTests : IAsyncLifetime
{
    readonly LayoutDirectory layouts = new();
    RegistryStage stage = null!;
    RegistrySimulator registry = null!;

    static SampleImage Amd => SampleImage.Of("hello", layers: 2);

    static SampleImage Arm => SampleImage.Of("hello", layers: 2, platform: "linux/arm64");

    public async ValueTask InitializeAsync()
    {
        stage = new RegistryStage(layouts.Options);
        registry = await RegistrySimulator.Start(new RegistrySimulatorOptions { Announce = _ => { } }, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        stage.Dispose();
        await registry.DisposeAsync();
        layouts.Dispose();
    }

    [Fact]
    public async Task An_image_is_pushed_with_its_blobs_and_its_tags()
    {
        layouts.Write("portal/412", (Amd, null));

        var end = await stage.PushLayout($"{registry.Host}/team/portal:412", "builds/portal/412", tags: ["latest"]);

        end.ShouldBePublished($"{registry.Host}/team/portal:412@{Amd.Digest}").Custom!.Tags.Should().Equal("412", "latest");
        var bytes = Amd.Blobs.Sum(b => b.Value.Length);
        end.Custom!.Pushed.Should().Be(new PushedSize(bytes, bytes));
        end.Custom.Phases!.PushedSeconds.Should().BeGreaterThan(0);
        registry.Tags("team/portal").Should().Equal(new Dictionary<string, string> { ["412"] = Amd.Digest, ["latest"] = Amd.Digest });
        registry.Manifest("team/portal", Amd.Digest)!.Bytes.ToArray().Should().Equal(Amd.Manifest.ToArray());
        registry.OpenUploads.Should().Be(0);
    }

    [Fact]
    public async Task A_repeated_push_uploads_nothing_and_writes_nothing()
    {
        layouts.Write("portal", (Amd, null));
        await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal");
        var before = (registry.TotalTraffic, registry.Log.Requests.Count);

        var end = await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal", attempts: 2);

        end.ShouldBePublished($"{registry.Host}/portal:412@{Amd.Digest}").Custom!.Pushed.Should().Be(new PushedSize(Amd.Blobs.Sum(b => b.Value.Length), 0));
        registry.TotalTraffic.Should().Be(before.TotalTraffic);
        registry.Log.Requests.Skip(before.Count).Should().OnlyContain(r => r.Method == "HEAD");
    }

    [Fact]
    public async Task Only_blobs_that_are_missing_move()
    {
        layouts.Write("portal", (Amd, null));
        using var client = new Simulators.Registry.RegistryClient(registry.Url);
        await client.PutBlob("portal", Amd.Blobs[1].Value.ToArray());

        var end = await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal");

        end.ShouldBePublished($"{registry.Host}/portal:412@{Amd.Digest}");
        end.Custom!.Pushed!.NewBytes.Should().Be(Amd.Blobs.Sum(b => b.Value.Length) - Amd.Blobs[1].Value.Length);
        registry.Traffic(Amd.Blobs[1].Key).Uploads.Should().Be(1, "it was there");
    }

    [Fact]
    public async Task A_blob_that_another_repository_has_is_mounted()
    {
        layouts.Write("portal", (Amd, null));
        await stage.PushLayout($"{registry.Host}/team/one:412", "builds/portal");
        var before = registry.TotalTraffic.BytesReceived;

        var end = await stage.PushLayout($"{registry.Host}/team/two:412", "builds/portal");

        end.ShouldBePublished($"{registry.Host}/team/two:412@{Amd.Digest}").Custom!.Pushed!.NewBytes.Should().Be(0);
        registry.TotalTraffic.Mounts.Should().Be(3);
        registry.TotalTraffic.BytesReceived.Should().Be(before);
    }

    [Fact]
    public async Task A_mount_that_finds_nothing_becomes_an_upload()
    {
        layouts.Write("portal", (Amd, null));
        await stage.PushLayout($"{registry.Host}/one:412", "builds/portal");
        using var client = new Simulators.Registry.RegistryClient(registry.Url);
        foreach (var (digest, _) in Amd.Blobs)
        {
            await client.Send("DELETE", $"/v2/one/blobs/{digest}");
        }
        (await stage.PushLayout($"{registry.Host}/two:412", "builds/portal")).ShouldBePublished($"{registry.Host}/two:412@{Amd.Digest}").Custom!.Pushed!.NewBytes.Should().BeGreaterThan(0);
        registry.OpenUploads.Should().Be(0);
    }

    [Fact]
    public async Task An_index_goes_after_its_images_and_these_after_their_blobs()
    {
        var digest = layouts.WriteMany("portal", Amd, Arm);

        var end = await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal");

        end.ShouldBePublished($"{registry.Host}/portal:412@{digest}");
        var puts = registry.Log.Requests.Where(r => r.Method == "PUT").ToList();
        puts.TakeLast(3).Select(r => r.Path).Should().BeEquivalentTo(
            $"/v2/portal/manifests/{Amd.Digest}", $"/v2/portal/manifests/{Arm.Digest}", "/v2/portal/manifests/412");
        puts[^1].Path.Should().EndWith("/412");
        puts.SkipLast(3).Should().OnlyContain(r => r.Path.Contains("/blobs/uploads/")).And.HaveCount(6);
    }

    [Fact]
    public async Task An_index_in_an_index_goes_before_the_one_that_names_it()
    {
        layouts.Write("portal", (Amd, null));
        var inner = SampleImage.IndexOf(Amd);
        layouts.PutBlob("portal", inner);
        var middle = System.Text.Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"manifests":[{{LayoutDirectory.Descriptor(MediaTypes.OciIndex, inner, null).ToJsonString()}}]}""");
        layouts.PutBlob("portal", middle);
        var outer = System.Text.Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"manifests":[{{LayoutDirectory.Descriptor(MediaTypes.OciIndex, middle, null).ToJsonString()}}]}""");
        layouts.PutBlob("portal", outer);
        layouts.WriteIndex("portal", LayoutDirectory.Descriptor(MediaTypes.OciIndex, outer, null));

        (await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal")).ShouldBePublished($"{registry.Host}/portal:412@{LayoutDirectory.Digest(outer)}");

        registry.Log.Requests.Where(r => r.Method == "PUT" && r.Path.Contains("/manifests/")).Select(r => r.Path.Split('/')[^1])
            .Should().Equal(Amd.Digest, LayoutDirectory.Digest(inner), LayoutDirectory.Digest(middle), "412");
    }

    [Fact]
    public async Task An_image_of_an_index_that_only_the_registry_has_is_enough()
    {
        registry.Seed("portal", null, Arm);
        var digest = layouts.WriteMany("portal", Amd, Arm);
        File.Delete(layouts.PathOf("portal", Arm.Digest));
        (await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal")).ShouldBePublished($"{registry.Host}/portal:412@{digest}");
    }

    [Fact]
    public async Task An_image_of_an_index_that_nobody_has_fails()
    {
        layouts.WriteMany("portal", Amd, Arm);
        File.Delete(layouts.PathOf("portal", Arm.Digest));
        var end = await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal");
        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Image);
        end.Custom!.Cause.Should().Be($"The manifest {Arm.Digest} is named in the layout builds/portal, but is neither there nor in the registry {registry.Host}.");
        registry.Digest("portal", "412").Should().BeNull();
    }

    [Theory]
    [InlineData(MediaTypes.DockerImage)]
    [InlineData(MediaTypes.OciImage)]
    public async Task Docker_and_OCI_types_are_kept(string type)
    {
        var (digest, _) = layouts.WriteLarge("portal", 1000, type);
        (await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal")).ShouldBePublished($"{registry.Host}/portal:412@{digest}");
        registry.Manifest("portal", digest)!.MediaType.Should().Be(type);
    }

    [Fact]
    public async Task Of_several_images_the_one_named_by_the_tag_is_pushed()
    {
        layouts.Write("portal", (Amd, "411"), (Arm, "412"));
        (await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal")).ShouldBePublished($"{registry.Host}/portal:412@{Arm.Digest}");
        (await stage.PushLayout($"{registry.Host}/portal:x@{Amd.Digest}", "builds/portal")).ShouldBePublished($"{registry.Host}/portal:x@{Amd.Digest}");

        var end = await stage.PushLayout($"{registry.Host}/portal:413", "builds/portal");
        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Image);
        end.Custom!.Cause.Should().Be("The layout builds/portal holds 2 images, and none is org.opencontainers.image.ref.name 413.");
        stage.Bridge.EvidencePut.Last().Text.Should().Contain($"{Arm.Digest} 412");
    }

    [Fact]
    public async Task Without_a_tag_the_image_is_stored_by_its_digest()
    {
        layouts.Write("portal", (Amd, null));
        (await stage.PushLayout($"{registry.Host}/portal@{Amd.Digest}", "builds/portal")).ShouldBePublished($"{registry.Host}/portal@{Amd.Digest}");
        registry.Manifest("portal", Amd.Digest).Should().NotBeNull();
    }

    [Fact]
    public async Task Another_image_than_the_asked_one_is_refused_before_anything_moves()
    {
        layouts.Write("portal", (Amd, null));
        var other = "sha256:" + new string('c', 64);
        var end = await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal", imageId: other);
        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Image);
        registry.TotalTraffic.BytesReceived.Should().Be(0);
        (await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal", imageId: Amd.Blobs[0].Key)).ShouldBePublished($"{registry.Host}/portal:412@{Amd.Digest}");
    }

    [Fact]
    public async Task Several_blobs_move_at_once_but_not_more_than_four()
    {
        var image = SampleImage.Of("hello", layers: 12);
        layouts.Write("portal", (image, null));
        registry.Faults.Add(new Fault { PathPrefix = "/v2/portal/blobs/uploads/", Method = "PUT", DelayMilliseconds = 100, Times = 13 });

        await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal");

        var puts = registry.Log.Requests.Where(r => r.Method == "PUT" && r.Path.Contains("/blobs/")).ToList();
        var most = puts.Max(one => puts.Count(other => other.Time <= one.Time && other.Ended > one.Time));
        most.Should().BeInRange(2, 4);
        puts.Should().HaveCount(13);
    }
}
