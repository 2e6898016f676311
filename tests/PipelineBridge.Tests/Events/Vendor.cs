namespace PipelineBridge.Tests.Events;

/// <summary>The published schemas and samples of CloudEvents and CDEvents, which are not part of the project: <c>shared/vendor</c> beside it.</summary>
static class Vendor
{
    public const string CdEvents = "cdevents-0.5.1";

    static readonly string? Folder = Find();

    /// <summary>Whether they are at hand, for tests of something else that check the schemas along the way.</summary>
    public static bool AreThere => Folder is not null;

    /// <summary>Skips the test, visibly, where they are not at hand.</summary>
    public static void MustBeThere() =>
        Assert.SkipWhen(Folder is null, "shared/vendor, with the schemas of CloudEvents and CDEvents, is not beside the project");

    public static string PathOf(params ReadOnlySpan<string> parts) => Path.Combine([Folder!, .. parts]);

    static string? Find()
    {
        for (var directory = new DirectoryInfo(Repository.Root).Parent; directory is not null; directory = directory.Parent)
        {
            var candidate = Path.Combine(directory.FullName, "shared", "vendor");
            if (Directory.Exists(Path.Combine(candidate, CdEvents)))
            {
                return candidate;
            }
        }
        return null;
    }
}
