using PipelineBridge.Events;

namespace PipelineBridge.Journal.Sqlite;

/// <summary>The columns of each row and how they are read, the same for the writer and for readers.</summary>
static class RowReading
{
    public const string EventColumns = "e.seq, e.id, e.type, c.id, e.time, e.app, e.environment, e.born, e.body";

    public static StoredEvent Event(Statement row) => new(
        row.Long(0),
        EventId.FromBytes(row.Span(1)),
        row.Text(2),
        StoredName.ChainText(row.IsBlob(3), row.Span(3)),
        DateTimeOffset.FromUnixTimeMilliseconds(row.Long(4)),
        row.Text(5),
        row.Text(6),
        row.Bool(7),
        row.Bytes(8));

    public const string RequestColumns = "seq, id, kind, app, environment, state, revision, open, body";

    public static RequestRow Request(Statement row) => new(
        row.Long(0), EventId.FromBytes(row.Span(1)), row.Text(2)[0], row.Text(3), row.Text(4), row.Text(5), row.Long(6), row.Bool(7), row.Bytes(8));

    public const string WorkColumns = "seq, queue, partition, state, due, attempts, error, deadline";

    public static WorkRow Work(Statement row) => new(
        row.Long(0), row.Text(1), row.Text(2), (WorkRowState)row.Int(3), row.Long(4), row.Int(5), row.TextOrNull(6), row.Long(7));

    public const string ServiceColumns = "app, environment, state, image, digest, seq, at, body";

    public static ServiceRow Service(Statement row) => new(
        row.Text(0), row.Text(1), row.Text(2), row.TextOrNull(3), row.TextOrNull(4), row.Long(5), row.Long(6), row.Bytes(7));

    public const string IdempotencyColumns = "key, body, seq, at";

    public static IdempotencyRow Idempotency(Statement row) => new(row.Bytes(0), row.Bytes(1), row.Long(2), row.Long(3));

    public const string BlobColumns = "digest, media, bytes, size, erased";

    public static BlobRow Blob(Statement row) => new(
        "sha256:" + Convert.ToHexStringLower(row.Span(0)), row.Text(1), row.IsNull(2) ? null : row.Bytes(2), row.Long(3), row.TextOrNull(4));

    public const string DeadLetterColumns = "id, seq, queue, reason, body, at, state";

    public static DeadLetterRow DeadLetter(Statement row) => new(
        row.Long(0), row.Long(1), row.Text(2), row.Text(3), row.Bytes(4), row.Long(5), (DeadLetterState)row.Int(6));
}
