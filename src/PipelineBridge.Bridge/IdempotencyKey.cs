using System.Security.Cryptography;
using System.Text;

namespace PipelineBridge.Bridge;

/// <summary>The key of an ask in the idempotency table: the hash of client, method, path and the header <c>Idempotency-Key</c>.</summary>
static class IdempotencyKey
{
    /// <summary>The longest header that is taken, in characters.</summary>
    public const int Longest = 2048;

    public static byte[] Of(string client, string method, string path, string key) =>
        SHA256.HashData(Encoding.UTF8.GetBytes($"{client}\n{method}\n{path}\n{key}"));
}
