using System.CommandLine;
using PipelineBridge.Journal;

namespace PipelineBridge.Verbs;

/// <summary><c>pipelinebridge journal verify|backup|epoch</c>: the audit trail, offline.</summary>
static class JournalVerb
{
    public static Command Command()
    {
        var path = new Argument<FileInfo>("journal") { Description = "The journal's file." };
        var target = new Argument<FileInfo>("to") { Description = "The file to make; it must not be there." };
        var reason = new Option<string>("--reason") { Description = "Why, for whoever reads the journal later.", Required = true };
        var verify = new Command("verify", "Read the whole journal and name the first event that is not as it was written.") { path };
        verify.SetAction(parsed => Verify(parsed.GetValue(path)!));
        var backup = new Command("backup", "Copy a journal, also one that is being written.") { path, target };
        backup.SetAction(parsed => Backup(parsed.GetValue(path)!, parsed.GetValue(target)!));
        var epoch = new Command("epoch", "Say that this journal is an older copy that goes on from here.") { path, reason };
        epoch.SetAction(parsed => Epoch(parsed.GetValue(path)!, parsed.GetValue(reason)!));
        return new Command("journal", "The journal: verify, back up, go on from a copy.") { verify, backup, epoch };
    }

    static int Verify(FileInfo path) => Guarded(() =>
    {
        var result = JournalVerifier.Verify(path.FullName);
        if (result.Wrong is { } wrong)
        {
            Console.Error.WriteLine($"{path}: {wrong.Sentence}");
            return 1;
        }
        Console.WriteLine($"{path}: {result.Events} events, the chain is whole. Head {result.Head.Sequence}, link {result.Head.Link}.");
        return 0;
    });

    static int Backup(FileInfo path, FileInfo target) => Guarded(() =>
    {
        var head = JournalBackup.To(path.FullName, target.FullName);
        Console.WriteLine($"{target}: a copy of {path}, up to event {head.Sequence}.");
        return 0;
    });

    static int Epoch(FileInfo path, string reason) => Guarded(() =>
    {
        EventJournal.StartEpoch(path.FullName, reason);
        Console.WriteLine($"{path}: a new epoch began. The bridge may be started on it.");
        return 0;
    });

    static int Guarded(Func<int> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is JournalRefusedException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }
}
