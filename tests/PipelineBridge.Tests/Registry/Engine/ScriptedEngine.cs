using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using PipelineBridge.Registry;
using PipelineBridge.Registry.Engine;

namespace PipelineBridge.Tests.Registry.Engine;

/// <summary>What an engine answers that does not do as it should, or is newer than Debian's: its answers are a test's, from the published API.</summary>
sealed class ScriptedEngine : IAsyncDisposable
{
    readonly DirectoryInfo home = Directory.CreateTempSubdirectory("pbse-");
    readonly WebApplication app;

    ScriptedEngine()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.ListenUnixSocket(Socket));
        app = builder.Build();
        app.Run(Answer);
    }

    public string Socket => $"{home.FullName}/s";

    public List<string> Asked { get; } = [];

    /// <summary>What it was shown for a registry.</summary>
    public string? Credentials { get; private set; }

    /// <summary>What it has: a configuration, and the tar files of its layers.</summary>
    public byte[] Configuration { get; private set; } = [];

    public List<byte[]> Layers { get; } = [];

    public string Id => Digest(Configuration);

    /// <summary>How it gives the image; null: as a layout, like Docker from 25 on.</summary>
    public Func<HttpResponse, Task>? Gives { get; set; }

    /// <summary>What it says to a push.</summary>
    public Func<HttpResponse, Task>? Pushes { get; set; }

    public static async Task<ScriptedEngine> Start(params byte[][] layers)
    {
        var engine = new ScriptedEngine();
        engine.Layers.AddRange(layers);
        engine.Configuration = JsonSerializer.SerializeToUtf8Bytes(new { architecture = "amd64", os = "linux", rootfs = new { type = "layers", diff_ids = layers.Select(Digest) } });
        await engine.app.StartAsync(TestContext.Current.CancellationToken);
        return engine;
    }

    public RegistryStage Stage(TimeProvider? clock = null, bool pushesItself = false, params IReadOnlyList<RegistryOptions> registries) => new(new RegistryStageOptions
    {
        Registries = registries,
        Engines = [new EngineOptions("build-1", new Uri($"unix://{Socket}")) { PushesItself = pushesItself }],
    }, clock);

    /// <summary>A layer's tar file with one file of random bytes.</summary>
    public static byte[] Layer(int seed, int bytes)
    {
        var content = new byte[bytes];
        new Random(seed).NextBytes(content);
        using var layer = new MemoryStream();
        using (var tar = new TarWriter(layer, TarEntryFormat.Ustar, leaveOpen: true))
        {
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, "file") { DataStream = new MemoryStream(content) });
        }
        return layer.ToArray();
    }

    public static string Digest(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>The image as a layout in a tar file, layers by their DiffIDs.</summary>
    public byte[] Saved()
    {
        using var saved = new MemoryStream();
        using (var tar = new TarWriter(saved, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var blob in Layers.Append(Configuration))
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, $"blobs/sha256/{Digest(blob)["sha256:".Length..]}") { DataStream = new MemoryStream(blob) });
            }
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "index.json") { DataStream = new MemoryStream("{}"u8.ToArray()) });
        }
        return saved.ToArray();
    }

    /// <summary>Writes messages as an engine streams them, one a line.</summary>
    public static Func<HttpResponse, Task> Says(params JsonObject[] messages) => async response =>
    {
        foreach (var message in messages)
        {
            await response.WriteAsync(message.ToJsonString() + "\r\n");
            await response.Body.FlushAsync();
        }
    };

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        home.Delete(recursive: true);
    }

    async Task Answer(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        lock (Asked)
        {
            Asked.Add($"{http.Request.Method} {path}");
        }
        if (path.EndsWith("/images/json", StringComparison.Ordinal))
        {
            await http.Response.WriteAsJsonAsync(Array.Empty<object>());
        }
        else if (path.EndsWith("/json", StringComparison.Ordinal))
        {
            await http.Response.WriteAsJsonAsync(new { Id, Size = Layers.Sum(l => l.Length), RootFS = new { Type = "layers", Layers = Layers.Select(Digest) } }, JsonSerializerOptions.Default);
        }
        else if (path.EndsWith("/get", StringComparison.Ordinal))
        {
            await (Gives ?? (response => response.Body.WriteAsync(Saved()).AsTask()))(http.Response);
        }
        else if (path.EndsWith("/push", StringComparison.Ordinal))
        {
            var shown = http.Request.Headers["X-Registry-Auth"].ToString();
            Credentials = Encoding.UTF8.GetString(Convert.FromBase64String(shown.Replace('-', '+').Replace('_', '/')));
            await Pushes!(http.Response);
        }
        else
        {
            http.Response.StatusCode = 404;
            await http.Response.WriteAsJsonAsync(new { message = "page not found" });
        }
    }
}
