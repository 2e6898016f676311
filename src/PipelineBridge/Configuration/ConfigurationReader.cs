using System.Security.Cryptography;
using System.Text;
using PipelineBridge.Bridge;
using PipelineBridge.Cluster.Engine;
using PipelineBridge.Messaging;

namespace PipelineBridge.Configuration;

/// <summary>Reads the whole configuration: the file, what variables put in its place, and what one part says of another.</summary>
static class ConfigurationReader
{
    const string DefaultListen = "http://127.0.0.1:8080";

    public static ConfigurationResult Read(
        string? file, IReadOnlyDictionary<string, string> environment, Func<BridgeConfiguration, IReadOnlyList<ISpecificationCheck>>? checks, IReadOnlyCollection<string>? needed = null, EngineHostOptions? localEngine = null)
    {
        var whole = file is null ? null : Path.GetFullPath(file);
        var source = file is null ? "the configuration without a file" : Path.GetFileName(file);
        var reading = new Reading(whole is null ? Environment.CurrentDirectory : Path.GetDirectoryName(whole)!, environment, needed);
        YamlMap? map = null;
        if (whole is not null)
        {
            try
            {
                map = YamlTree.Read(File.ReadAllText(whole), (line, first, path) =>
                    reading.Findings.Mistake(new ConfigurationPlace(path, line), $"stands twice; it stood in line {first} already."));
            }
            catch (YamlMistakeException mistake)
            {
                return Failed(source, mistake.Line, mistake.Message);
            }
            catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
            {
                return Failed(source, null, $"{Findings.Shown(whole)} is not there.");
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return Failed(source, null, $"{Findings.Shown(whole)} cannot be read by this user.");
            }
        }

        var configuration = Everything(reading, new Section(reading, map), whole, localEngine);
        reading.Variables.TellUnknown(reading.Findings);
        if (checks is not null && reading.Findings.Mistakes.Count == 0)
        {
            AppsReader.Check(reading, configuration, checks(configuration));
        }
        var mistakes = reading.Findings.Mistakes;
        return new ConfigurationResult(source, mistakes.Count == 0 ? configuration : null, mistakes, reading.Findings.Warnings, reading.Known) { Broker = configuration.Broker };
    }

    static ConfigurationResult Failed(string source, int? line, string message) =>
        new(source, null, [new ConfigurationFinding(new ConfigurationPlace("", line), message)], [], []);

    static BridgeConfiguration Everything(Reading reading, Section root, string? file, EngineHostOptions? localEngine)
    {
        var listen = Listen(reading, root);
        var url = Url(reading, root, listen);
        var journal = Journal(reading, root);
        var targets = TargetsReader.Read(reading, root);
        var clusters = ClustersReader.Read(reading, root);
        var environments = EnvironmentsReader.Read(reading, root, clusters, targets.Names);
        if (file is null && environments.Count == 0)
        {
            if (localEngine is not null && clusters.Count == 0)
            {
                clusters["local"] = new ClusterConfiguration("local", Engine: new EngineConfiguration([localEngine]));
            }
            environments["local"] = new EnvironmentConfiguration { Name = "local", Zone = "internal", Group = "/local", Cluster = clusters.Count == 1 ? "local" : null };
        }
        var engines = EnginesReader.Read(reading, root);
        var apps = AppsReader.Read(reading, root, environments.Keys, targets.Names, [.. engines.Select(engine => engine.Name)]);
        var registries = RegistriesReader.Read(reading, root);
        EngineHostsReader.Unprotected(reading, root, clusters, registries);
        var layouts = Layouts(reading, root);
        var limits = Limits(reading, root);
        var broker = BrokerReader.Read(reading, root, environments);
        var worker = BrokerReader.Worker(reading, root, url);
        var keys = KeysReader.Read(reading, root, apps?.Keys);
        GeneratedKey? generated = null;
        if (!root.Has("keys"))
        {
            if (file is not null)
            {
                reading.Findings.Mistake(root.Place, "has no keys, so that nobody could call. Give at least one: keys: [{name: jenkins, sha256: [HASH], verbs: \"*\", apps: \"*\"}], with HASH from: printf %s \"$KEY\" | sha256sum");
            }
            else
            {
                (generated, var key) = Generate();
                keys = [key];
            }
        }
        root.Done();
        return new BridgeConfiguration
        {
            File = file,
            Listen = [.. listen.Select(one => one.GetLeftPart(UriPartial.Authority))],
            Url = url,
            Journal = journal,
            Keys = keys,
            GeneratedKey = generated,
            Registries = registries,
            Layouts = layouts,
            Engines = engines,
            Clusters = clusters.Where(pair => pair.Value is not null).ToDictionary(pair => pair.Key, pair => pair.Value!),
            Environments = environments,
            Apps = apps,
            Targets = targets.Targets,
            Broker = broker,
            Worker = worker,
            Limits = limits,
        };
    }

