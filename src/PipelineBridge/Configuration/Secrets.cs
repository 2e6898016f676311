namespace PipelineBridge.Configuration;

/// <summary>
/// Where secrets are read from. What is kept is the place; the secret itself is read when it is needed, so that a
/// renewed one is taken and no object carries it.
/// </summary>
sealed class Secrets(Reading reading)
{
    /// <summary>A secret that is all a file holds, but for the line's end.</summary>
    public Func<string?>? OfFile(Given file)
    {
        string path;
        try
        {
            path = reading.Path(file.Text);
            if (!reading.Uses(file.Place))
            {
                return static () => null;
            }
            if (string.IsNullOrEmpty(Read(path)))
            {
                reading.Findings.Mistake(file.Place, $"{Findings.Shown(file.Text)} is empty. It must hold the secret and nothing else.");
                return null;
            }
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            reading.Findings.Mistake(file.Place, $"{Findings.Shown(file.Text)} is not there.");
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            reading.Findings.Mistake(file.Place, $"{Findings.Shown(file.Text)} cannot be read by this user.");
            return null;
        }
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & UnixFileMode.OtherRead) != 0)
        {
            reading.Findings.Warning(file.Place, $"{Findings.Shown(file.Text)} can be read by everybody on this machine. Take that away with: chmod o-r {file.Text}");
        }
        return () =>
        {
            try
            {
                return Read(path);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        };
    }

    /// <summary>A secret that a variable of the environment holds.</summary>
    public Func<string?>? OfVariable(Given variable)
    {
        reading.Variables.Name(variable.Text);
        if (!reading.Uses(variable.Place))
        {
            return static () => null;
        }
        var environment = reading.Variables.Environment;
        if (!environment.TryGetValue(variable.Text, out var value) || value.Length == 0)
        {
            reading.Findings.Mistake(variable.Place, $"{Findings.Shown(variable.Text)} is no variable of this environment, or empty.");
            return null;
        }
        return () => environment.GetValueOrDefault(variable.Text);
    }

    static string Read(string path) => File.ReadAllText(path).TrimEnd('\r', '\n');
}
