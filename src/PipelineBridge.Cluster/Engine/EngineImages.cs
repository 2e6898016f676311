using Docker.DotNet.Models;
using PipelineBridge.Events;

namespace PipelineBridge.Cluster.Engine;

/// <summary>Brings an image to a host before anything there changes.</summary>
sealed class EngineImages(EngineClusterOptions options, TimeProvider clock)
{
    // What it had of the layers is kept, so that the next attempt goes on from there.
    static readonly TimeSpan Bound = TimeSpan.FromMinutes(5);
    static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(3);
    const int Tries = 3;

    /// <summary>Pulls it where it is missing.</summary>
    public async Task Bring(EngineHost host, string image, CancellationToken cancellation)
    {
        for (var n = 1; await Patience.Try(c => host.ImageId(LocalImages.OnEngine(image), c), clock, cancellation) is null; n++)
        {
            if (LocalImages.OnEngine(image) != image)
            {
                throw new ClusterRefusedException(FailureCategory.Image, $"The engine {host.Options.Name} does not have the image any more, and it was pushed nowhere.");
            }
            var error = await host.Pull(image, Login(image), Bound, cancellation);
            if (error is null && await Patience.Try(c => host.ImageId(image, c), clock, cancellation) is not null)
            {
                return;
            }
            var (category, cause, isLasting) = error is null
                ? (FailureCategory.Cluster, $"it said {n} times that it did and does not have it; somebody removes it there, or it stands under another name", false)
                : Read(error, ImageReference.Parse(image).Registry);
            if (isLasting || n == Tries)
            {
                throw new ClusterRefusedException(category, $"The engine {host.Options.Name} could not pull the image: {cause}.", error, evidence: "answer of the engine");
            }
            await Task.Delay(BetweenTries, clock, cancellation);
        }
    }

    AuthConfig Login(string image)
    {
        var registry = ImageReference.Parse(image).Registry;
        return options.Logins.TryGetValue(registry, out var login)
            ? new AuthConfig { Username = login.Username, Password = login.Password() ?? "", ServerAddress = registry }
            : new AuthConfig();
    }

    /// <summary>What the engine's words mean, and whether trying again would help.</summary>
    static (string Category, string Cause, bool IsLasting) Read(string error, string registry) => error switch
    {
        _ when Has(error, "no space left") => (FailureCategory.Resources, "its disk is full", true),
        _ when Has(error, "manifest unknown") || Has(error, "not found") => (FailureCategory.Image, $"{registry} does not have it", true),
        _ when Has(error, "unauthorized") || Has(error, "denied") || Has(error, "no basic auth") => (FailureCategory.Registry, $"{registry} does not let it; who signs in stands in registries of bridge.yaml", true),
        _ when Has(error, "server gave HTTP response to HTTPS") => (FailureCategory.Registry, $"{registry} speaks HTTP only; the engine must be told so by its insecure-registries", true),
        _ when Has(error, "x509") || Has(error, "certificate") => (FailureCategory.Registry, $"it does not trust the certificate of {registry}", true),
        _ when Has(error, "connection refused") || Has(error, "no such host") || Has(error, "timeout") || Has(error, "no route") => (FailureCategory.Registry, $"it cannot reach {registry}", false),
        _ => (FailureCategory.Registry, "it said why", false),
    };

    static bool Has(string error, string words) => error.Contains(words, StringComparison.OrdinalIgnoreCase);
}
