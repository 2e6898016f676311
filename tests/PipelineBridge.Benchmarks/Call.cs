using System.Buffers.Text;
using System.Globalization;
using System.Text;
using PipelineBridge.Messaging.Broker;

namespace PipelineBridge.Benchmarks;

/// <summary>The bytes of a POST, with the places in them that are new for each request, and what its good answer is.</summary>
sealed class Call
{
    const string FreshMark = "0000000000000000";
    const string TimeMark = "2000-01-01T00:00:00.0000000Z";
    const int AppsInAll = 60;
    static long count;

    readonly byte[] bytes;
    readonly int[] fresh;
    readonly int[] times;
    readonly bool fewApps;
    readonly string body;

    Call(string path, string mediaType, string body, bool fewApps = false, string authorization = "Bearer " + Setting.Key)
    {
        (this.fewApps, this.body) = (fewApps, body);
        bytes = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {authorization}\r\nContent-Type: {mediaType}\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        fresh = Places(FreshMark);
        times = Places(TimeMark);
        BodyBytes = body.Length;
    }

    /// <summary>The length of the body; of a message that is published, that of the message.</summary>
    public int BodyBytes { get; private init; }

    /// <summary>How a good answer begins.</summary>
    public ReadOnlyMemory<byte> Good { get; private init; } = "HTTP/1.1 202 "u8.ToArray();

    /// <summary>How a good answer ends; nothing where any end is good.</summary>
    public ReadOnlyMemory<byte> GoodEnd { get; private init; }

    /// <summary>A pipeline run that ended well, told by a foreign tool, with a new id and the time of now.</summary>
    public static Call Event() => new("/v1/events", "application/cloudevents+json", $$$$"""
        {"specversion":"1.0","id":"{{{{FreshMark}}}}","source":"/tekton/cluster-1","type":"dev.cdevents.pipelinerun.finished.0.3.0","time":"{{{{TimeMark}}}}","datacontenttype":"application/json","data":{"context":{"specversion":"0.5.1","id":"{{{{FreshMark}}}}","source":"/tekton/cluster-1","type":"dev.cdevents.pipelinerun.finished.0.3.0","timestamp":"{{{{TimeMark}}}}"},"subject":{"id":"portal-{{{{FreshMark}}}}","source":"/tekton/cluster-1","content":{"pipelineName":"portal/main","uri":"https://tekton.internal/runs/portal-{{{{FreshMark}}}}","outcome":"success"}},"customData":{"log":"{{{{new string('x', 360)}}}}"},"customDataContentType":"application/json"}}
        """);

    /// <summary>A deployment of an app that was never deployed before.</summary>
    public static Call DeploymentOfNewApp() => Deployment(fewApps: false);

    /// <summary>A deployment of one of 60 apps by turns.</summary>
    public static Call DeploymentOfFewApps() => Deployment(fewApps: true);

    /// <summary>A push of an image that is in the registry.</summary>
    public static Call Push() => new("/v1/pushes", "application/json", $$$$"""
        {"app":"app-{{{{FreshMark}}}}","image":"registry.internal/app-{{{{FreshMark}}}}:412","tags":["latest"],"source":"registry"}
        """);

    /// <summary>What another call posts, published by RabbitMQ's management API as a persistent message, which it answers once the broker has it.</summary>
    public static Call Published(Call other) => new($"/api/exchanges/%2F/{Topology.EventsExchange}/publish", "application/json", $$$"""
        {"properties":{"delivery_mode":2,"content_type":"application/json","message_id":"{{{FreshMark}}}"},"routing_key":"pipelinerun.finished.portal.prod","payload":"{{{other.body.Replace("\"", "\\\"", StringComparison.Ordinal)}}}","payload_encoding":"string"}
        """, other.fewApps, "Basic Z3Vlc3Q6Z3Vlc3Q=")
    {
        BodyBytes = other.BodyBytes,
        Good = "HTTP/1.1 200 "u8.ToArray(),
        GoodEnd = """{"routed":true}"""u8.ToArray(),
    };

    /// <summary>The body of the next request, as bytes of its own.</summary>
    public byte[] NextBody() => Next()[^BodyBytes..].ToArray();

    /// <summary>The next request.</summary>
    public ReadOnlyMemory<byte> Next()
    {
        var n = Interlocked.Increment(ref count);
        if (fewApps)
        {
            n %= AppsInAll;
        }
        foreach (var at in fresh)
        {
            Utf8Formatter.TryFormat(n, bytes.AsSpan(at, FreshMark.Length), out _, new('x', (byte)FreshMark.Length));
        }
        foreach (var at in times)
        {
            // The round-trip form has a fixed length.
            Utf8Formatter.TryFormat(DateTime.UtcNow, bytes.AsSpan(at, TimeMark.Length), out _, new('O'));
        }
        return bytes;
    }

    static Call Deployment(bool fewApps) => new("/v1/deployments", "application/json", $$$$"""
        {"app":"app-{{{{FreshMark}}}}","environment":"prod","image":"registry.internal/app-{{{{FreshMark}}}}:412","spec":{"id":"/prod/app-{{{{FreshMark}}}}","instances":2,"cpus":0.5,"mem":512,"container":{"type":"DOCKER","docker":{"image":"registry.internal/app:1","network":"BRIDGE","portMappings":[{"containerPort":8080,"hostPort":0}]}},"env":{"PROFILE":"prod","JAVA_OPTS":"-Xmx384m"},"healthChecks":[{"protocol":"HTTP","path":"/health","gracePeriodSeconds":60,"intervalSeconds":10,"maxConsecutiveFailures":3}],"upgradeStrategy":{"minimumHealthCapacity":1,"maximumOverCapacity":0.5},"labels":{"team":"web"}}}
        """, fewApps);

    int[] Places(string mark)
    {
        var places = new List<int>();
        var text = Encoding.ASCII.GetString(bytes);
        for (var at = text.IndexOf(mark, StringComparison.Ordinal); at >= 0; at = text.IndexOf(mark, at + mark.Length, StringComparison.Ordinal))
        {
            places.Add(at);
        }
        return [.. places];
    }
}
