using System.Text;
using System.Text.RegularExpressions;
using PipelineBridge.Events;
using PipelineBridge.Messaging;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace PipelineBridge.Cluster.Specification;

/// <summary>Reads a portable specification: YAML, or JSON, which YAML takes in.</summary>
public static partial class ServiceReader
{
    /// <summary>What stands in a specification's <c>kind</c>.</summary>
    public const string Kind = "service";

    /// <summary>How long a before-deploy task may take at most, in seconds: half of what a broker leaves a message, less the rollout itself.</summary>
    public const int LongestTaskSeconds = 300;

    /// <summary>Whether a text is a portable specification, right or wrong: it says so itself.</summary>
    public static bool Is(ReadOnlyMemory<byte> content)
    {
        try
        {
            return Root(content) is { } root && root.Children.TryGetValue(new YamlScalarNode("kind"), out var kind) && kind is YamlScalarNode { Value: Kind };
        }
        catch (YamlException)
        {
            // Something else, or broken: whether it was meant to be one is told by its beginning.
            return KindPattern().IsMatch(Text(content));
        }
    }

    /// <summary>Reads one that was checked before it was accepted.</summary>
    /// <exception cref="ClusterRefusedException">It is none.</exception>
    public static ServiceSpecification Read(ReadOnlyMemory<byte> content)
    {
        var (specification, findings) = Check(content);
        return specification is not null && findings.FirstOrDefault(f => f.IsMistake) is not { } mistake ? specification
            : throw new ClusterRefusedException(FailureCategory.Configuration, "The specification cannot be read.", string.Join('\n', findings.Select(f => $"{f.Field}: {f.Message}")));
    }

    /// <summary>Reads one with all its mistakes.</summary>
    public static (ServiceSpecification? Specification, IReadOnlyList<SpecificationFinding> Findings) Check(ReadOnlyMemory<byte> content)
    {
        var findings = new List<SpecificationFinding>();
        try
        {
            if (Root(content) is { } root)
            {
                return (Service(new SpecificationFields(root, "spec", findings)), findings);
            }
            return (null, [new(true, "spec", null, "it must be a mapping that begins with kind: service.")]);
        }
        catch (YamlException e)
        {
            var twice = e.InnerException is ArgumentException || e.Message.Contains("uplicate", StringComparison.Ordinal);
            return (null, [new(true, "spec", null, $"it is no YAML, at line {e.Start.Line}, column {e.Start.Column}. {(twice ? "A field stands there twice." : "Look for a missing colon, quote or bracket, or another indentation, here or just above.")}",
                (int)e.Start.Line, (int)e.Start.Column)]);
        }
    }

    static ServiceSpecification Service(SpecificationFields fields)
    {
        fields.Choice("kind", Kind);
        var image = fields.Text("image");
        if (image is not null && !ImageReference.TryParse(image, out _, out var wrong))
        {
            fields.Mistake("image", $"it is no image: {wrong}");
        }
        var resources = fields.Below("resources");
        var specification = new ServiceSpecification
        {
            Image = image,
            Replicas = fields.Number("replicas", 0, 1000),
            Command = fields.Texts("command"),
            Ports = fields.Each("ports", "container", Port),
            Cpus = resources?.Amount("cpus"),
            MemoryMiB = resources?.Number("memoryMiB", 6, 16 * 1024 * 1024),
            Env = fields.Named("env"),
            Volumes = fields.Each("volumes", "path", Volume),
            Networks = Names(fields, "networks"),
            Restart = fields.Choice("restart", RestartWhen.Always, RestartWhen.OnFailure, RestartWhen.Never) ?? RestartWhen.Always,
            Secrets = fields.Each("secrets", "name", File),
            Configs = fields.Each("configs", "name", File),
            Hostnames = fields.Texts("hostnames"),
            StopSeconds = fields.Number("stopSeconds", 1, 300) ?? 15,
            BeforeDeploy = fields.Below("beforeDeploy") is { } task ? Task(task) : null,
        };
        resources?.Done();
        specification = specification with { Health = fields.Below("health") is { } health ? Health(health, specification.Ports) : null };
        foreach (var (hostname, i) in specification.Hostnames.Select((h, i) => (h, i)))
        {
            if (Uri.CheckHostName(hostname) != UriHostNameType.Dns)
            {
                fields.Mistake("hostnames", $"its entry {i + 1}, \"{hostname}\", is no host name, e.g. portal.example.org.");
            }
        }
        foreach (var twice in specification.Ports.GroupBy(p => p.Name).Where(g => g.Count() > 1))
        {
            fields.Mistake("ports", $"{twice.Key} stands there twice.");
        }
        foreach (var twice in specification.Ports.Where(p => p.Host is not null).GroupBy(p => (p.Host, p.Protocol)).Where(g => g.Count() > 1))
        {
            fields.Mistake("ports", $"port {twice.Key.Host} of the host stands there twice.");
        }
        foreach (var twice in specification.Volumes.GroupBy(v => v.Path).Where(g => g.Count() > 1))
        {
            fields.Mistake("volumes", $"two of them are at {twice.Key}.");
        }
        fields.Done();
        return specification;
    }

