using Docker.DotNet.Models;
using PipelineBridge.Events;
using PipelineBridge.Registry.Oci;

namespace PipelineBridge.Registry.Engine;

/// <summary>
/// Has an engine push by itself, with the credentials of the configuration. It sets the image's own tag, and whatever has
/// that name on the engine is what it pushes: what came of it is looked at afterwards.
/// </summary>
sealed class OwnPush(Repository repository, DockerEngine engine, PushTeller teller)
{
    static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(250);

    /// <summary>Pushes, unless the image is there; answers its manifest.</summary>
    /// <param name="image">The image, with its tag.</param>
    /// <param name="imageId">The id that it must have on the engine; null for any.</param>
    /// <param name="writer">Is told of the tag that the engine sets.</param>
    public async Task<(Manifest Manifest, PushedSize? Size)> Push(ImageReference image, string? imageId, TagWriter writer, CancellationToken cancellation)
    {
        var looking = TaggedImage.Behind(repository, [image.Tag!], cancellation);
        var finding = engine.Image(image.ToString(), imageId, cancellation);
        await Task.WhenAll(looking, finding);
        var (found, there) = (await finding, await looking);
        if (there.Find(t => t.Parts.Config?.Digest == found.Id) is { } same)
        {
            return (same.Manifest, same.NothingNew);
        }
        if (!found.IsNamed)
        {
            await engine.Tag(found.Id, image.Name, image.Tag!, cancellation);
        }
        writer.Begins();
        var heard = await Heard(image, found, cancellation);
        if (heard.Error is { } error)
        {
            throw Failed(error);
        }
        var manifest = await repository.Manifest(heard.Digest ?? image.Tag!, cancellation);
        writer.IsSet(image.Tag!);
        var parts = ManifestParts.Of(manifest, $"{repository.Connection.Name}/{repository.Name} at {image.Tag}");
        // With containerd's image store an image's id is its manifest's digest.
        return parts.Config?.Digest == found.Id || manifest.Digest == found.Id
            ? (manifest, heard.Size(found, parts))
            : throw new RegistryFailure(FailureCategory.Image, $"While the engine {engine.Name} pushed {image.Repository}:{image.Tag}, another image took that name there, and was pushed.", $"asked for {found.Id}\npushed {parts.Config?.Digest}");
    }

    async Task<PushMessages> Heard(ImageReference image, EngineImage found, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var idle = new IdleTimeout(engine.Clock, stop.Token);
        var heard = new PushMessages(idle);
        var pushing = engine.Push(image.Name, image.Tag!, Credentials(), heard, idle.Token);
        try
        {
            while (await Task.WhenAny(pushing, Task.Delay(BetweenLooks, engine.Clock, cancellation)) != pushing)
            {
                cancellation.ThrowIfCancellationRequested();
                await teller.Tell(heard.Layers, Math.Max(heard.Layers, found.DiffIds.Count), heard.Bytes, found.SizeBytes, cancellation);
            }
        }
        finally
        {
            // It uses what is disposed of here; where nobody reads, the engine stops.
            await stop.CancelAsync();
            await ((Task)pushing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        try
        {
            await pushing;
            return heard;
        }
        catch (OperationCanceledException) when (idle.Passed && !cancellation.IsCancellationRequested)
        {
            throw engine.Lost("push");
        }
    }

    AuthConfig Credentials()
    {
        var options = repository.Connection.Options;
        return options.Username is null ? new AuthConfig() : new AuthConfig
        {
            ServerAddress = options.Name,
            Username = options.Username,
            Password = options.Password?.Invoke() ?? throw new RegistryFailure(FailureCategory.Configuration, $"The password for the registry {options.Name} cannot be read.") { NothingMade = true },
        };
    }

    /// <summary>What an error inside the answer means; the engine has words for it and no codes.</summary>
    Exception Failed(string error)
    {
        var registry = repository.Connection.Name;
        bool Says(params ReadOnlySpan<string> words)
        {
            foreach (var word in words)
            {
                if (error.Contains(word, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
            return false;
        }

        return Says("unauthorized", "no basic auth credentials", "authentication required", "denied")
                ? new RegistryFailure(FailureCategory.Registry, repository.Connection.Options.Username is { } user
                    ? $"The registry {registry} does not let the user {user} push from the engine {engine.Name}."
                    : $"The registry {registry} lets nobody push without credentials, and none are configured for it.", error)
            : Says("server gave HTTP response to HTTPS client", "x509", "certificate")
                ? new RegistryFailure(FailureCategory.Configuration, $"The engine {engine.Name} does not trust the registry {registry}: its certificate, or plain HTTP, has to be allowed in the engine's own configuration.", error) { NothingMade = true }
            : Says("connection refused", "connection reset", "timeout", "timed out", "EOF", "no such host", "server misbehaving", "no route to host", "toomanyrequests", "500 Internal", "502 Bad", "503 Service", "504 Gateway")
                ? new RegistryUnavailable($"The engine {engine.Name} does not get through to the registry {registry}.")
            : new RegistryFailure(FailureCategory.Registry, $"The engine {engine.Name} could not push to the registry {registry}.", error);
    }
}
