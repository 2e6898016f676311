using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Bridge.Http;

/// <summary>Writes answers in one piece, with their length and charset.</summary>
static class Answers
{
    public const string Json = "application/json; charset=utf-8";

    public static Task Write<T>(HttpContext http, int status, T value, JsonTypeInfo<T> type, string contentType = Json) =>
        WriteBytes(http, status, JsonSerializer.SerializeToUtf8Bytes(value, type), contentType);

    public static async Task WriteBytes(HttpContext http, int status, ReadOnlyMemory<byte> body, string contentType)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }
}
