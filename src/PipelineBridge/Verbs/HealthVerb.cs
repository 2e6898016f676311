using System.CommandLine;
using System.CommandLine.Parsing;

namespace PipelineBridge.Verbs;

/// <summary><c>pipelinebridge health</c>: whether a process is ready, for what asks by running a command, such as a container's health check.</summary>
static class HealthVerb
{
    static readonly Uri Default = new("http://127.0.0.1:8080/health/ready");

    /// <summary>How long the answer may take.</summary>
    static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    public static Command Command()
    {
        var url = new Argument<Uri>("url") { Description = $"What is asked; default: {Default}.", DefaultValueFactory = _ => Default, CustomParser = Url };
        var command = new Command("health", "Ask a process whether it is ready; the exit code is 0 when it is.") { url };
        command.SetAction((parsed, stop) => Run(parsed.GetValue(url)!, stop));
        return command;
    }

    static async Task<int> Run(Uri url, CancellationToken stop)
    {
        using var http = new HttpClient { Timeout = Bound };
        try
        {
            using var answer = await http.GetAsync(url, stop);
            Console.WriteLine((await answer.Content.ReadAsStringAsync(stop)).Trim());
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception e) when (!stop.IsCancellationRequested && e is HttpRequestException or TaskCanceledException)
        {
            Console.Error.WriteLine(e is TaskCanceledException ? $"{url} did not answer within {Bound.TotalSeconds} s." : $"{url} does not answer: {e.Message}");
            return 1;
        }
    }

    static Uri Url(ArgumentResult given)
    {
        if (Uri.TryCreate(given.Tokens[0].Value, UriKind.Absolute, out var url) && url.Scheme is ("http" or "https"))
        {
            // The page is there also when nothing can be journaled.
            return url.AbsolutePath == "/" ? new Uri(url, Default.AbsolutePath) : url;
        }
        given.AddError($"\"{given.Tokens[0].Value}\" is no URL. Give one such as {Default}.");
        return Default;
    }
}
