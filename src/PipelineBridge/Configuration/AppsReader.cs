using System.Text.Json;
using PipelineBridge.Cluster.Specification;
using PipelineBridge.Events;
using PipelineBridge.Messaging;

namespace PipelineBridge.Configuration;

/// <summary>Reads <c>apps</c>; when it is there, an app that it does not list is refused.</summary>
static class AppsReader
{
    public static Dictionary<string, AppConfiguration>? Read(
        Reading reading, Section root, IReadOnlyCollection<string> environments, IReadOnlyCollection<string> targets, IReadOnlyCollection<string> engines)
    {
        if (!root.Has("apps"))
        {
            return null;
        }
        var apps = new Dictionary<string, AppConfiguration>();
        foreach (var (name, section) in root.Named("apps"))
        {
            reading.IsName(name, section.Place);
            var into = section.Has("environments") ? reading.References(section.Texts("environments"), "environment", environments) : null;
            var specification = section.Text("spec");
            var content = specification is null ? null : Content(reading, specification);
            if (content is not null)
            {
                reading.Specifications[name] = specification!;
            }
            apps[name] = new AppConfiguration
            {
                Name = name,
                // A byte array that is null would become an empty specification by itself.
                Specification = content is null ? default(ReadOnlyMemory<byte>?) : new ReadOnlyMemory<byte>(content),
                Environments = into,
                Repository = Repository(reading, section.Text("repository")),
                Engine = section.Text("engine") is { } engine && reading.References([engine], "engine", engines) is [var known] ? known : null,
                Notify = reading.References(section.Texts("notify"), "target", targets),
            };
            section.Done();
        }
        return apps;
    }

    static byte[]? Content(Reading reading, Given file)
    {
        try
        {
            var content = File.ReadAllBytes(reading.Path(file.Text));
            if (!ServiceReader.Is(content))
            {
                using var _ = JsonDocument.Parse(content);
            }
            return content;
        }
        catch (JsonException exception)
        {
            reading.Findings.Mistake(file.Place, $"{Findings.Shown(file.Text)} is no JSON from its line {exception.LineNumber + 1}, column {exception.BytePositionInLine + 1} on, and does not say that it is a portable specification (kind: service).");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            reading.Findings.Mistake(file.Place, $"{Findings.Shown(file.Text)} is not there.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            reading.Findings.Mistake(file.Place, $"{Findings.Shown(file.Text)} cannot be read by this user.");
        }
        return null;
    }

    /// <summary>Checks each specification for every environment that its app may be deployed to.</summary>
    public static void Check(Reading reading, BridgeConfiguration configuration, IReadOnlyList<ISpecificationCheck> checks)
    {
        foreach (var (name, file) in reading.Specifications)
        {
            var app = configuration.Apps![name];
            foreach (var environment in app.Environments ?? [.. configuration.Environments.Keys])
            {
                if (configuration.Environments[environment].Cluster is not { } cluster)
                {
                    continue;
                }
                var content = app.Specification!.Value;
                var format = checks.FirstOrDefault(check => check.Recognizes(content))?.Format ?? (configuration.Clusters[cluster].Marathon is null ? ServiceReader.Kind : configuration.Clusters[cluster].Kind);
                foreach (var finding in checks.Where(check => check.Format == format)
                    .SelectMany(check => check.Check(new SpecificationToCheck(name, environment, content, [], null))))
                {
                    Tell(reading, file, finding);
                }
            }
        }
    }

    static void Tell(Reading reading, Given file, SpecificationFinding finding)
    {
        // The value may be a secret of the app's; field and message say enough.
        var line = finding.Line is { } at ? $", line {at}" : "";
        var message = $"{Findings.Shown(file.Text)}{line}: {finding.Field} {finding.Message}";
        if (finding.IsMistake)
        {
            reading.Findings.Mistake(file.Place, message);
        }
        else
        {
            reading.Findings.Warning(file.Place, message);
        }
    }

    static string? Repository(Reading reading, Given? given)
    {
        if (given is null)
        {
            return null;
        }
        if (ImageReference.TryParse(given.Text, out var image, out var why) && image is { Tag: null, Digest: null })
        {
            return given.Text;
        }
        reading.Findings.Mistake(given.Place, image is null
            ? $"{Findings.Shown(given.Text)} is no repository: {why}"
            : $"{Findings.Shown(given.Text)} has a tag or a digest. Give registry and repository alone, such as registry.internal/portal.");
        return null;
    }
}
