using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Pages;
using PipelineBridge.Events;

namespace PipelineBridge.CommandLine;

/// <summary>How the command line says where a request stands, in the words that chat and pages have too.</summary>
static class RequestWords
{
    /// <summary>What it is about: <c>portal → prod</c>, <c>push portal</c>.</summary>
    public static string Title(RequestDocument d) => d.Kind switch
    {
        "deployment" => PageWords.Where(d),
        "rollback" => $"roll back {PageWords.Where(d)}",
        "removal" => $"remove {PageWords.Where(d)}",
        _ => $"{d.Kind} {PageWords.Where(d)}",
    };

    /// <summary>How it stands, in one sentence.</summary>
    public static string Stands(RequestDocument d) => Refusals.Line(PageWords.Sentence(d));

    /// <summary>Minutes and seconds, as a clock shows them: <c>0:21</c>.</summary>
    public static string Clock(double seconds)
    {
        var s = (long)Math.Max(0, seconds);
        return s < 3600 ? $"{s / 60}:{s % 60:00}" : $"{s / 3600}:{s / 60 % 60:00}:{s % 60:00}";
    }

    /// <summary>An image as people tell it apart: its tag and the beginning of its digest.</summary>
    public static string Image(string? image) =>
        image is not null && ImageReference.TryParse(image, out var i, out _)
            ? (i!.Tag, i.Digest) switch
            {
                ({ } tag, { } digest) => $"{tag} ({digest[..15]})",
                ({ } tag, null) => tag,
                (null, { } digest) => digest[..15],
                _ => i.Name,
            }
            : "nothing";
}
