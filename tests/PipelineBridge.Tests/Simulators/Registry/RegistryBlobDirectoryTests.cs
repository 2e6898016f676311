using System.Net;
using PipelineBridge.Simulators.Registry;

namespace PipelineBridge.Tests.Simulators.Registry;

/// <summary>Runs while no other test does: it counts what the whole process allocates.</summary>
[CollectionDefinition(nameof(RegistryBlobDirectoryTests), DisableParallelization = true)]
[Collection(nameof(RegistryBlobDirectoryTests))]
public sealed class RegistryBlobDirectoryTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Blobs_can_live_in_a_directory_and_flow_through_flat_memory()
    {
        var directory = Directory.CreateTempSubdirectory("registry-simulator");
        try
        {
            await using var registry = await RegistrySimulator.Start(
                new RegistrySimulatorOptions { BlobDirectory = directory.FullName, Announce = _ => { } }, Cancellation);
            using var client = new RegistryClient(registry.Url);
            var large = new byte[64 * 1024 * 1024];
            new Random(7).NextBytes(large);
            var digest = RegistryClient.DigestOf(large);
            using var opened = await client.Send("POST", "/v2/app/blobs/uploads/");
            var before = GC.GetTotalAllocatedBytes(precise: true);
            using var stored = await client.Send("PUT", $"{opened.Header("Location")}&digest={digest}", large, "application/octet-stream");
            var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;

            stored.StatusCode.Should().Be(HttpStatusCode.Created);
            allocated.Should().BeLessThan(large.Length / 4, "the blob is never held whole");
            directory.GetFiles().Should().ContainSingle().Which.Length.Should().Be(large.Length);
            using var read = await client.Get($"/v2/app/blobs/{digest}");
            RegistryClient.DigestOf(await read.Content.ReadAsByteArrayAsync(Cancellation)).Should().Be(digest);

            using var unfinished = await client.Send("POST", "/v2/app/blobs/uploads/");
            directory.GetFiles().Should().HaveCount(2);
            await registry.DisposeAsync();
            directory.GetFiles().Should().ContainSingle("an unfinished upload leaves nothing behind");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
