using System.Text;

namespace PipelineBridge.Tests.Support;

/// <summary>What a program writes, read while it goes on writing.</summary>
sealed class Shown : TextWriter
{
    readonly StringBuilder text = new();

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value)
    {
        lock (text)
        {
            text.Append(value);
        }
    }

    public override void Write(string? value)
    {
        lock (text)
        {
            text.Append(value);
        }
    }

    public bool Has(string part) => ToString().Contains(part, StringComparison.Ordinal);

    /// <summary>Waits until it has written something.</summary>
    public async Task Until(string part, CancellationToken cancellation)
    {
        var until = DateTime.UtcNow + Patience.Bound;
        while (!Has(part))
        {
            DateTime.UtcNow.Should().BeBefore(until, "\"{0}\" is written: {1}", part, this);
            await Task.Delay(20, cancellation);
        }
    }

    public override string ToString()
    {
        lock (text)
        {
            return text.ToString();
        }
    }
}
