using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>Who may call what, as an authentication plugin of Marathon would decide.</summary>
sealed class MarathonAccess(MarathonSimulatorOptions options)
{
    public void Check(HttpRequest request)
    {
        if (options.Users.Count == 0)
        {
            return;
        }

        var user = User(request.Headers.Authorization.ToString())
            ?? throw new MarathonError(401, new JsonObject { ["message"] = "Invalid username or password." });
        if (!user.MayChange && !HttpMethods.IsGet(request.Method))
        {
            throw new MarathonError(403, new JsonObject { ["message"] = "Not Authorized to perform this action!" });
        }
    }

    MarathonUser? User(string header)
    {
        // DC/OS sends its tokens this way, without a scheme.
        if (header.StartsWith("token=", StringComparison.Ordinal))
        {
            return options.Users.FirstOrDefault(user => user.Secret == header["token=".Length..]);
        }

        if (!header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var bytes = new byte[header.Length];
        return Convert.TryFromBase64String(header["Basic ".Length..].Trim(), bytes, out var length)
            ? options.Users.FirstOrDefault(user => $"{user.Name}:{user.Secret}" == Encoding.UTF8.GetString(bytes, 0, length))
            : null;
    }
}
