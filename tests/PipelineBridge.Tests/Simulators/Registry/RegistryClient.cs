using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using PipelineBridge.Simulators.Registry;

namespace PipelineBridge.Tests.Simulators.Registry;

/// <summary>Bare requests of the distribution API, without any cleverness, so that the tests see what the wire says.</summary>
sealed class RegistryClient(Uri url) : IDisposable
{
    readonly HttpClient http = new() { BaseAddress = url };

    public AuthenticationHeaderValue? Authorization { get; set; }

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static string DigestOf(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    public async Task<HttpResponseMessage> Send(
        string method, string path, byte[]? body = null, string? type = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Authorization = Authorization;
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        }

        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content!.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return await http.SendAsync(request, Cancellation);
    }

    public Task<HttpResponseMessage> Get(string path, params string[] accept) =>
        Send("GET", path, headers: [.. accept.Select(type => ("Accept", type))]);

    public async Task PutImage(string repository, string reference, SampleImage image)
    {
        foreach (var (_, bytes) in image.Blobs)
        {
            await PutBlob(repository, bytes.ToArray());
        }

        using var put = await PutManifest(repository, reference, image);
        put.StatusCode.Should().Be(HttpStatusCode.Created);
    }

    public async Task<string> PutBlob(string repository, byte[] bytes)
    {
        using var opened = await Send("POST", $"/v2/{repository}/blobs/uploads/");
        using var stored = await Send("PUT", $"{opened.Headers.Location}&digest={DigestOf(bytes)}", bytes, "application/octet-stream");
        stored.StatusCode.Should().Be(HttpStatusCode.Created);
        return DigestOf(bytes);
    }

    public Task<HttpResponseMessage> PutManifest(string repository, string reference, SampleImage image) =>
        Send("PUT", $"/v2/{repository}/manifests/{reference}", image.Manifest.ToArray(), MediaTypes.OciImage);

    public void Dispose() => http.Dispose();
}

static class RegistryAnswers
{
    public static string Header(this HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) || answer.Content.Headers.TryGetValues(name, out values)
            ? string.Join(", ", values)
            : "";

    /// <summary>The codes of the error body, and its first message.</summary>
    public static async Task<(string Codes, string Message)> Errors(this HttpResponseMessage answer)
    {
        var errors = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["errors"]!.AsArray();
        return (string.Join(' ', errors.Select(error => error!["code"]!.GetValue<string>())), errors[0]!["message"]!.GetValue<string>());
    }
}
