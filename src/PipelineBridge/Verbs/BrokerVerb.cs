using System.CommandLine;
using PipelineBridge.Composition;
using PipelineBridge.Configuration;

namespace PipelineBridge.Verbs;

/// <summary><c>pipelinebridge broker definitions</c>: the users and permissions that the broker needs.</summary>
static class BrokerVerb
{
    public static Command Command()
    {
        var file = AllVerb.FileOption();
        var passwords = new Option<string[]>("--password", "-p")
        {
            Description = "USER=FILE, once for each user: the definitions then carry a salted hash of what the file holds. A user without one cannot sign in, nor with one that it had before.",
            DefaultValueFactory = _ => [],
        };
        var definitions = new Command("definitions", "Print users, permissions and topic permissions, for: rabbitmqctl import_definitions FILE") { file, passwords };
        definitions.SetAction(parsed =>
        {
            var result = BridgeConfiguration.Load(parsed.GetValue(file)?.FullName ?? BridgeConfiguration.DefaultFile(Directory.GetCurrentDirectory()), ConfigCheck.ProcessEnvironment(), needed: []);
            if (result.Configuration is not { } configuration)
            {
                ConfigurationReport.Write(Console.Error, result, "nothing was printed");
                return 2;
            }
            if (Passwords(parsed.GetValue(passwords)!) is not { } read)
            {
                return 2;
            }
            if (BrokerDefinitions.Users.Where(u => !read.ContainsKey(u)).ToList() is { Count: > 0 } without)
            {
                // RabbitMQ has no definition of a user that leaves its password as it is.
                Console.Error.WriteLine($"No --password is given for {string.Join(", ", without)}: whoever imports this takes away the password that such a user has.");
            }
            Console.Out.WriteLine(BrokerDefinitions.Of(configuration.Topology, configuration.Broker?.VirtualHost ?? "/", read));
            return 0;
        });
        return new Command("broker", "The broker.") { definitions };
    }

    /// <summary>The password of each user that is given one; null when something is wrong, which was told.</summary>
    static Dictionary<string, string>? Passwords(string[] given)
    {
        var passwords = new Dictionary<string, string>();
        var mistakes = new List<string>();
        foreach (var one in given)
        {
            var (user, file) = one.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? (one[..at], one[(at + 1)..]) : ("", one);
            try
            {
                // Without a user it may be a password that somebody typed: it is not shown.
                if (!BrokerDefinitions.Users.Contains(user))
                {
                    mistakes.Add($"--password {(user.Length == 0 ? "has no USER= before its file" : $"\"{user}=…\" is for no user of ours")}. Give one of {string.Join(", ", BrokerDefinitions.Users)}.");
                }
                else if (File.ReadAllText(file).TrimEnd('\r', '\n') is not { Length: > 0 } password)
                {
                    mistakes.Add($"--password {one}: the file is empty. It must hold the password and nothing else.");
                }
                else if (!passwords.TryAdd(user, password))
                {
                    mistakes.Add($"--password {one}: {user} has one already.");
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
            {
                mistakes.Add($"--password {one}: the file cannot be read: {e.Message}");
            }
        }
        mistakes.ForEach(Console.Error.WriteLine);
        return mistakes.Count == 0 ? passwords : null;
    }
}
