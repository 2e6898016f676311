using System.Diagnostics;
using System.Security.Cryptography;
using PipelineBridge.Journal;

namespace PipelineBridge.Tests.Journal;

/// <summary>A journal on a small disk in memory, which only root can mount.</summary>
[Trait("Needs", "root")]
public sealed class SmallDiskTests : IDisposable
{
    readonly DirectoryInfo mount = Directory.CreateTempSubdirectory("small-disk-");
    bool mounted;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    string JournalPath => Path.Combine(mount.FullName, "journal.db");

    public void Dispose()
    {
        if (mounted)
        {
            Run("umount", "--lazy", mount.FullName);
        }
        mount.Delete(recursive: true);
    }

    void Mount()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root can mount a small disk.");
        mounted = Run("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", mount.FullName);
        Assert.SkipUnless(mounted, "This machine does not let root mount a small disk.");
    }

    static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    EventJournal Open() => EventJournal.Open(new JournalOptions { Path = JournalPath });

    static NewEvent Big(int i) => JournalFile.Event("big" + i) with { Body = RandomNumberGenerator.GetBytes(100_000) };

    [Fact]
    public async Task A_full_disk_is_told_readers_go_on_and_writing_goes_on_once_there_is_space()
    {
        Mount();
        await using var journal = Open();
        var answered = 0;
        Exception? full = null;
        for (var i = 0; i < 200 && full is null; i++)
        {
            try
            {
                await journal.Write(t => t.Append(Big(i)), Cancellation);
                answered++;
            }
            catch (JournalUnavailableException e)
            {
                full = e;
            }
        }
        full.Should().NotBeNull();
        full!.Message.Should().Contain("full");
        answered.Should().BeGreaterThan(5);
        journal.Writable.Should().BeFalse();
        journal.Read(r => r.Event(answered)!.Body.Length).Should().Be(100_000);
        journal.Head.Should().Be(answered);

        Run("mount", "-o", "remount,size=20m", mount.FullName).Should().BeTrue();
        (await journal.Write(t => t.Append(Big(answered)), Cancellation)).Sequence.Should().Be(answered + 1);
        journal.Writable.Should().BeTrue();
        var verification = JournalVerifier.Verify(JournalPath, cancellation: Cancellation);
        (verification.Wrong, verification.Events).Should().Be((null, answered + 1L));
    }

    [Fact]
    public async Task A_journal_on_a_disk_that_cannot_be_written_is_refused_and_can_be_verified_and_backed_up()
    {
        Mount();
        JournalHead head;
        await using (var journal = Open())
        {
            await journal.Write(t => t.Append(JournalFile.Event("one")), Cancellation);
            head = journal.HeadLink;
        }
        Run("mount", "-o", "remount,ro", mount.FullName).Should().BeTrue();

        this.Invoking(t => t.Open()).Should().Throw<JournalRefusedException>().WithMessage("*cannot be written*Read-only file system*");
        JournalVerifier.Verify(JournalPath, known: head, cancellation: Cancellation).Wrong.Should().BeNull();
        using var elsewhere = new JournalFile();
        JournalBackup.To(JournalPath, elsewhere.Path).Should().Be(head);
    }

    [Fact]
    public async Task A_backup_that_has_no_space_is_refused_before_it_begins()
    {
        Mount();
        using var file = new JournalFile();
        await using var journal = file.Open();
        for (var i = 0; i < 80; i++)
        {
            await journal.Write(t => t.Append(Big(i)), Cancellation);
        }
        var target = Path.Combine(mount.FullName, "copy.db");
        target.Invoking(t => JournalBackup.To(file.Path, t)).Should().Throw<JournalRefusedException>().WithMessage("*needs up to * bytes*free*");
        mount.GetFiles().Should().BeEmpty();
    }
}
