using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using PipelineBridge.Events;
using PipelineBridge.Registry;
using PipelineBridge.Simulators.Registry;

namespace PipelineBridge.Tests.Registry;

public sealed class ArchivePushTests : IAsyncLifetime
{
    readonly LayoutDirectory layouts = new();
    readonly RegistryConnections connections = new([], TimeProvider.System);
    RegistrySimulator registry = null!;

    static SampleImage Image => SampleImage.Of("hello", layers: 3);

    string Archive => Path.Combine(layouts.Root, "portal.tar");

    public async ValueTask InitializeAsync() =>
        registry = await RegistrySimulator.Start(new RegistrySimulatorOptions { Announce = _ => { } }, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        connections.Dispose();
        await registry.DisposeAsync();
        layouts.Dispose();
    }

    [Fact]
    public async Task A_layout_in_a_directory_is_pushed_by_its_digest_and_no_tag_is_set()
    {
        layouts.Write("portal", (Image, null));

        var pushed = await Push(Path.Combine(layouts.Root, "portal"));

        pushed.Image.ToString().Should().Be($"{registry.Host}/portal:412@{Image.Digest}");
        registry.Manifest("portal", Image.Digest).Should().NotBeNull();
        registry.Tags("portal").Should().BeEmpty("the bridge sets them");
    }

    [Theory]
    [InlineData("")]
    [InlineData("./")]
    public async Task A_layout_in_a_tar_keeps_its_digest(string before)
    {
        layouts.Write("portal", (Image, null));
        var directory = Path.Combine(layouts.Root, "portal");
        using var archive = new ArchiveFile(Archive);
        foreach (var file in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories))
        {
            archive.Put(before + Path.GetRelativePath(directory, file), await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        }

        var pushed = await Push(archive.Write());

        pushed.Image.Digest.Should().Be(Image.Digest);
        pushed.Size.Should().Be(new PushedSize(Image.Blobs.Sum(b => b.Value.Length), Image.Blobs.Sum(b => b.Value.Length)));
        (await Push(Archive)).Size.NewBytes.Should().Be(0, "all of it is there");
    }

    [Fact]
    public async Task What_docker_save_writes_is_pushed_with_its_layers_compressed_and_the_same_bytes_each_time()
    {
        using var archive = new ArchiveFile(Archive);
        archive.Save(Image, ["portal:412"]).Write();

        var pushed = await Push(Archive);

        var manifest = JsonNode.Parse(registry.Manifest("portal", pushed.Image.Digest!)!.Bytes.Span)!;
        ((string)manifest["mediaType"]!).Should().Be(MediaTypes.DockerImage);
        ((string)manifest["config"]!["digest"]!).Should().Be(Image.Blobs[0].Key, "it is the image's id");
        var layers = manifest["layers"]!.AsArray().Select(l => (string)l!["digest"]!).ToList();
        layers.Should().HaveCount(3);
        using var client = new HttpClient { BaseAddress = registry.Url };
        for (var i = 0; i < 3; i++)
        {
            var layer = await client.GetByteArrayAsync($"v2/portal/blobs/{layers[i]}", TestContext.Current.CancellationToken);
            ArchiveFile.Plain(layer).Should().Equal(ArchiveFile.Plain(Image.Blobs[i + 1].Value.ToArray()));
        }
        (await Push(Archive)).Should().Be(new DirectlyPushed(pushed.Image, pushed.Size with { NewBytes = 0 }));
    }

    [Fact]
    public async Task Layers_that_are_compressed_already_are_pushed_as_they_are()
    {
        using var archive = new ArchiveFile(Archive);
        archive.Save(Image, ["portal:412"], keepsCompression: true).Write();

        await Push(Archive);

        Image.Blobs.Should().OnlyContain(b => registry.HasBlob("portal", b.Key));
    }

    [Fact]
    public async Task A_layer_that_two_images_share_is_found_through_its_link()
    {
        var layer = ArchiveFile.Plain(Image.Blobs[1].Value.ToArray());
        var config = Encoding.UTF8.GetBytes(new JsonObject { ["rootfs"] = new JsonObject { ["diff_ids"] = new JsonArray(LayoutDirectory.Digest(layer)) } }.ToJsonString());
        using var archive = new ArchiveFile(Archive);
        archive.Put("one/layer.tar", layer).Link("two/layer.tar", "../one/layer.tar").Save(config, ["portal:412"], ["two/layer.tar"]).Write();

        (await Push(Archive)).Size.NewBytes.Should().BeGreaterThan(config.Length);
    }

    [Theory]
    [InlineData("portal:412", "other:412", "by name")]
    [InlineData("registry.internal/team/portal:412", "registry.internal/team/portal:411", "by tag")]
    public async Task Of_several_images_the_one_by_that_name_or_tag_is_taken(string wanted, string other, string because)
    {
        using var archive = new ArchiveFile(Archive);
        archive.Save(SampleImage.Of("other"), [other]).Save(Image, [wanted, "portal:latest"]).Write();

        var pushed = await Push(Archive);

        ((string)JsonNode.Parse(registry.Manifest("portal", pushed.Image.Digest!)!.Bytes.Span)!["config"]!["digest"]!).Should().Be(Image.Blobs[0].Key, because);
    }

