using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace PipelineBridge.Bridge.Http;

/// <summary>What <c>/openapi/v1.json</c> says besides the calls themselves.</summary>
static class OpenApiDescription
{
    public static void Configure(OpenApiOptions options) => options.AddDocumentTransformer((document, _, _) =>
    {
        document.Info = new OpenApiInfo
        {
            Title = "PipelineBridge",
            Version = "v1",
            Description = "Asks are answered 202 with a receipt once they are on disk; each has exactly one end.",
        };
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            ["key"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "A key of the configuration." },
        };
        document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("key", document)] = [] }];
        return Task.CompletedTask;
    });
}
