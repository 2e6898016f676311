using System.CommandLine;

namespace PipelineBridge.CommandLine;

/// <summary>Where the bridge is and the key that is shown to it.</summary>
sealed record BridgeAddress(Uri Url, string Token)
{
    /// <summary>Where the bridge is.</summary>
    public static readonly Option<string?> UrlOption = new("--bridge") { Description = "Where the bridge is; default: BRIDGE_URL.", HelpName = "url" };

    /// <summary>Where the key lies.</summary>
    public static readonly Option<FileInfo?> TokenFileOption = new("--token-file") { Description = "The file with the key; default: BRIDGE_TOKEN, or the file of BRIDGE_TOKEN_FILE.", HelpName = "file" };

    /// <summary>Refused with a word, so that nobody writes a key where each process list shows it.</summary>
    public static readonly Option<string?> TokenOption = new("--token") { Hidden = true };

    const int LongestTokenBytes = 8 * 1024;

    /// <summary>What the options say, else the environment.</summary>
    /// <exception cref="VerbException">There is none, or it cannot be used.</exception>
    public static BridgeAddress Of(ParseResult parsed, Surroundings at)
    {
        if (parsed.GetResult(TokenOption) is not null)
        {
            throw new VerbException(ExitCode.WrongUse, "A key on a command line is read by everybody on the machine; this one should be renewed.", "Put it into BRIDGE_TOKEN, or into a file that BRIDGE_TOKEN_FILE or --token-file names.");
        }
        var url = parsed.GetValue(UrlOption) ?? at.Said("BRIDGE_URL")
            ?? throw new VerbException(ExitCode.WrongUse, "No bridge is named.", "Set BRIDGE_URL, e.g. BRIDGE_URL=https://bridge.internal, or give --bridge.");
        if (!Uri.TryCreate(url.TrimEnd('/') + "/", UriKind.Absolute, out var parsedUrl) || parsedUrl.Scheme is not ("http" or "https") || parsedUrl.UserInfo.Length > 0 || parsedUrl.Query.Length > 0)
        {
            throw new VerbException(ExitCode.WrongUse, $"\"{Shown(url)}\" is no address of a bridge.", "It must be http:// or https://, a host and perhaps a port and a path, e.g. https://bridge.internal.");
        }
        return new BridgeAddress(parsedUrl, ReadToken(parsed, at));
    }

    /// <summary>Never with the key.</summary>
    public override string ToString() => Url.ToString().TrimEnd('/');

    static string ReadToken(ParseResult parsed, Surroundings at)
    {
        var (token, from) = parsed.GetValue(TokenFileOption) is { } given ? (Read(given.FullName, "--token-file"), "--token-file")
            : at.Said("BRIDGE_TOKEN") is { } said ? (said, "BRIDGE_TOKEN")
            : at.Said("BRIDGE_TOKEN_FILE") is { } file ? (Read(file, "BRIDGE_TOKEN_FILE"), "BRIDGE_TOKEN_FILE")
            : throw new VerbException(ExitCode.WrongUse, "There is no key to show to the bridge.", "Set BRIDGE_TOKEN, or BRIDGE_TOKEN_FILE to the file that has it, or give --token-file.");
        token = token.Trim();
        return token.Length > 0 && token.All(c => c is > ' ' and < '\x7f')
            ? token
            : throw new VerbException(ExitCode.WrongUse, $"What {from} gives is no key.", "A key is one line of letters, digits and signs without spaces.");
    }

    static string Read(string path, string from)
    {
        try
        {
            return new FileInfo(path).Length <= LongestTokenBytes
                ? File.ReadAllText(path)
                : throw new VerbException(ExitCode.WrongUse, $"{path} of {from} is too large to be a key.", "Name the file that has the key and nothing else.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VerbException(ExitCode.WrongUse, $"{path} of {from} cannot be read: {(e is FileNotFoundException or DirectoryNotFoundException ? "it is not there" : e is UnauthorizedAccessException ? "its rights do not allow it" : "it is no file")}.", "Name the file that has the key.");
        }
    }

    // A password in the address is not repeated.
    static string Shown(string url) => url.Contains('@', StringComparison.Ordinal) ? "…@" + url[(url.LastIndexOf('@') + 1)..] : url;
}
