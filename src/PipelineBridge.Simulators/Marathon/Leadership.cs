namespace PipelineBridge.Simulators.Marathon;

/// <summary>Which of the nodes leads; a change closes all event streams.</summary>
sealed class Leadership(EventHub events, Happenings happenings)
{
    readonly Lock gate = new();
    readonly List<Uri> nodes = [];

    /// <summary>The leading node; null while there is none.</summary>
    public Uri? Leader { get; private set; }

    public IReadOnlyList<Uri> Nodes
    {
        get
        {
            lock (gate)
            {
                return [.. nodes];
            }
        }
    }

    public void Join(Uri node)
    {
        lock (gate)
        {
            nodes.Add(node);
            Leader ??= node;
        }
    }

    /// <summary>Lets a node lead; null lets none.</summary>
    public void Become(Uri? node)
    {
        if (node is not null && !Nodes.Contains(node))
        {
            throw new ArgumentException($"{node} is no node; the nodes are {string.Join(", ", Nodes)}.", nameof(node));
        }

        Leader = node;
        events.DropAll();
        happenings.Add("leader", node?.ToString() ?? "none", "", node is null ? "lost" : "elected");
    }

    /// <summary>Lets the next node lead, the same one where there is no other.</summary>
    public void Pass()
    {
        var all = Nodes;
        var at = Leader is null ? -1 : all.ToList().IndexOf(Leader);
        Become(all[(at + 1) % all.Count]);
    }
}
