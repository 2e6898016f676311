using Microsoft.AspNetCore.Routing;

namespace PipelineBridge.Bridge.Pages;

/// <summary>The pages for people: <c>/</c>, <c>/{request}</c> and <c>/chains/{id}</c>.</summary>
static class PageEndpoints
{
    public static void MapPages(this IEndpointRouteBuilder app)
    {
    }
}
