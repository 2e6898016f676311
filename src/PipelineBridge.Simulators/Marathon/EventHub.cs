using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace PipelineBridge.Simulators.Marathon;

/// <summary>Gives each event to those who read the stream now; nothing is kept for later readers.</summary>
sealed class EventHub(MarathonSimulatorOptions options, Happenings happenings)
{
    readonly Lock gate = new();
    readonly List<EventReader> readers = [];
    JsonObject? held;
    int swaps;
    int doubles;

    public int Readers
    {
        get
        {
            lock (gate)
            {
                return readers.Count;
            }
        }
    }

    /// <summary>Opens a stream; its reader also gets the event that says so, if its filter lets it through.</summary>
    public EventReader Attach(IReadOnlySet<string> types, EndPoint? address)
    {
        var reader = new EventReader(types, Address(address), options.EventBacklog);
        lock (gate)
        {
            readers.Add(reader);
            Publish(MarathonEvents.Attached(reader.Address));
        }

        return reader;
    }

    public void Detach(EventReader reader)
    {
        lock (gate)
        {
            if (readers.Remove(reader))
            {
                Publish(MarathonEvents.Detached(reader.Address));
            }
        }
    }

    /// <summary>Closes all streams, as a leader that steps down does.</summary>
    public int DropAll()
    {
        lock (gate)
        {
            var dropped = readers.Count;
            readers.ForEach(reader => reader.Close());
            readers.Clear();
            return dropped;
        }
    }

    /// <summary>The next pairs of events change places.</summary>
    public void SwapNext(int pairs)
    {
        lock (gate)
        {
            swaps += pairs;
        }
    }

    /// <summary>The next events come twice.</summary>
    public void DoubleNext(int count)
    {
        lock (gate)
        {
            doubles += count;
        }
    }

    public void Publish(JsonObject happened)
    {
        lock (gate)
        {
            happened["timestamp"] = Names.Text(options.Time.GetUtcNow());
            if (held is null && swaps > 0)
            {
                swaps--;
                held = happened;
                return;
            }

            Send(happened);
            if (held is { } before)
            {
                held = null;
                Send(before);
            }
        }
    }

    void Send(JsonObject happened)
    {
        var type = happened["eventType"]!.GetValue<string>();
        var text = $"event: {type}\r\ndata: {happened.ToJsonString(AppDefinition.JsonText)}\r\n\r\n";
        var times = 1;
        if (doubles > 0)
        {
            doubles--;
            times = 2;
        }

        foreach (var reader in readers.Where(reader => reader.Wants(type)).ToList())
        {
            for (var time = 0; time < times; time++)
            {
                if (!reader.Offer(text))
                {
                    readers.Remove(reader);
                    reader.Close();
                    happenings.Add("stream", reader.Address, "", "dropped", $"It was more than {options.EventBacklog} events behind.");
                    break;
                }
            }
        }
    }

    static string Address(EndPoint? address) => address is IPEndPoint ip ? ip.Address.ToString() : "";
}

/// <summary>One open event stream.</summary>
sealed class EventReader(IReadOnlySet<string> types, string address, int backlog)
{
    readonly Channel<string> waiting = Channel.CreateBounded<string>(new BoundedChannelOptions(backlog) { SingleReader = true });

    public string Address { get; } = address;

    public ChannelReader<string> Waiting => waiting.Reader;

    public bool Wants(string type) => types.Count == 0 || types.Contains(type);

    public bool Offer(string text) => waiting.Writer.TryWrite(text);

    public void Close() => waiting.Writer.TryComplete();
}
