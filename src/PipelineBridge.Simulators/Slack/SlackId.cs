using System.Security.Cryptography;
using System.Text;

namespace PipelineBridge.Simulators.Slack;

/// <summary>IDs in Slack's form: a letter for the kind and ten upper-case letters or digits.</summary>
static class SlackId
{
    const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    public static string Of(char kind, string name) => kind + string.Concat(
        SHA256.HashData(Encoding.UTF8.GetBytes(name)).Take(10).Select(value => Alphabet[value % Alphabet.Length]));
}