    static ServicePort? Port(SpecificationFields fields)
    {
        var container = fields.Number("container", 1, 65535);
        var port = new ServicePort(container ?? 0, fields.Number("host", 1, 65535), fields.Choice("protocol", "tcp", "udp") ?? "tcp");
        if (!fields.Has("container"))
        {
            fields.Mistake("container", "the port in the task is missing.");
        }
        return container is null ? null : port;
    }

    static ServiceHealth Health(SpecificationFields fields, IReadOnlyList<ServicePort> ports)
    {
        var health = new ServiceHealth
        {
            Path = fields.Text("path"),
            Port = fields.Number("port", 1, 65535),
            Command = fields.Texts("command"),
            IntervalSeconds = fields.Number("intervalSeconds", 1, 600) ?? 5,
            TimeoutSeconds = fields.Number("timeoutSeconds", 1, 60) ?? 3,
            Failures = fields.Number("failures", 1, 100) ?? 3,
            GraceSeconds = fields.Number("graceSeconds", 0, 840) ?? 0,
        };
        if (health.Path is null == (health.Command.Count == 0))
        {
            fields.Mistake("path", "give path, asked by HTTP, or command, run in the task: one of the two.");
        }
        if (health.Path is { } path && !path.StartsWith('/'))
        {
            fields.Mistake("path", "it must begin with a slash.");
        }
        if (health.Path is not null && !ports.Any(p => p.Protocol == "tcp" && (health.Port is null || p.Container == health.Port)))
        {
            fields.Mistake("port", health.Port is null ? "spec.ports has no port that could be asked; give it there." : "spec.ports does not have it; only such a port can be asked.");
        }
        fields.Done();
        return health;
    }

    static ServiceVolume? Volume(SpecificationFields fields)
    {
        var volume = new ServiceVolume(fields.Text("name"), fields.Text("host"), fields.Text("path") ?? "", fields.Flag("readOnly"));
        if (volume.Name is null == volume.Host is null)
        {
            fields.Mistake("name", "give name, of a volume, or host, a directory of the host: one of the two.");
        }
        if (!volume.Path.StartsWith('/') || volume.Host?.StartsWith('/') == false)
        {
            fields.Mistake(volume.Path.StartsWith('/') ? "host" : "path", "it must be a path that begins with a slash.");
        }
        return volume;
    }

    static ServiceFile? File(SpecificationFields fields)
    {
        var file = new ServiceFile(fields.Text("name") ?? "", fields.Text("path"));
        if (file.Name.Length == 0)
        {
            fields.Mistake("name", "the name in the cluster is missing.");
        }
        return file;
    }

    static ServiceTask? Task(SpecificationFields fields)
    {
        var task = new ServiceTask(fields.Texts("command"), fields.Number("timeoutSeconds", 1, LongestTaskSeconds) ?? 120);
        if (task.Command.Count == 0)
        {
            fields.Mistake("command", "what it runs is missing, e.g. [\"migrate\"].");
        }
        fields.Done();
        return task;
    }

    static IReadOnlyList<string> Names(SpecificationFields fields, string key)
    {
        var names = fields.Texts(key);
        foreach (var name in names.Where(n => !NamePattern().IsMatch(n)))
        {
            fields.Mistake(key, $"\"{name}\" is no name: it has letters, digits, _, . and -.");
        }
        return names;
    }

    static YamlMappingNode? Root(ReadOnlyMemory<byte> content)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(Text(content)));
        return stream.Documents is [var document] ? document.RootNode as YamlMappingNode : null;
    }

    static string Text(ReadOnlyMemory<byte> content) => Encoding.UTF8.GetString(content.Span).TrimStart('\uFEFF');

    [GeneratedRegex(@"(^|[\n{,])\s*[""']?kind[""']?\s*:\s*[""']?service\b")]
    private static partial Regex KindPattern();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    private static partial Regex NamePattern();
}
