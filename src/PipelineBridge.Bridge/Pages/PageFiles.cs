using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using PipelineBridge.Bridge.Http;

namespace PipelineBridge.Bridge.Pages;

/// <summary>The two files that pages load: the script and the icon. Their addresses have their hash, so that a browser keeps them until they change.</summary>
static class PageFiles
{
    static readonly byte[] Script = Embedded("page.js");
    static readonly byte[] Icon = Embedded("icon.svg");

    /// <summary>The address of the script.</summary>
    public static string ScriptPath { get; } = $"/page-{Hash(Script)}.js";

    /// <summary>The address of the icon.</summary>
    public static string IconPath { get; } = $"/icon-{Hash(Icon)}.svg";

    public static void MapPageFiles(this IEndpointRouteBuilder app)
    {
        Map(app, ScriptPath, Script, "text/javascript; charset=utf-8");
        Map(app, IconPath, Icon, "image/svg+xml");
    }

    // Without a key: they are the same for everybody, and a sign-in has an icon too.
    static void Map(IEndpointRouteBuilder app, string path, byte[] file, string type) =>
        app.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], (RequestDelegate)(http =>
        {
            http.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
            http.Response.Headers.XContentTypeOptions = "nosniff";
            return Answers.WriteBytes(http, StatusCodes.Status200OK, file, type);
        })).ExcludeFromDescription();

    static string Hash(byte[] file) => Convert.ToHexStringLower(SHA256.HashData(file))[..12];

    static byte[] Embedded(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The file {name} is not in the program.");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
