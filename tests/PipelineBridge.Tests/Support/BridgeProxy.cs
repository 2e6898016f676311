using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using PipelineBridge.Simulators;
using PipelineBridge.Tests.Bridge;

namespace PipelineBridge.Tests.Support;

/// <summary>What stands before a bridge: it passes on what no fault spoils.</summary>
static class BridgeProxy
{
    public static Task<SimulatorServer> Start(RunningBridge bridge) => SimulatorServer.Start(
        new SimulatorServerOptions { Name = "proxy", Description = "A proxy before a bridge.", Announce = _ => { } },
        app => app.Run(http => PassOn(bridge, http)), TestContext.Current.CancellationToken);

    static async Task PassOn(RunningBridge bridge, HttpContext http)
    {
        using var request = new HttpRequestMessage(new HttpMethod(http.Request.Method), http.Request.Path + http.Request.QueryString.ToString());
        if (http.Request.ContentLength > 0)
        {
            request.Content = new StreamContent(http.Request.Body);
            request.Content.Headers.ContentLength = http.Request.ContentLength;
        }
        foreach (var header in new[] { "Authorization", "Idempotency-Key" })
        {
            request.Headers.TryAddWithoutValidation(header, http.Request.Headers[header].ToString());
        }
        using var response = await bridge.Http.SendAsync(request, http.RequestAborted);
        http.Response.StatusCode = (int)response.StatusCode;
        http.Response.ContentType = response.Content.Headers.ContentType?.ToString();
        var body = await response.Content.ReadAsByteArrayAsync(http.RequestAborted);
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }
}
