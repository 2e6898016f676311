using System.Globalization;
using System.Text.RegularExpressions;
using PipelineBridge.Messaging;
using PipelineBridge.Messaging.Broker;

namespace PipelineBridge.Configuration;

/// <summary>Reads <c>broker</c> and <c>worker</c>: how the processes of a bridge reach one another.</summary>
static partial class BrokerReader
{
    const string UsualUrl = "amqp://rabbit.internal:5672/";

    /// <summary>How the broker is reached; null without one.</summary>
    public static BrokerOptions? Read(Reading reading, Section root, Dictionary<string, EnvironmentConfiguration> environments)
    {
        var given = root.Has("broker");
        var section = root.Below("broker");
        var url = Url(reading, section.Text("url", !given ? null : $"Give its address with the virtual host as its path, such as {UsualUrl}."));
        var username = section.Text("username", !given ? null : "Give who signs in, such as pipelinebridge-bridge; `pipelinebridge broker definitions` prints the users.");
        var password = section.Secret("password", !given ? null : "Say where it is: {file: /run/secrets/broker} or {environment: NAME}.");
        var timeout = Duration(reading, section.Text("consumerTimeout"), 1800);
        section.Done();
        if (!given)
        {
            return null;
        }
        var broker = new BrokerOptions(url ?? new Uri(UsualUrl)) { Username = username?.Text ?? "", Password = password ?? (() => null), ConsumerTimeoutSeconds = timeout };
        foreach (var environment in environments.Values.Where(e => e.HealthTimeoutSeconds > broker.LongestDeadlineSeconds))
        {
            reading.Findings.Mistake(section.PlaceOf("consumerTimeout") with { Path = $"environments.{environment.Name}.healthTimeoutSeconds" },
                $"{environment.HealthTimeoutSeconds} is too long for broker.consumerTimeout, {timeout} seconds: the broker would give the work to another while it still runs. Give at most {broker.LongestDeadlineSeconds}, or raise consumer_timeout on the broker and here.");
        }
        return url is null || username is null || password is null ? null : broker;
    }

    /// <summary>How a worker reaches the bridge; null when nothing is said of it.</summary>
    public static HttpBridgeOptions? Worker(Reading reading, Section root, string url)
    {
        var given = root.Has("worker");
        var section = root.Below("worker");
        var bridge = section.Has("bridge") ? reading.Url(section.Text("bridge")) : Uri.TryCreate(url, UriKind.Absolute, out var own) ? own : null;
        var key = section.Secret("key", !given ? null : "Say where the key is that the workers show, one with the verb stage: {file: /run/secrets/worker} or {environment: NAME}.");
        section.Done();
        return bridge is null || key is null ? null : new HttpBridgeOptions(new Uri(bridge.AbsoluteUri.TrimEnd('/') + "/"), key);
    }

    static Uri? Url(Reading reading, Given? given)
    {
        if (given is null)
        {
            return null;
        }
        if (!Uri.TryCreate(given.Text, UriKind.Absolute, out var url) || url.Scheme is not ("amqp" or "amqps") || url.Host.Length == 0)
        {
            reading.Findings.Mistake(given.Place, given.Text.Contains('@')
                ? $"is no address of a broker. Give one such as {UsualUrl}."
                : $"{Findings.Shown(given.Text)} is no address of a broker. Give one such as {UsualUrl}.");
            return null;
        }
        if (url.UserInfo.Length > 0)
        {
            reading.Findings.Mistake(given.Place, "has a name or a password in it. Give them as broker.username and broker.password.");
            return null;
        }
        return url;
    }

    /// <summary>A time as RabbitMQ's operators write it: a number with s, m or h.</summary>
    static int Duration(Reading reading, Given? given, int otherwise)
    {
        if (given is null)
        {
            return otherwise;
        }
        if (Time().Match(given.Text) is { Success: true } match
            && int.TryParse(match.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number * (match.Groups[2].Value switch { "h" => 3600L, "m" => 60, _ => 1 }) is >= 10 and <= 604_800 and var seconds)
        {
            return (int)seconds;
        }
        reading.Findings.Mistake(given.Place, $"{Findings.Shown(given.Text)} is no time between 10s and 168h. Give the broker's consumer_timeout, such as 30m.");
        return otherwise;
    }

    [GeneratedRegex("^([0-9]{1,6})([smh])$")]
    private static partial Regex Time();
}
