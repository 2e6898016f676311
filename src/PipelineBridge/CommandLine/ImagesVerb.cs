using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using PipelineBridge.Events;
using PipelineBridge.Registry;
using PipelineBridge.Registry.Retention;

namespace PipelineBridge.CommandLine;

/// <summary><c>pipelinebridge images prune</c>: what nobody needs any more is deleted from registries. What is needed is known by the bridge; the registry is the caller's to change.</summary>
static class ImagesVerb
{
    const int Newest = 10;

    public static Command Command(Surroundings at)
    {
        var plan = new Option<bool>("--plan") { Description = "Say what would be deleted, and change nothing." };
        var apply = new Option<bool>("--apply") { Description = "Delete it." };
        var repositories = new Option<string[]>("--repository") { Description = "A repository, registry/repository; may be given again. Default: all that something was deployed from.", HelpName = "repository" };
        var keep = new Option<int>("--keep") { Description = $"How many of the newest images of a repository stay in any case.", DefaultValueFactory = _ => Newest, HelpName = "number" };
        var registry = new Option<string?>("--registry-url") { Description = "The registry's API, where it is not https:// and the repository's registry.", HelpName = "url" };
        keep.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && (!int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 10_000))
            {
                result.AddError("--keep must be a whole number between 1 and 10000.");
            }
        });
        var prune = new Command("prune", "Delete images that nobody needs: neither the newest, nor what runs, nor what can be gone back to.") { plan, apply, repositories, keep, registry };
        prune.Validators.Add(result =>
        {
            if (result.GetValue(plan) == result.GetValue(apply))
            {
                result.AddError("Give --plan to see what would be deleted, or --apply to delete it.");
            }
        });
        return new Command("images", "The images in registries.")
        {
            VerbRun.Verb(prune, at, async (run, stop) =>
            {
                var needed = await Needed(run, stop);
                var named = run.Parsed.GetValue(repositories) is { Length: > 0 } given ? given.Select(Repository) : needed.Select(n => n.Image with { Tag = null, Digest = null });
                IReadOnlyList<ImageReference> all = [.. named.DistinctBy(r => r.Name).OrderBy(r => r.Name, StringComparer.Ordinal)];
                using var connections = new RegistryConnections(await Registries(run, all, run.Parsed.GetValue(registry), stop), run.At.Clock);
                return await Prune(run, new ImageRetention(connections), all, needed, run.Parsed.GetValue(keep), run.Parsed.GetValue(apply), stop);
            }),
        };
    }

    static async Task<int> Prune(VerbRun run, ImageRetention retention, IReadOnlyList<ImageReference> repositories, IReadOnlyList<NeededImage> needed, int keep, bool applies, CancellationToken stop)
    {
        var (plans, failed, deleted) = (new List<RetentionPlan>(), 0, 0);
        foreach (var repository in repositories)
        {
            try
            {
                var plan = await retention.Plan(repository, needed, keep, stop);
                plans.Add(plan);
                Show(run, plan);
                foreach (var image in applies ? plan.Images.Where(i => i.IsDeleted) : [])
                {
                    // Somebody may have asked for it since.
                    if ((await Needed(run, stop)).FirstOrDefault(n => IsOf(n, repository, image)) is { } now)
                    {
                        Line(run, $"  stays   {Name(image)}  {now.Reason}, since this began");
                    }
                    else if (await retention.Delete(repository, image, stop))
                    {
                        deleted++;
                        Line(run, $"  deleted {Name(image)}");
                    }
                }
            }
            catch (RetentionException e)
            {
                failed++;
                run.At.Errors.WriteLine($"{repository.Name}: {e.Message}{(e.Evidence is { Length: > 0 } quoted ? $" ({Refusals.Line(quoted)})" : "")}");
            }
        }
        if (run.IsJson)
        {
            run.Print(JsonSerializer.Serialize(plans, CommandJson.Default.ListRetentionPlan));
        }
        else if (repositories.Count == 0)
        {
            run.Print("Nothing was deployed by this bridge: name the repositories with --repository.");
        }
        else if (applies)
        {
            run.Print($"{deleted} deleted. A registry frees the space by its own garbage collection.");
        }
        else
        {
            run.Print($"Nothing was changed. To delete {plans.Sum(p => p.Images.Count(i => i.IsDeleted))}: the same with --apply.");
        }
        return failed > 0 ? ExitCode.Failed : ExitCode.Live;
    }

    static void Show(VerbRun run, RetentionPlan plan)
    {
        var goes = plan.Images.Count(i => i.IsDeleted);
        Line(run, $"{plan.Repository}  {plan.Images.Count} images, {goes} to delete");
        if (!run.IsJson)
        {
            foreach (var line in TextTable.Lines([.. plan.Images.Select(i => (IReadOnlyList<string>)
                [i.IsDeleted ? "  delete" : "  stays", i.Digest[..15], string.Join(' ', i.Tags), i.CreatedAt?.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "-", i.Reason])]))
            {
                run.Print(line);
            }
        }
    }

    static void Line(VerbRun run, string text)
    {
        if (!run.IsJson)
        {
            run.Print(text);
        }
    }

    static string Name(PlannedImage image) => $"{image.Digest[..15]}  {string.Join(' ', image.Tags)}";

    static bool IsOf(NeededImage needed, ImageReference repository, PlannedImage image) =>
        needed.Image.Name == repository.Name && (needed.Image.Digest is { } digest ? digest == image.Digest : image.Tags.Contains(needed.Image.Tag));

    static async Task<IReadOnlyList<NeededImage>> Needed(VerbRun run, CancellationToken stop)
    {
        var (answer, _) = await run.Bridge.Read("/v1/images/kept", CommandJson.Default.KeptImagesAnswer, stop);
        return [.. answer.Kept.Select(k => new NeededImage(ImageReference.Parse(k.Image), k.Reason))];
    }

    static ImageReference Repository(string text) => ImageReference.TryParse(text, out var image, out var wrong) && image is { Tag: null, Digest: null }
        ? image
        : throw new VerbException(ExitCode.WrongUse, wrong ?? $"\"{text}\" has a tag or a digest.", "Give registry and repository alone, e.g. registry.internal/portal.");

    static async Task<List<RegistryOptions>> Registries(VerbRun run, IReadOnlyList<ImageReference> repositories, string? url, CancellationToken stop)
    {
        var names = repositories.Select(r => r.Registry).Distinct(StringComparer.Ordinal).ToList();
        if (url is not null && names.Count > 1)
        {
            throw new VerbException(ExitCode.WrongUse, $"--registry-url is for one registry, and the repositories are in {names.Count}: {string.Join(", ", names)}.", "Name those of one registry with --repository.");
        }
        var known = new List<RegistryOptions>();
        foreach (var name in names)
        {
            if (await PushVerb.RegistryOf(name, PushVerb.RegistryUrl(name, url), run.At, stop) is { } options)
            {
                known.Add(options);
            }
        }
        return known;
    }
}
