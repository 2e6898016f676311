using System.Globalization;
using PipelineBridge.Simulators.Marathon;
using PipelineBridge.Simulators.Registry;
using PipelineBridge.Simulators.Slack;

namespace PipelineBridge.Benchmarks.Deliveries;

/// <summary>The simulators of registry, Marathon and Slack in a process of their own; tasks take next to no time to become healthy.</summary>
static class SimulatorsSide
{
    /// <summary>How many apps there are.</summary>
    public const int Apps = 50;

    static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(10);

    /// <summary>Writes their three addresses in one line once they listen, and ends with its input.</summary>
    /// <param name="images">How many images each app has, with the tags from 1.</param>
    /// <param name="cancellation">Ends the start.</param>
    public static async Task<int> Serve(string images, CancellationToken cancellation)
    {
        await using var registry = await RegistrySimulator.Start(new RegistrySimulatorOptions { Announce = _ => { } }, cancellation);
        await using var marathon = await MarathonSimulator.Start(new MarathonSimulatorOptions
        {
            Announce = _ => { },
            ListingGap = Soon,
            Staging = Soon,
            Starting = Soon,
            FirstProbe = Soon,
            Killing = Soon,
        }, cancellation);
        await using var slack = await SlackSimulator.Start(new SlackSimulatorOptions { Announce = _ => { }, LimitsRate = false }, cancellation);
        for (var app = 0; app < Apps; app++)
        {
            for (var tag = 1; tag <= int.Parse(images, CultureInfo.InvariantCulture); tag++)
            {
                registry.SeedImage($"app-{app}", $"{tag}", $"app-{app} {tag}");
            }
        }
        Console.WriteLine($"{registry.Url} {marathon.Url} {slack.ApiUrl}");
        while (await Console.In.ReadLineAsync(CancellationToken.None) is not null)
        {
        }
        return 0;
    }
}