    [Fact]
    public async Task Of_several_images_without_that_name_none_is_taken_and_all_are_told()
    {
        using var archive = new ArchiveFile(Archive);
        archive.Save(SampleImage.Of("other"), ["other:1"]).Save(Image, ["portal:2"]).Write();

        var failure = (await Pushing(Archive).Should().ThrowAsync<DirectPushException>()).Which;

        failure.Message.Should().Be($"The archive {Archive} holds 2 images, and none is portal:412.");
        failure.Evidence.Should().Contain("other:1").And.Contain("portal:2");
    }

    [Fact]
    public async Task A_layer_that_is_not_the_one_of_its_configuration_is_told_and_nothing_is_stored()
    {
        using var archive = new ArchiveFile(Archive);
        archive.Put("wrong.tar", [1, 2, 3]).Save(Image.Blobs[0].Value.ToArray(), ["portal:412"], ["wrong.tar", "wrong.tar", "wrong.tar"]).Write();

        (await Pushing(Archive).Should().ThrowAsync<DirectPushException>()).WithMessage($"The archive {Archive} is broken: its layer wrong.tar is not sha256:*, which its configuration names.");
        registry.Log.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task An_archive_that_misses_a_layer_is_told()
    {
        using var archive = new ArchiveFile(Archive);
        archive.Save(Image.Blobs[0].Value.ToArray(), ["portal:412"], ["../../etc/passwd", "b", "c"]).Write();

        (await Pushing(Archive).Should().ThrowAsync<DirectPushException>()).WithMessage("*is broken: it has no *, which it names itself.");
    }

    [Fact]
    public async Task A_blob_of_a_tar_that_does_not_match_its_digest_is_never_stored()
    {
        layouts.Write("portal", (Image, null));
        var wrong = Image.Blobs[1].Value.ToArray();
        wrong[^1] ^= 1;
        await File.WriteAllBytesAsync(layouts.PathOf("portal", Image.Blobs[1].Key), wrong, TestContext.Current.CancellationToken);
        ArchiveFile.OfLayout(Path.Combine(layouts.Root, "portal"), Archive);

        (await Pushing(Archive).Should().ThrowAsync<DirectPushException>()).WithMessage($"The archive {Archive} is broken: its blob {Image.Blobs[1].Key} does not match its digest or its size.");
        registry.HasBlob("portal", Image.Blobs[1].Key).Should().BeFalse();
    }

    [Fact]
    public async Task A_cut_archive_is_told()
    {
        using var archive = new ArchiveFile(Archive);
        archive.Save(Image, ["portal:412"]).Write(cutBytes: 2000);
        (await Pushing(Archive).Should().ThrowAsync<DirectPushException>()).WithMessage($"The archive {Archive} *");
    }

    [Fact]
    public async Task What_is_no_archive_of_images_is_told_with_what_would_be_right()
    {
        (await Pushing(Archive).Should().ThrowAsync<DirectPushException>()).WithMessage($"The archive {Archive} is not there, is no file, or is empty.");
        await File.WriteAllTextAsync(Archive, new string('x', 2000), TestContext.Current.CancellationToken);
        (await Pushing(Archive).Should().ThrowAsync<DirectPushException>()).WithMessage($"The archive {Archive} is no tar archive, or is cut.");
        using (var none = new ArchiveFile(Archive))
        {
            none.Put("hello", [1]).Write();
        }
        (await Pushing(Archive).Should().ThrowAsync<DirectPushException>()).WithMessage("*holds no image: it has neither an index.json (OCI layout) nor a manifest.json (docker save).");
        await using (var gzip = new GZipStream(File.Create(Archive), CompressionLevel.Fastest))
        {
            await gzip.WriteAsync(new byte[2000], TestContext.Current.CancellationToken);
        }
        (await Pushing(Archive).Should().ThrowAsync<DirectPushException>()).WithMessage("*is compressed with gzip; it must be a plain tar archive*");
    }

    [Theory]
    [InlineData("oci-archive")]
    [InlineData("docker-archive")]
    [Trait("Needs", "service")]
    public async Task What_skopeo_writes_is_pushed_and_read_back_by_it(string form)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/skopeo"), "skopeo is not installed");
        layouts.Write("portal", (Image, "412"));
        await Skopeo("copy", $"oci:{Path.Combine(layouts.Root, "portal")}:412", $"{form}:{Archive}:portal:412");

        await Push(Archive);
        var pushed = await Push(Archive);

        pushed.Size.NewBytes.Should().Be(0);
        var back = Path.Combine(layouts.Root, "back");
        await Skopeo("copy", "--src-tls-verify=false", $"docker://{pushed.Image.Pinned}", $"dir:{back}");
        Directory.EnumerateFiles(back).Should().HaveCount(2 + Image.Blobs.Count, "manifest, version and the blobs, whose digests it checked");
    }

    Task<DirectlyPushed> Push(string path) =>
        new DirectPush(connections).Push(ImageReference.Parse($"{registry.Host}/portal:412"), path, null, new PushMeter(), TestContext.Current.CancellationToken);

    Func<Task> Pushing(string path) => () => Push(path);

    static async Task Skopeo(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/skopeo", ["--insecure-policy", .. arguments]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.Should().Be(0, errors);
    }
}
