using System.Net.Http.Headers;

namespace PipelineBridge.Registry.Oci;

/// <summary>How a registry wants to be convinced, from <c>WWW-Authenticate</c> (RFC 9110, 11.6.1; distribution docs, "Token Authentication").</summary>
sealed record Challenge(bool IsBearer, string? Realm, string? Service, IReadOnlyList<string> Scopes, string? Error)
{
    /// <summary>The challenge to answer: Bearer where there is one, else Basic, else null.</summary>
    public static Challenge? Of(HttpResponseHeaders headers)
    {
        var bearer = headers.WwwAuthenticate.FirstOrDefault(h => Is(h, "Bearer"));
        if (bearer is not null)
        {
            var values = Values(bearer.Parameter ?? "");
            // The challenge of a mount carries two scopes in one string, with a space between.
            return new Challenge(true, values.GetValueOrDefault("realm"), values.GetValueOrDefault("service"),
                values.GetValueOrDefault("scope")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [], values.GetValueOrDefault("error"));
        }
        return headers.WwwAuthenticate.Any(h => Is(h, "Basic")) ? new Challenge(false, null, null, [], null) : null;
    }

    static bool Is(AuthenticationHeaderValue header, string scheme) => header.Scheme.Equals(scheme, StringComparison.OrdinalIgnoreCase);

    static Dictionary<string, string> Values(string text)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var at = 0;
        while (text.IndexOf('=', at) is var equals and >= 0)
        {
            var name = text[at..equals].Trim(' ', ',', '\t');
            var value = new System.Text.StringBuilder();
            at = equals + 1;
            if (at < text.Length && text[at] == '"')
            {
                for (at++; at < text.Length && text[at] != '"'; at++)
                {
                    if (text[at] == '\\' && at + 1 < text.Length)
                    {
                        at++;
                    }
                    value.Append(text[at]);
                }
                at++;
            }
            else
            {
                for (; at < text.Length && text[at] != ','; at++)
                {
                    value.Append(text[at]);
                }
            }
            values[name] = value.ToString().Trim();
            at = Math.Min(at, text.Length);
        }
        return values;
    }
}
