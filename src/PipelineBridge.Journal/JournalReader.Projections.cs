using PipelineBridge.Events;
using PipelineBridge.Journal.Sqlite;

namespace PipelineBridge.Journal;

public sealed partial class JournalReader
{
    /// <summary>The request whose asking event has that sequence; null when there is none.</summary>
    public RequestRow? Request(long sequence) =>
        Sql($"select {RowReading.RequestColumns} from request where seq = ?").Bind(sequence).One(RowReading.Request);

    /// <summary>The request whose asking event has that id; null when there is none.</summary>
    public RequestRow? Request(EventId id) =>
        Sql("select seq from event where id = ?").Bind(id.ToBytes()).Number() is { } sequence ? Request(sequence) : null;

    /// <summary>The requests of an app in an environment before a sequence, newest first.</summary>
    public IReadOnlyList<RequestRow> Requests(string app, string environment, int limit, long before = long.MaxValue) =>
        Sql($"select {RowReading.RequestColumns} from request where app = ? and environment = ? and seq < ? order by seq desc limit ?")
            .Bind(app).Bind(environment).Bind(before).Bind(limit).All(RowReading.Request);

    /// <summary>The requests whose end is still to come, oldest first.</summary>
    public IReadOnlyList<RequestRow> OpenRequests(int limit) =>
        Sql($"select {RowReading.RequestColumns} from request where open = 1 order by seq limit ?").Bind(limit).All(RowReading.Request);

    /// <summary>The newest requests of all, newest first.</summary>
    public IReadOnlyList<RequestRow> NewestRequests(int limit, long before = long.MaxValue) =>
        Sql($"select {RowReading.RequestColumns} from request where seq < ? order by seq desc limit ?").Bind(before).Bind(limit).All(RowReading.Request);

    /// <summary>Looks at the names of requests, newest first, until the visitor answers false or so many were seen.</summary>
    /// <param name="visit">Given sequence, id and kind.</param>
    /// <param name="most">How many to look at.</param>
    /// <param name="before">The sequence before which to begin.</param>
    /// <returns>The last sequence looked at; <paramref name="before"/> when there was none.</returns>
    public long RequestsNewestFirst(Func<long, EventId, char, bool> visit, int most, long before = long.MaxValue)
    {
        var reached = before;
        var rows = Sql("select seq, id, kind from request where seq < ? order by seq desc limit ?").Bind(before).Bind(most);
        try
        {
            while (rows.Next())
            {
                reached = rows.Long(0);
                if (!visit(reached, EventId.FromBytes(rows.Span(1)), rows.Text(2)[0]))
                {
                    break;
                }
            }
        }
        finally
        {
            rows.Reset();
        }
        return reached;
    }

    /// <summary>An open work; null when there is none of that sequence in that queue.</summary>
    public WorkRow? Work(long sequence, string queue) =>
        Sql($"select {RowReading.WorkColumns} from work where queue = ? and seq = ?").Bind(queue).Bind(sequence).One(RowReading.Work);

    /// <summary>The open work of a queue, or of all of them, oldest first.</summary>
    public IReadOnlyList<WorkRow> OpenWork(string? queue, int limit) => queue is null
        ? Sql($"select {RowReading.WorkColumns} from work order by seq limit ?").Bind(limit).All(RowReading.Work)
        : Sql($"select {RowReading.WorkColumns} from work where queue = ? order by seq limit ?").Bind(queue).Bind(limit).All(RowReading.Work);

    /// <summary>The oldest open work of a queue, or of all of them; null when none is open.</summary>
    public WorkRow? OldestOpenWork(string? queue = null) => OpenWork(queue, 1) is [var oldest] ? oldest : null;

    /// <summary>How much is open in each queue that has any.</summary>
    public IReadOnlyList<QueueCount> OpenWorkCounts() =>
        Sql("select queue, sum(state = 0), sum(state = 1), min(seq) from work group by queue order by queue")
            .All(static row => new QueueCount(row.Text(0), row.Long(1), row.Long(2), row.Long(3)));

    /// <summary>The queues that have work ready and due at a time.</summary>
    public IReadOnlyList<string> DueQueues(long nowMilliseconds) =>
        Sql("select distinct queue from work where state = 0 and due <= ?").Bind(nowMilliseconds).All(static row => row.Text(0));

    /// <summary>The queues that have work which was given and has no outcome.</summary>
    public IReadOnlyList<string> RunningQueues() =>
        Sql("select distinct queue from work indexed by work_running where state = 1").All(static row => row.Text(0));

    /// <summary>When the next work that is ready comes due after a time, in milliseconds since 1970; null when none waits.</summary>
    public long? NextDue(long afterMilliseconds) =>
        Sql("select min(due) from work where state = 0 and due > ?").Bind(afterMilliseconds).Number();

    /// <summary>What runs, of all apps in all environments.</summary>
    public IReadOnlyList<ServiceRow> Services() =>
        Sql($"select {RowReading.ServiceColumns} from service order by app, environment").All(RowReading.Service);

    /// <summary>What runs of an app in an environment; null when nothing is known to.</summary>
    public ServiceRow? Service(string app, string environment) =>
        Sql($"select {RowReading.ServiceColumns} from service where app = ? and environment = ?").Bind(app).Bind(environment).One(RowReading.Service);

    /// <summary>A dead letter; null when there is none of that number.</summary>
    public DeadLetterRow? DeadLetter(long id) =>
        Sql($"select {RowReading.DeadLetterColumns} from deadletter where id = ?").Bind(id).One(RowReading.DeadLetter);

    /// <summary>The dead letters in a state, or all, newest first.</summary>
    public IReadOnlyList<DeadLetterRow> DeadLetters(DeadLetterState? state, int limit) => state is null
        ? Sql($"select {RowReading.DeadLetterColumns} from deadletter order by id desc limit ?").Bind(limit).All(RowReading.DeadLetter)
        : Sql($"select {RowReading.DeadLetterColumns} from deadletter where state = ? order by id desc limit ?").Bind((long)state).Bind(limit).All(RowReading.DeadLetter);

    /// <summary>Figures for metrics.</summary>
    public JournalCounts Counts() => new(
        HotState.Head(database).Sequence,
        Count("select count(*) from request where open = 1"),
        Count("select count(*) from work"),
        Count("select count(*) from deadletter where state = 0"),
        Count("select page_count * page_size from pragma_page_count(), pragma_page_size()"));

    long Count(string sql) => Sql(sql).Number() ?? 0;
}
