using System.Text;
using PipelineBridge.Events;
using PipelineBridge.Simulators.Registry;

namespace PipelineBridge.Tests.Registry;

public sealed class BrokenLayoutTests : IAsyncLifetime
{
    readonly LayoutDirectory layouts = new();
    RegistryStage stage = null!;
    RegistrySimulator registry = null!;

    static SampleImage Image => SampleImage.Of("hello");

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

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("builds")]
    [InlineData("builds/")]
    [InlineData("/etc")]
    [InlineData("builds/../secret")]
    [InlineData("builds/portal/../../secret")]
    [InlineData("builds/./portal")]
    [InlineData("builds//etc")]
    [InlineData("builds/por\0tal")]
    public async Task A_path_that_is_none_below_a_root_is_refused(string? path)
    {
        var end = await stage.Push(new ImagePushRequested($"{registry.Host}/portal:412", [], PushSource.OciLayout, path));
        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Configuration);
        end.Custom!.Cause.Should().Contain("it must be root/path");
    }

    [Fact]
    public async Task A_root_that_is_not_known_is_told_with_those_that_are()
    {
        (await Push("other/portal")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Configuration)
            .Custom!.Cause.Should().Be("The path \"other/portal\" begins with no root that the registry stage knows; known: builds.");
    }

    [Fact]
    public async Task A_layout_that_is_not_there_fails()
    {
        (await Push("builds/nothing")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Image)
            .Custom!.Cause.Should().Be("The layout builds/nothing is not there: it has no index.json.");
    }

    [Fact]
    public async Task A_link_out_of_the_root_is_not_followed()
    {
        layouts.Write("portal", (Image, null));
        Directory.Move(Path.Combine(layouts.Root, "portal"), Path.Combine(layouts.Outside, "secret"));
        Directory.CreateSymbolicLink(Path.Combine(layouts.Root, "portal"), Path.Combine(layouts.Outside, "secret"));
        (await Push("builds/portal")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Configuration)
            .Custom!.Cause.Should().Be("The layout builds/portal leads out of its root by a link.");
        registry.Log.Requests.Should().NotContain(r => r.Method != "HEAD");
    }

    [Fact]
    public async Task A_blob_that_is_a_link_out_of_the_root_is_not_read()
    {
        layouts.Write("portal", (Image, null));
        var layer = layouts.PathOf("portal", Image.Blobs[1].Key);
        File.Move(layer, Path.Combine(layouts.Outside, "layer"));
        File.CreateSymbolicLink(layer, Path.Combine(layouts.Outside, "layer"));
        (await Push("builds/portal")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Configuration);
        registry.HasBlob("portal", Image.Blobs[1].Key).Should().BeFalse();
    }

    [Fact]
    public async Task A_link_within_the_root_is_followed_also_when_the_root_is_a_link_itself()
    {
        layouts.Write("builds/412", (Image, null));
        Directory.CreateSymbolicLink(Path.Combine(layouts.Root, "current"), "builds/412");
        Directory.CreateSymbolicLink(Path.Combine(layouts.Outside, "alias"), layouts.Root);
        using var aliased = new RegistryStage(new PipelineBridge.Registry.RegistryStageOptions { Roots = new Dictionary<string, string> { ["builds"] = Path.Combine(layouts.Outside, "alias") } });
        (await aliased.PushLayout($"{registry.Host}/portal:412", "builds/current")).ShouldBePublished($"{registry.Host}/portal:412@{Image.Digest}");
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"../../../etc/passwd","size":1}]}""")]
    public async Task An_index_json_that_cannot_be_read_fails(string json)
    {
        layouts.Write("portal", (Image, null));
        await File.WriteAllTextAsync(Path.Combine(layouts.Root, "portal", "index.json"), json, TestContext.Current.CancellationToken);
        (await Push("builds/portal")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Image)
            .Custom!.Cause.Should().Be("The index.json of the layout builds/portal cannot be read.");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_blob_that_does_not_match_its_digest_is_never_stored_and_no_tag_is_set(bool keepsSize)
    {
        layouts.Write("portal", (Image, null));
        var (digest, bytes) = Image.Blobs[1];
        var wrong = keepsSize ? bytes.ToArray() : [.. bytes.ToArray(), 0];
        wrong[^1] ^= 1;
        // Alone, so that no other upload is stopped on its way.
        using var client = new Simulators.Registry.RegistryClient(registry.Url);
        await client.PutBlob("portal", Image.Blobs[0].Value.ToArray());
        await File.WriteAllBytesAsync(layouts.PathOf("portal", digest), wrong, TestContext.Current.CancellationToken);

        var end = await Push("builds/portal");

        end.ShouldHaveFailed(WorkEffect.None, FailureCategory.Image);
        end.Custom!.Cause.Should().Be($"The layout builds/portal is broken: its blob {digest} does not match its digest or its size.");
        registry.HasBlob("portal", digest).Should().BeFalse();
        registry.Tags("portal").Should().BeEmpty();
        registry.OpenUploads.Should().Be(0, "the upload that came to nothing is taken back");
        registry.Log.Requests.Should().NotContain(r => r.Method == "PUT" && r.Status == 400, "the last piece is kept back, so the registry need not find out");
    }

    [Fact]
    public async Task A_manifest_that_does_not_match_its_digest_moves_nothing()
    {
        layouts.Write("portal", (Image, null));
        var bytes = Image.Manifest.ToArray();
        bytes[^2] ^= 1;
        await File.WriteAllBytesAsync(layouts.PathOf("portal", Image.Digest), bytes, TestContext.Current.CancellationToken);
        (await Push("builds/portal")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Image);
        registry.TotalTraffic.BytesReceived.Should().Be(0);
    }

    [Fact]
    public async Task A_blob_that_nobody_has_fails()
    {
        layouts.Write("portal", (Image, null));
        File.Delete(layouts.PathOf("portal", Image.Blobs[1].Key));
        (await Push("builds/portal")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Image)
            .Custom!.Cause.Should().Contain("is neither in the layout builds/portal nor in the registry");
    }

    [Fact]
    public async Task A_manifest_over_4_MiB_is_not_read()
    {
        var large = Encoding.UTF8.GetBytes(new string(' ', (4 * 1024 * 1024) + 1));
        layouts.PutBlob("portal", large);
        layouts.WriteIndex("portal", LayoutDirectory.Descriptor(MediaTypes.OciImage, large, null));
        (await Push("builds/portal")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Image).Custom!.Cause.Should().Contain("larger than 4194304 bytes");
    }

    [Fact]
    public async Task An_index_without_end_fails()
    {
        // Each index names the one before: a layout is bounded by depth, since no digest can name itself.
        var inner = SampleImage.IndexOf();
        for (var depth = 0; depth < 7; depth++)
        {
            layouts.PutBlob("portal", inner);
            var outer = Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"manifests":[{{LayoutDirectory.Descriptor(MediaTypes.OciIndex, inner, null).ToJsonString()}}]}""");
            inner = outer;
        }
        layouts.PutBlob("portal", inner);
        layouts.WriteIndex("portal", LayoutDirectory.Descriptor(MediaTypes.OciIndex, inner, null));
        (await Push("builds/portal")).ShouldHaveFailed(WorkEffect.None, FailureCategory.Image).Custom!.Cause.Should().Contain("deeper than 4");
    }

    Task<CdEvent> Push(string path) => stage.PushLayout($"{registry.Host}/portal:412", path);
}
