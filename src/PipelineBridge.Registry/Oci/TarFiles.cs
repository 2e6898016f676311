using System.Formats.Tar;
using PipelineBridge.Events;

namespace PipelineBridge.Registry.Oci;

/// <summary>The files in a tar archive, which is not unpacked: where each begins is read once, its bytes when they are wanted.</summary>
sealed class TarFiles : IImageFiles
{
    const int MostEntries = 100_000;
    const int MostLinks = 10;

    readonly DirectoryFiles directory;
    readonly string archive;
    readonly Dictionary<string, Entry> entries;

    TarFiles(DirectoryFiles directory, string archive, Dictionary<string, Entry> entries) => (this.directory, this.archive, this.entries) = (directory, archive, entries);

    /// <summary>Reads where the files of an archive are.</summary>
    /// <param name="directory">The directory of the archive, by the archive's name in a sentence.</param>
    /// <param name="archive">The file of the archive in it.</param>
    public static TarFiles Of(DirectoryFiles directory, string archive)
    {
        using var file = directory.Open(archive)
            ?? throw new RegistryFailure(FailureCategory.Image, $"{Sentence.Begin(directory.Name)} is not there, is no file, or is empty.") { NothingMade = true };
        using (var beginning = file.Read())
        {
            var magic = new byte[4];
            var length = beginning.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
            if (Compression.Of(magic.AsSpan(0, length)) is { } compression)
            {
                throw new RegistryFailure(FailureCategory.Image, $"{Sentence.Begin(directory.Name)} is compressed with {compression}; it must be a plain tar archive, so that single layers can be read from it. Its layers may be compressed.") { NothingMade = true };
            }
        }
        try
        {
            return new TarFiles(directory, archive, Entries(file, directory.Name));
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException or ArgumentException)
        {
            throw new RegistryFailure(FailureCategory.Image, $"{Sentence.Begin(directory.Name)} is no tar archive, or is cut.", e.Message) { NothingMade = true };
        }
        catch (IOException e)
        {
            throw directory.Unreadable(e);
        }
    }

    /// <inheritdoc/>
    public string Name => directory.Name;

    /// <summary>Whether a file is in it.</summary>
    public bool Has(string path) => Find(path) is not null;

    /// <inheritdoc/>
    public FileRange? Open(string path)
    {
        if (Find(path) is not { LengthBytes: > 0 } found)
        {
            return null;
        }
        var whole = directory.Open(archive) ?? throw directory.Unreadable(new FileNotFoundException());
        return whole.Part(found.StartBytes, found.LengthBytes);
    }

    /// <inheritdoc/>
    public RegistryFailure Unreadable(Exception e) => directory.Unreadable(e);

    Entry? Find(string path)
    {
        for (var links = 0; links <= MostLinks && entries.TryGetValue(path, out var entry); links++)
        {
            if (entry.Link is not { } target)
            {
                return entry;
            }
            path = target;
        }
        return null;
    }

    static Dictionary<string, Entry> Entries(FileRange file, string name)
    {
        var found = new Dictionary<string, Entry>(StringComparer.Ordinal);
        using var stream = file.ReadAnywhere();
        using var reader = new TarReader(stream);
        while (reader.GetNextEntry() is { } entry)
        {
            if (found.Count == MostEntries)
            {
                throw new RegistryFailure(FailureCategory.Image, $"{Sentence.Begin(name)} has more than {MostEntries} files; it is no archive of images.") { NothingMade = true };
            }
            // A later one of the same name takes the place of an earlier one, as when it is unpacked.
            switch (entry.EntryType)
            {
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                    if (entry.Length > 0 && entry.DataOffset + entry.Length > file.LengthBytes)
                    {
                        throw new EndOfStreamException($"{entry.Name} ends behind the end of the archive");
                    }
                    found[Plain(entry.Name)] = new Entry(entry.DataOffset, entry.Length, null);
                    break;
                case TarEntryType.HardLink:
                    found[Plain(entry.Name)] = new Entry(0, 0, Plain(entry.LinkName));
                    break;
                case TarEntryType.SymbolicLink:
                    // docker save writes a layer that two images share once, and links to it.
                    found[Plain(entry.Name)] = new Entry(0, 0, Plain($"{Path.GetDirectoryName(entry.Name)}/{entry.LinkName}"));
                    break;
            }
        }
        return found;
    }

    // Names without . and .., so that a link leads to the entry that it means; none leads out, as only entries are found.
    static string Plain(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/'))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("" or "." or ".."))
            {
                parts.Add(part);
            }
        }
        return string.Join('/', parts);
    }

    sealed record Entry(long StartBytes, long LengthBytes, string? Link);
}
