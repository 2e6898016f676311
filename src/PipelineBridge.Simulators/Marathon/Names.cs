using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>Makes the ids, ports and versions of one simulated cluster: never twice the same, and the same in each run at one time.</summary>
sealed class Names(MarathonSimulatorOptions options)
{
    readonly string seed = Text(options.Time.GetUtcNow());
    long count;
    long instances;
    int port = options.FirstHostPort - 1;
    DateTimeOffset last;

    /// <summary>A time as Marathon writes it.</summary>
    public static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public Guid Uuid() => new(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed} {options.Port} {++count}")).AsSpan(0, 16));

    public long InstanceNumber() => ++instances;

    /// <summary>A version later than all before: now, or a millisecond after the last.</summary>
    public string Version()
    {
        var now = options.Time.GetUtcNow();
        last = now.ToUnixTimeMilliseconds() > last.ToUnixTimeMilliseconds() ? now : last.AddMilliseconds(1);
        return Text(last);
    }

    /// <summary>The next host port that is not taken.</summary>
    public int HostPort(IReadOnlySet<int> taken)
    {
        for (var tries = options.LastHostPort - options.FirstHostPort; tries >= 0; tries--)
        {
            port = port >= options.LastHostPort ? options.FirstHostPort : port + 1;
            if (!taken.Contains(port))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"All host ports from {options.FirstHostPort} to {options.LastHostPort} are taken.");
    }
}
