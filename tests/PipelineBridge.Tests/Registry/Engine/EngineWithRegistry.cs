using PipelineBridge.Registry;
using PipelineBridge.Registry.Engine;
using PipelineBridge.Tests.Support;

namespace PipelineBridge.Tests.Registry.Engine;

/// <summary>A real engine, and real registries for its tests: starting an engine takes seconds.</summary>
public sealed class EngineWithRegistry : IAsyncLifetime
{
    // Above what is read whole before it is compressed.
    const int LayerBytes = 2_200_000;

    readonly DirectoryInfo files = Directory.CreateTempSubdirectory("pipelinebridge-saved-");

    internal DockerEngine Engine { get; private set; } = null!;

    internal DockerRegistry Registry { get; private set; } = null!;

    /// <summary>Where an engine's own push is let in only with credentials.</summary>
    internal DockerRegistry Guarded { get; private set; } = null!;

    internal string Files => files.FullName;

    public async ValueTask InitializeAsync()
    {
        DockerRegistry.SkipWhereMissing();
        Engine = await DockerEngine.Start();
        Registry = await DockerRegistry.Start("none", TestContext.Current.CancellationToken);
        Guarded = await DockerRegistry.Start("htpasswd", TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (Registry is not null)
        {
            await Registry.DisposeAsync();
        }
        if (Guarded is not null)
        {
            await Guarded.DisposeAsync();
        }
        if (Engine is not null)
        {
            await Engine.DisposeAsync();
        }
        files.Delete(recursive: true);
    }

    /// <summary>The stage as it is configured for the engine.</summary>
    internal RegistryStage Stage(bool pushesItself = false, string? password = null) => new(new RegistryStageOptions
    {
        Registries = [Guarded.Options(password)],
        Engines = [new EngineOptions("build-1", Engine.Url) { PushesItself = pushesItself }],
        Roots = new Dictionary<string, string> { ["saved"] = Files },
    });

    /// <summary>Builds an image of as many layers as there are seeds; the same seed is the same layer.</summary>
    internal Task<string> Build(string image, params int[] seeds) => Engine.Build(
        image,
        "FROM scratch\n" + string.Concat(seeds.Select((_, i) => $"COPY file{i} /file{i}\n")) + "CMD [\"/file0\"]\n",
        [.. seeds.Select((seed, i) => ($"file{i}", Content(seed)))]);

    /// <summary>Half of it can be compressed.</summary>
    static byte[] Content(int seed)
    {
        var bytes = new byte[LayerBytes];
        new Random(seed).NextBytes(bytes.AsSpan(0, LayerBytes / 2));
        return bytes;
    }
}
