using System.Formats.Tar;
using PipelineBridge.Events;
using PipelineBridge.Registry;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Tests.Registry.Engine;

namespace PipelineBridge.Tests.Registry;

/// <summary>Alone in the process, whose allocations are counted.</summary>
[CollectionDefinition(nameof(FlatMemoryTests), DisableParallelization = true)]
[Collection(nameof(FlatMemoryTests))]
public sealed class FlatMemoryTests : IDisposable
{
    const long LargeBytes = 300L * 1024 * 1024;

    readonly LayoutDirectory layouts = new();

    public void Dispose() => layouts.Dispose();

    [Fact]
    public async Task A_large_layer_of_an_archive_is_compressed_on_the_way_with_flat_memory()
    {
        const long Bytes = LargeBytes / 3;
        var (image, layer) = layouts.WriteLarge("portal", Bytes);
        var archive = Path.Combine(layouts.Outside, "portal.tar");
        await using (var tar = new TarWriter(File.Create(archive)))
        {
            await File.WriteAllBytesAsync(Path.Combine(layouts.Outside, "config"), layouts.Config("portal", image), TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(layouts.Outside, "manifest"), """[{"Config":"config.json","RepoTags":["portal:412"],"Layers":["layer.tar"]}]""", TestContext.Current.CancellationToken);
            await tar.WriteEntryAsync(layouts.PathOf("portal", layer), "layer.tar", TestContext.Current.CancellationToken);
            await tar.WriteEntryAsync(Path.Combine(layouts.Outside, "config"), "config.json", TestContext.Current.CancellationToken);
            await tar.WriteEntryAsync(Path.Combine(layouts.Outside, "manifest"), "manifest.json", TestContext.Current.CancellationToken);
        }
        var store = Directory.CreateDirectory(Path.Combine(layouts.Outside, "store"));
        await using var registry = await RegistrySimulator.Start(
            new RegistrySimulatorOptions { BlobDirectory = store.FullName, Announce = _ => { } }, TestContext.Current.CancellationToken);
        using var connections = new RegistryConnections([], TimeProvider.System);
        GC.Collect();
        var allocated = GC.GetTotalAllocatedBytes(precise: true);

        var pushed = await new DirectPush(connections).Push(ImageReference.Parse($"{registry.Host}/portal:412"), archive, null, new PushMeter(), TestContext.Current.CancellationToken);

        pushed.Size.NewBytes.Should().BeGreaterThan(Bytes, "random bytes do not become fewer");
        (GC.GetTotalAllocatedBytes(precise: true) - allocated).Should().BeLessThan(Bytes / 5);
    }

    [Fact]
    public async Task A_large_blob_is_streamed_with_flat_memory()
    {
        var (digest, layer) = layouts.WriteLarge("portal", LargeBytes);
        var store = Directory.CreateDirectory(Path.Combine(layouts.Outside, "store"));
        await using var registry = await RegistrySimulator.Start(
            new RegistrySimulatorOptions { BlobDirectory = store.FullName, Announce = _ => { } }, TestContext.Current.CancellationToken);
        using var stage = new RegistryStage(layouts.Options);
        GC.Collect();
        var allocated = GC.GetTotalAllocatedBytes(precise: true);

        var end = await stage.PushLayout($"{registry.Host}/portal:412", "builds/portal");

        end.ShouldBePublished($"{registry.Host}/portal:412@{digest}").Custom!.Pushed!.NewBytes.Should().BeGreaterThan(LargeBytes);
        registry.Traffic(layer).Should().Be(new BlobTraffic(1, LargeBytes, 0, 0));
        // Both ends together; what is buffered whole would be the whole blob at least.
        (GC.GetTotalAllocatedBytes(precise: true) - allocated).Should().BeLessThan(LargeBytes / 5);
    }

    [Fact]
    public async Task A_large_layer_of_an_engine_is_streamed_with_flat_memory()
    {
        var layer = ScriptedEngine.Layer(1, 100 * 1024 * 1024);
        var store = Directory.CreateDirectory(Path.Combine(layouts.Outside, "store"));
        await using var registry = await RegistrySimulator.Start(
            new RegistrySimulatorOptions { BlobDirectory = store.FullName, Announce = _ => { } }, TestContext.Current.CancellationToken);
        await using var engine = await ScriptedEngine.Start(layer);
        using var stage = engine.Stage();
        var saved = engine.Saved();
        engine.Gives = async response =>
        {
            for (var at = 0; at < saved.Length; at += 64 * 1024)
            {
                await response.Body.WriteAsync(saved.AsMemory(at, Math.Min(64 * 1024, saved.Length - at)));
            }
        };
        GC.Collect();
        var allocated = GC.GetTotalAllocatedBytes(precise: true);

        var end = await stage.PushFromEngine($"{registry.Host}/portal:412");

        end.Custom!.Pushed!.NewBytes.Should().BeGreaterThan(layer.Length);
        // Two chunks of 8 MiB, some blocks, and both ends together.
        (GC.GetTotalAllocatedBytes(precise: true) - allocated).Should().BeLessThan(layer.Length / 2);
    }
}
