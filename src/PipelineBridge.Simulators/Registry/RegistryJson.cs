using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Simulators.Registry;

/// <summary>Writes an answer as JSON in one piece with its length, names as they are, as the reference implementation does.</summary>
static class RegistryJson
{
    static readonly JsonSerializerOptions AsNamed = new();

    public static async Task Write(HttpContext context, object answer)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(answer, AsNamed);
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
        }
    }
}
