using Microsoft.Extensions.Logging;

namespace PipelineBridge.Composition;

/// <summary>How every process logs: one line a happening, with the time in UTC, to the console.</summary>
static class Logs
{
    public static void Configure(ILoggingBuilder logging, LogLevel level) => logging.SetMinimumLevel(level)
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddSimpleConsole(c => { c.SingleLine = true; c.UseUtcTimestamp = true; c.TimestampFormat = "yyyy-MM-dd HH:mm:ss "; });
}
