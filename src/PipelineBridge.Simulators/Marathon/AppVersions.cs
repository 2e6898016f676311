namespace PipelineBridge.Simulators.Marathon;

/// <summary>All versions of all apps that were ever stored, refused ones too; an app's go with the app.</summary>
sealed class AppVersions
{
    readonly Dictionary<string, SortedDictionary<string, AppDefinition>> stored = [];

    public void Store(AppDefinition app)
    {
        if (!stored.TryGetValue(app.Id, out var versions))
        {
            stored[app.Id] = versions = new SortedDictionary<string, AppDefinition>(StringComparer.Ordinal);
        }

        versions[app.Version] = app;
    }

    public void Forget(string app) => stored.Remove(app);

    /// <summary>The versions of an app, newest first.</summary>
    public IReadOnlyList<string> Of(string app) => stored.TryGetValue(app, out var versions) ? [.. versions.Keys.Reverse()] : [];

    public AppDefinition? Find(string app, string version) =>
        stored.TryGetValue(app, out var versions) ? versions.GetValueOrDefault(version) : null;
}
