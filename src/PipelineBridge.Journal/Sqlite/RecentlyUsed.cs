namespace PipelineBridge.Journal.Sqlite;

/// <summary>A bounded memory: when it is full, what was longest unused is forgotten.</summary>
sealed class RecentlyUsed<TKey, TValue>(int capacity) where TKey : notnull
{
    readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> nodes = [];
    readonly LinkedList<(TKey Key, TValue Value)> order = [];

    public bool TryGet(TKey key, out TValue value)
    {
        if (!nodes.TryGetValue(key, out var node))
        {
            value = default!;
            return false;
        }
        if (node != order.First)
        {
            order.Remove(node);
            order.AddFirst(node);
        }
        value = node.Value.Value;
        return true;
    }

    public void Put(TKey key, TValue value)
    {
        if (nodes.Remove(key, out var old))
        {
            order.Remove(old);
        }
        else if (nodes.Count >= capacity)
        {
            nodes.Remove(order.Last!.Value.Key);
            order.RemoveLast();
        }
        nodes.Add(key, order.AddFirst((key, value)));
    }

    public void Clear()
    {
        nodes.Clear();
        order.Clear();
    }
}
