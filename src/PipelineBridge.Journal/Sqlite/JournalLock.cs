namespace PipelineBridge.Journal.Sqlite;

/// <summary>The file beside a journal that its one writing process holds; the system lets go of it when the process dies.</summary>
sealed class JournalLock : IDisposable
{
    readonly FileStream file;

    JournalLock(FileStream file) => this.file = file;

    public static JournalLock Take(string path)
    {
        if (!Directory.Exists(Path.GetDirectoryName(path)))
        {
            throw new JournalRefusedException($"The journal {path} cannot be opened: the directory {Path.GetDirectoryName(path)} is not there.");
        }
        var name = path + ".lock";
        try
        {
            return new(new FileStream(name, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new JournalRefusedException($"The journal {path} cannot be written: {e.Message}", e);
        }
        catch (IOException e) when (File.Exists(name) && !IsReadOnly(e))
        {
            throw new JournalRefusedException($"The journal {path} is held by another process, which has {name} locked. One process writes a journal; end the other one first.", e);
        }
        catch (IOException e)
        {
            throw new JournalRefusedException($"The journal {path} cannot be written: {e.Message}", e);
        }
    }

    // EROFS of Linux, as .NET hands it on.
    static bool IsReadOnly(IOException e) => (e.HResult & 0xFFFF) == 30;

    public void Dispose() => file.Dispose();
}