    static List<Uri> Listen(Reading reading, Section root)
    {
        if (!root.Has("listen"))
        {
            return [new Uri(DefaultListen)];
        }
        var given = root.Texts("listen");
        var listen = given.Select(reading.Listen).OfType<Uri>().ToList();
        if (given.Count == 0 && !reading.Findings.HasMistakeAt("listen"))
        {
            reading.Findings.Mistake(root.PlaceOf("listen"), $"names no address. Give one, such as {DefaultListen}.");
        }
        return listen;
    }

    static string Url(Reading reading, Section root, IReadOnlyList<Uri> listen)
    {
        if (root.Text("url") is { } given)
        {
            return reading.Url(given)?.AbsoluteUri.TrimEnd('/') ?? "";
        }
        var first = listen is [var one, ..] ? one : null;
        if (first is { Host: "0.0.0.0" or "[::]" } or { Port: 0 })
        {
            reading.Findings.Warning(root.PlaceOf("listen") with { Path = "url" }, $"is not given, so that links begin with {first.GetLeftPart(UriPartial.Authority)}, which leads nowhere. Give what people type, such as https://bridge.internal.");
        }
        return first?.GetLeftPart(UriPartial.Authority) ?? "";
    }

    static string Journal(Reading reading, Section root)
    {
        var given = root.Text("journal");
        var path = reading.Path(string.IsNullOrWhiteSpace(given?.Text) ? "journal.db" : given.Text);
        if (given is null || !reading.Uses(given.Place))
        {
            return path;
        }
        if (given.Text.Trim().Length == 0 || Directory.Exists(path))
        {
            reading.Findings.Mistake(given.Place, $"{Findings.Shown(given.Text)} is no file. Give the journal's file, such as journal.db.");
        }
        else if (!Directory.Exists(Path.GetDirectoryName(path)))
        {
            reading.Findings.Mistake(given.Place, $"{Findings.Shown(given.Text)} lies in a directory that is not there. Make it first, for the user that runs the bridge.");
        }
        return path;
    }

    static Dictionary<string, string> Layouts(Reading reading, Section root)
    {
        var layouts = new Dictionary<string, string>();
        foreach (var (name, given) in root.NamedTexts("layouts"))
        {
            var path = reading.Path(given.Text);
            if (reading.IsName(name, given.Place) && reading.Uses(given.Place) && !Directory.Exists(path))
            {
                reading.Findings.Warning(given.Place, $"{Findings.Shown(given.Text)} is no directory now; pushes from it fail until it is.");
            }
            layouts[name] = path;
        }
        return layouts;
    }

    static LimitsConfiguration Limits(Reading reading, Section root)
    {
        var section = root.Below("limits");
        var usual = new LimitsConfiguration();
        var limits = new LimitsConfiguration
        {
            WorkSeconds = reading.Number(section.Text("workSeconds"), usual.WorkSeconds, 60, 86_400),
            AfterSeconds = reading.Number(section.Text("afterSeconds"), usual.AfterSeconds, 1, 86_400),
            Attempts = reading.Number(section.Text("attempts"), usual.Attempts, 1, 100),
        };
        section.Done();
        return limits;
    }

    static (GeneratedKey Generated, KeyOptions Key) Generate()
    {
        var value = "pb-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value)));
        return (new GeneratedKey(value), new KeyOptions("local", [hash], ["*"], ["*"]));
    }
}
