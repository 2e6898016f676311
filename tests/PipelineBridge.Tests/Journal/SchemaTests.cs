using PipelineBridge.Journal;
using PipelineBridge.Journal.Sqlite;

namespace PipelineBridge.Tests.Journal;

public sealed class SchemaTests : IDisposable
{
    readonly JournalFile file = new();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => file.Dispose();

    EventJournal Open(int version, params Migration[] migrations) =>
        EventJournal.Open(new JournalOptions { Path = file.Path }, version, migrations);

    async Task Make()
    {
        await using var journal = file.Open();
        await journal.Write(t => t.Append(JournalFile.Event("one")), Cancellation);
    }

    [Fact]
    public async Task A_new_journal_has_its_version_its_page_size_and_its_log()
    {
        await Make();
        file.Number("pragma user_version").Should().Be(Schema.Version);
        file.Number("pragma page_size").Should().Be(8192);
        await using var journal = file.Open();
        File.Exists(file.Path + "-wal").Should().BeTrue();
    }

    [Fact]
    public async Task Every_connection_waits_for_the_disk_at_a_commit()
    {
        await Make();
        const long Full = 2;
        using var writer = Database.OpenWriter(file.Path);
        using var reader = Database.OpenReader(file.Path);
        writer.Number("pragma synchronous").Should().Be(Full);
        reader.Number("pragma synchronous").Should().Be(Full);
        writer.Number("pragma wal_autocheckpoint").Should().Be(250);
    }

    [Fact]
    public async Task A_newer_journal_is_refused_by_everything_that_opens_one()
    {
        await Make();
        file.Tamper($"pragma user_version={Schema.Version + 1}");
        var word = $"*schema version {Schema.Version + 1}, and this program knows versions up to {Schema.Version}*";
        this.Invoking(t => t.file.Open()).Should().Throw<JournalRefusedException>().WithMessage(word);
        this.Invoking(t => JournalVerifier.Verify(t.file.Path, cancellation: Cancellation)).Should().Throw<JournalRefusedException>().WithMessage(word);
        this.Invoking(t => JournalBackup.To(t.file.Path, t.file.Path + ".copy")).Should().Throw<JournalRefusedException>().WithMessage(word);
        this.Invoking(t => EventJournal.StartEpoch(t.file.Path, "why")).Should().Throw<JournalRefusedException>().WithMessage(word);
        file.Number("pragma user_version").Should().Be(Schema.Version + 1, "a refusal changes nothing");
    }

    [Fact]
    public async Task An_older_journal_is_taken_step_by_step_to_the_version_of_the_program()
    {
        await Make();
        await using (var journal = Open(Schema.Version + 2, new Migration(Schema.Version + 1, "update service set zone = 'internal'"), new Migration(Schema.Version, "alter table service add column zone text")))
        {
            journal.Head.Should().Be(1);
            (await journal.Write(t => t.Append(JournalFile.Event("two")), Cancellation)).Sequence.Should().Be(2);
        }
        file.Number("pragma user_version").Should().Be(Schema.Version + 2);
        file.Number("select count(zone) from service").Should().Be(0);
    }

    [Fact]
    public async Task A_journal_of_the_first_version_gets_the_table_of_what_is_unsent()
    {
        await Make();
        file.Tamper("drop table unsent; pragma user_version=1");
        await using var journal = EventJournal.Open(new JournalOptions { Path = file.Path, Published = true });
        await journal.Write(t => t.Append(JournalFile.Event("two")), Cancellation);
        journal.Read(r => r.CountUnsent()).Count.Should().Be(1, "what was journaled before nobody waits for");
    }

    [Fact]
    public async Task A_step_that_fails_leaves_the_journal_as_it_was()
    {
        await Make();
        this.Invoking(_ => Open(Schema.Version + 1, new Migration(Schema.Version, "alter table service add column zone text; insert into nowhere values(1)")))
            .Should().Throw<JournalRefusedException>().WithMessage("*nowhere*");
        file.Number("pragma user_version").Should().Be(Schema.Version);
        file.Number("select count(*) from pragma_table_info('service') where name = 'zone'").Should().Be(0);
        await using var journal = file.Open();
        journal.Head.Should().Be(1);
    }

    [Fact]
    public async Task A_version_that_no_step_leads_from_is_refused()
    {
        await Make();
        this.Invoking(_ => Open(Schema.Version + 2, new Migration(Schema.Version, "select 1"))).Should().Throw<JournalRefusedException>()
            .WithMessage($"*knows no way from {Schema.Version + 1} to {Schema.Version + 2}*");
    }

    [Fact]
    public void A_file_that_is_no_journal_is_refused_and_left_alone()
    {
        file.Tamper("create table t(x)");
        this.Invoking(t => t.file.Open()).Should().Throw<JournalRefusedException>().WithMessage("*SQLite database, but no journal*");
        File.WriteAllText(file.Path, new string('x', 10_000));
        this.Invoking(t => t.file.Open()).Should().Throw<JournalRefusedException>().WithMessage("*no SQLite database*");
        File.ReadAllText(file.Path).Should().Be(new string('x', 10_000));
    }

    [Fact]
    public void A_directory_that_is_not_there_is_named()
    {
        var options = new JournalOptions { Path = Path.Combine(file.Folder, "mount", "journal.db") };
        options.Invoking(o => EventJournal.Open(o)).Should().Throw<JournalRefusedException>().WithMessage($"*directory {file.Folder}/mount is not there*");
    }

    [Fact]
    public async Task A_second_writer_is_refused_until_the_first_lets_go()
    {
        var first = file.Open();
        this.Invoking(t => t.file.Open()).Should().Throw<JournalRefusedException>().WithMessage("*held by another process*journal.db.lock*");
        await first.DisposeAsync();
        await using var second = file.Open();
        second.Writable.Should().BeTrue();
    }
}
