using System.CommandLine;
using PipelineBridge.Cluster;
using PipelineBridge.Cluster.Specification;

namespace PipelineBridge.Verbs;

/// <summary><c>pipelinebridge spec convert</c>: what a portable specification becomes on a kind of cluster.</summary>
static class SpecVerb
{
    public static Command Command()
    {
        var file = new Argument<FileInfo>("file") { Description = "The specification (kind: service)." };
        var to = new Option<string>("--to") { Description = "One of: marathon, swarm, engine.", Required = true };
        to.AcceptOnlyFromAmong([.. SpecificationConversion.Kinds]);
        var app = new Option<string>("--app") { Description = "The app that names are made of.", DefaultValueFactory = _ => "app" };
        var environment = new Option<string>("--environment") { Description = "The environment that names are made of.", DefaultValueFactory = _ => "prod" };
        var image = new Option<string?>("--image") { Description = "The image; default: what the specification names." };
        var convert = new Command("convert", "Show what a specification becomes: 0, or 2 with its mistakes.") { file, to, app, environment, image };
        convert.SetAction(parsed => Convert(parsed.GetValue(file)!, parsed.GetValue(to)!, new AppKey(parsed.GetValue(app)!, parsed.GetValue(environment)!), parsed.GetValue(image)));
        return new Command("spec", "Specifications of apps.") { convert };
    }

    static int Convert(FileInfo file, string to, AppKey app, string? image)
    {
        if (!file.Exists)
        {
            Console.Error.WriteLine($"{file} is {(Directory.Exists(file.FullName) ? "a directory" : "not there")}. Give the file of a specification (kind: service).");
            return 2;
        }
        try
        {
            var (text, findings) = SpecificationConversion.Convert(File.ReadAllBytes(file.FullName), to, app, image);
            foreach (var finding in findings)
            {
                Console.Error.WriteLine($"{file.Name}{(finding.Line is { } line ? $":{line}" : "")}: {(finding.IsMistake ? "" : "warning: ")}{finding.Field}{(finding.Value is { } value ? $" \"{value}\"" : "")}: {finding.Message}");
            }
            if (text is null)
            {
                return 2;
            }
            Console.WriteLine(text);
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }
}
