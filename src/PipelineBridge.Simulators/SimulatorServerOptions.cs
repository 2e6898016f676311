using System.Net;
using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Simulators;

/// <summary>How a simulator's server is started.</summary>
public sealed record SimulatorServerOptions
{
    /// <summary>Which service is simulated, one lower-case word, as in the header <c>X-Simulator</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What is simulated, in a few sentences for a person who opens the root.</summary>
    public required string Description { get; init; }

    /// <summary>The TCP port; 0 lets the system choose a free one.</summary>
    public int Port { get; init; }

    /// <summary>The address to listen on; another one than loopback lets anybody in who reaches it.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>The clock that stamps the request log and paces scripted delays.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Receives the one line that is told at start; standard error when not given.</summary>
    public Action<string>? Announce { get; init; }

    /// <summary>An HTML page for the root, made anew on each call; without it the root is the description as plain text.</summary>
    public Func<string>? HomePage { get; init; }

    /// <summary>Answers further paths below <c>/_simulator/</c>, given without that; false where it knows none such.</summary>
    public Func<HttpContext, string, Task<bool>>? Control { get; init; }

    /// <summary>What else happened in the simulated service; told beside the requests in the log.</summary>
    public Func<object>? Happenings { get; init; }
}
