using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PipelineBridge.CommandLine;

/// <summary>Who signs in to a registry.</summary>
sealed record RegistryCredential(string Username, string Password)
{
    /// <summary>Never with the password.</summary>
    public override string ToString() => Username;
}

/// <summary>
/// The caller's own credentials for a registry: from the environment, else where docker, podman and buildah keep them
/// (docker's config.json: auths, credHelpers, credsStore; containers-auth.json).
/// </summary>
sealed class RegistryCredentials(Surroundings at)
{
    static readonly TimeSpan ProgramBound = TimeSpan.FromSeconds(10);

    /// <summary>The credentials; null for none.</summary>
    /// <exception cref="VerbException">There are some, and they cannot be read.</exception>
    public async Task<RegistryCredential?> Of(string registry, CancellationToken stop)
    {
        if (at.Said("REGISTRY_USERNAME") is { } username)
        {
            var password = at.Said("REGISTRY_PASSWORD") ?? (at.Said("REGISTRY_PASSWORD_FILE") is { } file ? Read(file).Trim() : null);
            return password is { Length: > 0 }
                ? new RegistryCredential(username, password)
                : throw new VerbException(ExitCode.WrongUse, "REGISTRY_USERNAME is set, and there is no password.", "Set REGISTRY_PASSWORD, or REGISTRY_PASSWORD_FILE to the file that has it.");
        }
        foreach (var path in Files().Where(File.Exists))
        {
            if (await In(path, registry, stop) is { } found)
            {
                return found;
            }
        }
        return null;
    }

    IEnumerable<string> Files()
    {
        if (at.Said("REGISTRY_AUTH_FILE") is { } own)
        {
            yield return own;
        }
        if (at.Said("DOCKER_CONFIG") is { } docker)
        {
            yield return Path.Combine(docker, "config.json");
        }
        else if (at.Said("HOME") is { } home)
        {
            yield return Path.Combine(home, ".docker", "config.json");
        }
        if (at.Said("XDG_RUNTIME_DIR") is { } runtime)
        {
            yield return Path.Combine(runtime, "containers", "auth.json");
        }
    }

    static async Task<RegistryCredential?> In(string path, string registry, CancellationToken stop)
    {
        JsonObject json;
        try
        {
            json = JsonNode.Parse(Read(path))?.AsObject() ?? [];
            var kept = (string?)json["credHelpers"]?[registry];
            if (kept is null && json["auths"]?.AsObject().FirstOrDefault(a => Host(a.Key) == registry).Value is JsonObject entry)
            {
                if ((string?)entry["identitytoken"] is { Length: > 0 })
                {
                    throw new VerbException(ExitCode.Failed, $"{path} has an identity token for {registry}, which is not taken here.", "Set REGISTRY_USERNAME and REGISTRY_PASSWORD.");
                }
                if ((string?)entry["auth"] is { Length: > 0 } auth)
                {
                    var text = Encoding.UTF8.GetString(Convert.FromBase64String(auth));
                    var colon = text.IndexOf(':', StringComparison.Ordinal);
                    return colon > 0 ? new RegistryCredential(text[..colon], text[(colon + 1)..].TrimEnd('\0')) : throw new FormatException();
                }
            }
            kept ??= (string?)json["credsStore"];
            return kept is { Length: > 0 } ? await FromProgram(kept, registry, path, stop) : null;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            throw new VerbException(ExitCode.Failed, $"The credentials for {registry} in {path} cannot be read.", $"Sign in again, e.g. docker login {registry}, or set REGISTRY_USERNAME and REGISTRY_PASSWORD.");
        }
    }

    // docker-credential-helpers: the registry on the standard input, a JSON object on the standard output.
    static async Task<RegistryCredential?> FromProgram(string name, string registry, string path, CancellationToken stop)
    {
        if (!name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            throw new FormatException();
        }
        var program = $"docker-credential-{name}";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(ProgramBound);
        Process process;
        try
        {
            process = Process.Start(new ProcessStartInfo(program, ["get"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (Win32Exception)
        {
            throw new VerbException(ExitCode.Failed, $"{path} says that {program} keeps the credentials for {registry}; it is not there.", "Install it, or set REGISTRY_USERNAME and REGISTRY_PASSWORD.");
        }
        using (process)
        {
            try
            {
                await process.StandardInput.WriteAsync(registry.AsMemory(), limit.Token);
                process.StandardInput.Close();
                var errors = process.StandardError.ReadToEndAsync(limit.Token);
                var text = await process.StandardOutput.ReadToEndAsync(limit.Token);
                await errors;
                await process.WaitForExitAsync(limit.Token);
                // It has none: so does docker understand it.
                if (process.ExitCode != 0)
                {
                    return null;
                }
                var json = JsonNode.Parse(text)!.AsObject();
                var (username, secret) = ((string?)json["Username"], (string?)json["Secret"]);
                return username is { Length: > 0 } and not "<token>" && secret is { Length: > 0 } ? new RegistryCredential(username, secret) : throw new FormatException();
            }
            catch (Exception e) when (e is IOException || (e is OperationCanceledException && !stop.IsCancellationRequested))
            {
                throw new VerbException(ExitCode.Failed, $"{program} gave no credentials for {registry} within {ProgramBound.TotalSeconds:0} s.", "Set REGISTRY_USERNAME and REGISTRY_PASSWORD.");
            }
            finally
            {
                if (!process.HasExited)
                {
                    process.Kill();
                }
            }
        }
    }

    static string Host(string key)
    {
        var host = key.Contains("://", StringComparison.Ordinal) ? key[(key.IndexOf("://", StringComparison.Ordinal) + 3)..] : key;
        return host.Split('/')[0];
    }

    static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VerbException(ExitCode.Failed, $"{path} has credentials for a registry, and cannot be read: {(e is FileNotFoundException or DirectoryNotFoundException ? "it is not there" : "its rights or its disk do not allow it")}.");
        }
    }
}
