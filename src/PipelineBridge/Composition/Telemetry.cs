using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using PipelineBridge.Messaging;

namespace PipelineBridge.Composition;

/// <summary>Traces to a collector, when the environment names one as OpenTelemetry's specification has it.</summary>
static class Telemetry
{
    /// <summary>Adds the export of traces where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> (or the one for traces alone) is set; else nothing listens and nothing is made.</summary>
    public static void Add(IServiceCollection services, string service)
    {
        if (Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT") is not { Length: > 0 } && Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") is not { Length: > 0 })
        {
            return;
        }
        // OpenTelemetry reads its variables by the host's configuration, and ours has none: bridge.yaml is read by hand.
        var variables = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .Select(v => KeyValuePair.Create((string)v.Key, (string?)v.Value)).Where(v => v.Key.StartsWith("OTEL_", StringComparison.Ordinal));
        // What the host has stays: the addresses to listen on stand there.
        var before = services.Last(d => d.ServiceType == typeof(IConfiguration));
        services.Replace(ServiceDescriptor.Singleton<IConfiguration>(p => new ConfigurationBuilder()
            .AddConfiguration((IConfiguration)(before.ImplementationInstance ?? before.ImplementationFactory!(p)))
            .AddInMemoryCollection(variables).Build()));
        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(service))
            .WithTracing(tracing => tracing.AddSource(Tracing.SourceName, "Microsoft.AspNetCore", "System.Net.Http", "MassTransit", "RabbitMQ.Client.*").AddOtlpExporter());
    }
}
