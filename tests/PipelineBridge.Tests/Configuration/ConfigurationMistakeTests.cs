using PipelineBridge.Messaging;

namespace PipelineBridge.Tests.Configuration;

public sealed class ConfigurationMistakeTests : IDisposable
{
    // What every file of these tests begins with; the line of a mistake counts from the one after it.
    const string Begin = ConfigurationDirectory.Keys + """
        clusters:
          main: { marathon: { url: "http://marathon.internal:8080" } }
        environments:
          prod: { zone: internal, cluster: main }
          pub: { zone: public }

        """;

    readonly ConfigurationDirectory directory = new();

    [Theory]
    [InlineData("listn: http://127.0.0.1:1", "8: listn is not known. Did you mean \"listen\"?")]
    [InlineData("zzz: 1", "8: zzz is not known. Known are: listen, url, journal, targets, clusters, environments, engines, apps, registries, layouts, limits, broker, worker, keys.")]
    [InlineData("environments: {}", "8: environments stands twice; it stood in line 5 already.")]
    [InlineData("listen: 127.0.0.1:8080", "8: listen \"127.0.0.1:8080\" is no URL. Did you mean \"http://127.0.0.1:8080\"?")]
    [InlineData("listen: [\"http://*:8080\"]", "8: listen[0] \"http://*:8080\" is no URL. Did you mean \"http://0.0.0.0:8080\"?")]
    [InlineData("listen: https://127.0.0.1:8443", "8: listen \"https://127.0.0.1:8443\" asks for https, which is a proxy's work here. Did you mean \"http://127.0.0.1:8443\"?")]
    [InlineData("listen: http://127.0.0.1:8080/bridge", "8: listen \"http://127.0.0.1:8080/bridge\" has a path. Give address and port alone: \"http://127.0.0.1:8080\".")]
    [InlineData("listen: []", "8: listen names no address. Give one, such as http://127.0.0.1:8080.")]
    [InlineData("listen:", "8: listen has no value. Give it one, or leave the key out.")]
    [InlineData("url: bridge.internal", "8: url \"bridge.internal\" is no URL. Did you mean \"http://bridge.internal\"?")]
    [InlineData("url: ftp://bridge.internal", "8: url \"ftp://bridge.internal\" is no URL. Give one that begins with http:// or https://.")]
    [InlineData("url: https://bridge.internal?x=1", "8: url \"https://bridge.internal?x=1\" has a query (?) or a fragment (#). Give the root alone: \"https://bridge.internal/\".")]
    [InlineData("url: {a: 1}", "8: url must be one value, not a mapping.")]
    [InlineData("journal: .", "8: journal \".\" is no file. Give the journal's file, such as journal.db.")]
    [InlineData("journal: nowhere/journal.db", "8: journal \"nowhere/journal.db\" lies in a directory that is not there. Make it first, for the user that runs the bridge.")]
    [InlineData("limits: { attempts: 0 }", "8: limits.attempts \"0\" must be a whole number between 1 and 100.")]
    [InlineData("limits: { workSeconds: 1h }", "8: limits.workSeconds \"1h\" must be a whole number between 60 and 86400.")]
    [InlineData("limits: 5", "8: limits must be a mapping of keys to values.")]
    [InlineData("layouts: { Builds: /tmp }", "8: layouts.Builds \"Builds\" is no name. A name has 1 to 63 of a-z, 0-9 and -.")]
    public void A_mistake_of_the_whole_is_told(string yaml, string mistake) => directory.OnlyMistake(Begin + yaml).Should().Be(mistake);

    [Theory]
    [InlineData("{ }", "8: engines.x has no url. Give where its API is, such as unix:///var/run/docker.sock or tcp://build-1.internal:2376.")]
    [InlineData("{ url: /var/run/docker.sock }", "8: engines.x.url \"/var/run/docker.sock\" is no engine's address. Give a socket, such as unix:///var/run/docker.sock, or host and port, such as tcp://build-1.internal:2376.")]
    [InlineData("{ url: \"tcp://build-1.internal\" }", "8: engines.x.url \"tcp://build-1.internal\" is no engine's address. Give a socket, such as unix:///var/run/docker.sock, or host and port, such as tcp://build-1.internal:2376.")]
    [InlineData("{ url: \"tcp://127.0.0.1:2376\", certificate: cert.pem }", "8: engines.x.certificate \"cert.pem\" is not there.", "8: engines.x has a certificate and no key. Give both or neither.")]
    [InlineData("{ url: \"unix:///run/docker.sock\", authority: bridge.yaml }", "8: engines.x is a socket of this machine, which has no TLS. Leave out authority, certificate and key.")]
    [InlineData("{ url: \"unix:///run/docker.sock\", pushes: bridg }", "8: engines.x.pushes \"bridg\" is not known. Did you mean \"bridge\"?")]
    public void A_mistake_of_an_engine_is_told(string engine, params string[] mistakes)
    {
        var result = directory.Load(Begin + $"engines: {{ x: {engine} }}");
        result.Mistakes.Select(mistake => $"{mistake.Place.Line}: {mistake.Place.Path} {mistake.Message}").Should().BeEquivalentTo(mistakes);
    }

    [Fact]
    public void An_engine_that_everybody_on_the_network_may_use_is_warned_of() =>
        directory.Load(Begin + "engines: { x: { url: \"tcp://build-1.internal:2375\" } }").Warnings.Should().ContainSingle().Which.Message.Should().StartWith("shows it no certificate");

    [Theory]
    [InlineData("engine: { hosts: { h1: { url: \"tcp://h1.internal:2375\" } } }", "clusters.x.engine.hosts.h1.url")]
    [InlineData("swarm: { managers: { m1: { url: \"unix:///s\" }, m2: { url: \"tcp://m2.internal:2375\" } } }", "clusters.x.swarm.managers.m2.url")]
    public void A_registrys_password_that_would_cross_the_network_in_the_clear_is_a_mistake_that_names_engine_and_registry(string cluster, string place)
    {
        directory.Environment["SECRET"] = "geheim";
        var yaml = ConfigurationDirectory.Keys + $"environments: {{ prod: {{ zone: internal, cluster: x }} }}\nclusters: {{ x: {{ {cluster} }} }}\n";
        directory.OnlyMistake(yaml + "registries: { registry.internal: { username: u, password: { environment: SECRET } }, open.internal: {} }").Should().Be(
            $"4: {place} is reached without TLS, and would be given the password of registries.registry.internal over the network unprotected. Give authority, certificate and key.");
        directory.Load(yaml + "registries: { open.internal: {} }").Mistakes.Should().BeEmpty("no password is given");
        directory.Load(yaml.Replace("tcp://h1.internal", "tcp://127.0.0.1", StringComparison.Ordinal).Replace("tcp://m2.internal", "tcp://127.0.0.1", StringComparison.Ordinal)
            + "registries: { registry.internal: { username: u, password: { environment: SECRET } } }").Mistakes.Should().BeEmpty("nobody listens to a machine of its own");
    }

    [Theory]
    [InlineData("{ }", "8: environments.x has no zone. Give one of: public, internal.")]
    [InlineData("", "8: environments.x has no zone. Give one of: public, internal.")]
    [InlineData("{ zone: intern }", "8: environments.x.zone \"intern\" is not known. Did you mean \"internal\"?")]
    [InlineData("{ zone: dmz }", "8: environments.x.zone \"dmz\" is not known. Give one of: public, internal.")]
    [InlineData("{ zone: public, cluster: mian }", "8: environments.x.cluster \"mian\" is no cluster of this configuration. Did you mean \"main\"?")]
    [InlineData("{ zone: public, cluster: other }", "8: environments.x.cluster \"other\" is no cluster of this configuration. Known are: main.")]
    [InlineData("{ zone: public, notify: [team] }", "8: environments.x.notify[0] \"team\" is no target of this configuration. There is none.")]
    [InlineData("{ zone: public, group: prod }", "8: environments.x.group \"prod\" is no group of Marathon. Give a path of a-z, 0-9, - and ., such as \"/x\".")]
    [InlineData("{ zone: public, cluster: main, group: /prod }", "8: environments.x.group \"/prod\" on cluster main is the group of environments.prod already. Two environments in one group would take each other's apps.")]
    [InlineData("{ zone: public, healthTimeoutSeconds: 0 }", "8: environments.x.healthTimeoutSeconds \"0\" must be a whole number between 1 and 3600.")]
    [InlineData("{ zone: public, onFailure: rolback }", "8: environments.x.onFailure \"rolback\" is not known. Did you mean \"rollback\"?")]
    [InlineData("{ zone: public, evidence: mail }", "8: environments.x.evidence \"mail\" is not known. Give one of: page, chat.")]
    [InlineData("{ zone: public, healthTimeout: 3 }", "8: environments.x.healthTimeout is not known. Known are: zone, cluster, group, healthTimeoutSeconds, onFailure, evidence, notify.")]
    [InlineData("[public]", "8: environments.x must be a mapping of keys to values.", "8: environments.x has no zone. Give one of: public, internal.")]
    public void A_mistake_of_an_environment_is_told(string environment, params string[] mistakes)
    {
        var result = directory.Load(Begin + $"  x: {environment}");
        result.Mistakes.Select(mistake => $"{mistake.Place.Line}: {mistake.Place.Path} {mistake.Message}").Should().BeEquivalentTo(mistakes);
    }

    [Theory]
    [InlineData("{ }", "9: clusters.x does not say what it is. Give one of: marathon: {url: http://marathon.internal:8080}, engine: {hosts: {h1: {url: unix:///var/run/docker.sock}}}, swarm: {managers: {m1: {url: tcp://m1.internal:2376}}}.")]
    [InlineData("{ marathon: {} }", "9: clusters.x.marathon has no url. Give the root of its API, such as http://marathon.internal:8080.")]
    [InlineData("{ marathon: { url: \"http://m\", username: u } }", "9: clusters.x.marathon has a username and no password. Give both or neither.")]
    [InlineData("{ marathon: { url: \"http://m\", password: {environment: SECRET} } }", "9: clusters.x.marathon has a password and no username. Give both or neither.")]
    [InlineData("{ marathon: { url: \"http://m\", username: u, password: {environment: SECRET}, token: {environment: SECRET} } }", "9: clusters.x.marathon has a token and a username or password. Give one way to sign in.")]
    [InlineData("{ marathon: { url: \"http://m\" }, nomad: {} }", "9: clusters.x.nomad is not known. Known are: marathon, engine, swarm.")]
    [InlineData("{ swarm: {} }", "9: clusters.x.swarm has no managers. Give at least one: managers: {m1: {url: unix:///var/run/docker.sock}}.")]
    [InlineData("{ swarm: { managers: { m1: { url: \"unix:///s\", address: h } } } }", "9: clusters.x.swarm.managers.m1.address is not known. Known are: url, authority, certificate, key.")]
    [InlineData("{ marathon: { url: \"http://m\" }, engine: { hosts: { h1: { url: \"unix:///s\" } } } }", "9: clusters.x has marathon and engine. A cluster is of one kind: give each its own name.")]
    [InlineData("{ engine: {} }", "9: clusters.x.engine has no hosts. Give at least one: hosts: {h1: {url: unix:///var/run/docker.sock}}.")]
    [InlineData("{ engine: { hosts: { h1: {} } } }", "9: clusters.x.engine.hosts.h1 has no url. Give where its API is, such as unix:///var/run/docker.sock or tcp://h1.internal:2376.")]
    [InlineData("{ engine: { hosts: { h1: { url: \"h1:2376\" } } } }", "9: clusters.x.engine.hosts.h1.url \"h1:2376\" is no engine's address. Give a socket, such as unix:///var/run/docker.sock, or host and port, such as tcp://build-1.internal:2376.")]
    [InlineData("{ engine: { hosts: { h1: { url: \"unix:///s\" }, h2: { url: \"unix:///s\" } } } }", "9: clusters.x.engine.hosts has unix:///s twice, as h1 and h2. Give each engine once.")]
    [InlineData("{ engine: { hosts: { h1: { url: \"unix:///s\", authority: a } } } }", "9: clusters.x.engine.hosts.h1 is a socket of this machine, which has no TLS. Leave out authority, certificate and key.", "a")]
    [InlineData("{ engine: { hosts: { h1: { url: \"unix:///s\", address: \"a b\" } } } }", "9: clusters.x.engine.hosts.h1.address \"a b\" is no address. Give an IP address or a host name, under which published ports are reached.")]
    [InlineData("{ engine: { hosts: { h1: { url: \"tcp://h:2376\", certificate: gone, key: {environment: SECRET} } } } }", "9: clusters.x.engine.hosts.h1.certificate \"gone\" is not there.")]
    public void A_mistake_of_a_cluster_is_told(string cluster, string mistake, params string[] files)
    {
        Array.ForEach(files, file => directory.Write(file, "x"));
        directory.Environment["SECRET"] = "geheim";
        directory.OnlyMistake(ConfigurationDirectory.Keys + $$"""
            environments:
              prod: { zone: internal }



            clusters:
              x: {{cluster}}
            """).Should().Be(mistake).And.NotContain("geheim");
    }

    [Theory]
    [InlineData("{ spec: portal.json }", "9: apps.x.spec \"portal.json\" is not there.")]
    [InlineData("{ spec: broken.json }", "9: apps.x.spec \"broken.json\" is no JSON from its line 2, column 8 on, and does not say that it is a portable specification (kind: service).")]
    [InlineData("{ environments: [prd] }", "9: apps.x.environments[0] \"prd\" is no environment of this configuration. Did you mean \"prod\"?")]
    [InlineData("{ notify: [team] }", "9: apps.x.notify[0] \"team\" is no target of this configuration. There is none.")]
    [InlineData("{ repository: \"registry.internal/portal:412\" }", "9: apps.x.repository \"registry.internal/portal:412\" has a tag or a digest. Give registry and repository alone, such as registry.internal/portal.")]
    [InlineData("{ clusterr: main }", "9: apps.x.clusterr is not known. Known are: environments, spec, repository, engine, notify.")]
    public void A_mistake_of_an_app_is_told(string app, string mistake)
    {
        directory.Write("broken.json", "{\n  \"a\": b\n}");
        directory.OnlyMistake(Begin + $"apps:\n  x: {app}").Should().Be(mistake);
    }

    [Fact]
    public void A_repository_that_is_none_says_why() =>
        directory.OnlyMistake(Begin + "apps: { x: { repository: portal } }").Should().StartWith("8: apps.x.repository \"portal\" is no repository: ");

    [Theory]
    [InlineData("{ sha256: [HASH], verbs: \"*\", apps: \"*\" }", "2: keys[0] has no name. Give the name that stands in the journal, such as jenkins.")]
    [InlineData("{ name: \"a b\", sha256: [HASH], verbs: \"*\", apps: \"*\" }", "2: keys[0].name \"a b\" is no name of a key. It has 1 to 63 letters, digits, dots, dashes and underscores.")]
    [InlineData("{ name: a, verbs: \"*\", apps: \"*\" }", "2: keys[0] has no sha256, the key's hash. Make it with: printf %s \"$KEY\" | sha256sum")]
    [InlineData("{ name: a, sha256: [], verbs: \"*\", apps: \"*\" }", "2: keys[0].sha256 has 0 hashes. Give one, or two while a key is rotated.")]
    [InlineData("{ name: a, sha256: HASH, apps: \"*\" }", "2: keys[0] has no verbs: what the key may do. Give \"*\" or some of: read, build, push, tag, deploy, rollback, remove, cancel, hold, notify, event, deadletter, stage.")]
    [InlineData("{ name: a, sha256: HASH, verbs: [deploi], apps: \"*\" }", "2: keys[0].verbs[0] \"deploi\" is not known. Did you mean \"deploy\"?")]
    [InlineData("{ name: a, sha256: HASH, verbs: [read] }", "2: keys[0] has no apps: what the key may touch. Give \"*\" or names of apps, where lab-* means all that begin with lab-.")]
    [InlineData("{ name: a, sha256: HASH, verbs: [read], apps: [\"*-lab\"] }", "2: keys[0].apps[0] \"*-lab\" is no name of an app. A name has a-z, 0-9 and -, and may end in * for all that begin so.")]
    [InlineData("{ name: a, sha256: HASH, verbs: [read], apps: [portl] }", "2: keys[0].apps[0] \"portl\" is no app of this configuration. Did you mean \"portal\"?")]
    [InlineData("{ name: a, sha256: [e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855], verbs: [read], apps: \"*\" }", "2: keys[0].sha256[0] is the hash of nothing: $KEY was empty when it was made. Make it with: printf %s \"$KEY\" | sha256sum")]
    [InlineData("{ name: a, sha256: [geheim-geheim], verbs: [read], apps: \"*\" }", "2: keys[0].sha256[0] is no SHA-256 hash, which has 64 hexadecimal digits; this has 13 characters. Make it with: printf %s \"$KEY\" | sha256sum")]
    [InlineData("{ name: a, sha256: HASH, key: geheim, verbs: [read], apps: \"*\" }", "2: keys[0].key is not taken: only hashes stand here. Give sha256. Make it with: printf %s \"$KEY\" | sha256sum")]
    public void A_mistake_of_a_key_is_told_and_never_shows_it(string key, string mistake)
    {
        var yaml = $"keys:\n  - {key.Replace("HASH", ConfigurationDirectory.Hash, StringComparison.Ordinal)}\napps: {{ portal: }}\nenvironments: {{ prod: {{ zone: internal }} }}\n";
        directory.OnlyMistake(yaml).Should().Be(mistake).And.NotContain("geheim");
    }

    [Fact]
    public void Two_keys_of_one_name_and_two_of_one_hash_are_told() =>
        directory.Load($$"""
            keys:
              - { name: jenkins, sha256: [{{ConfigurationDirectory.Hash}}], verbs: "*", apps: "*" }
              - { name: jenkins, sha256: [{{ConfigurationDirectory.Hash.ToUpperInvariant()}}], verbs: "*", apps: "*" }
            """).Mistakes.Select(mistake => $"{mistake.Place.Line}: {mistake.Place.Path} {mistake.Message}").Should().Equal(
            "3: keys[1].name \"jenkins\" is the name of keys[0].name (line 2) already. Give each key its own; for rotation, give one key two hashes.",
            "3: keys[1].sha256[0] is the same hash as keys[0].sha256[0] (line 2). Each key has its own.");

    [Fact]
    public void A_file_without_keys_says_how_to_make_one()
    {
        directory.OnlyMistake("environments: { prod: { zone: internal } }").Should().StartWith("1:  has no keys, so that nobody could call.").And.Contain("sha256sum");
        directory.OnlyMistake("").Should().StartWith(":  has no keys");
        directory.OnlyMistake("keys: []").Should().Be("1: keys has no key, so that nobody could call. Give at least one.");
    }

    [Theory]
    [InlineData("a: [1", "1:  is the last line, and something is still open. Look for a missing quote or bracket, here or above.")]
    [InlineData("a: 1\n b: 2\nc: 3", "2:  is no YAML from column 3 on. Look for a missing colon, quote or bracket, or another indentation, here or just above.")]
    [InlineData("a: [http://1\nkeys:\n\t- a", "3:  is indented with a tab, which YAML does not take. Indent with blanks.")]
    [InlineData("limits:\n\tattempts: 5", "2:  is indented with a tab, which YAML does not take. Indent with blanks.")]
    [InlineData("journal: \"a\\0b\"", "1:  has a zero sign (\\0) in a value, which nothing here can have.")]
    [InlineData("- a\n- b", "1:  is no mapping of keys to values, such as \"listen: http://127.0.0.1:8080\".")]
    [InlineData("a: &x {}\nb: *x", "2:  refers to another place by an alias (*), which is not taken here. Write it out.")]
    [InlineData("a: 1\n---\nb: 1", "2:  begins a second document (---); a configuration is one.")]
    [InlineData("? {a: 1}\n: b", "1:  has a key that is no text. If a value begins with { or [ or *, put it in quotes.")]
    public void What_is_no_YAML_is_told_with_its_line(string yaml, string mistake) => directory.OnlyMistake(yaml).Should().Be(mistake);

    [Fact]
    public void A_check_of_specifications_is_asked_for_each_environment_of_that_kind_and_its_words_are_told()
    {
        directory.Write("portal.json", "{}");
        var check = new OneFinding();

        var result = directory.Load(Begin + "apps: { portal: { spec: portal.json } }", check);

        ConfigurationDirectory.Report(result).Should().Be("""
            bridge.yaml has 1 mistake; nothing was started.
              8: apps.portal.spec   "portal.json", line 7: spec.cmd must not stand beside args.

            """);
        check.Asked.Should().Equal("prod");
    }

    [Fact]
    public void Specifications_are_checked_once_nothing_else_is_wrong()
    {
        directory.Write("portal.json", "{}");
        var check = new OneFinding();

        directory.Load(Begin + "apps: { portal: { spec: portal.json } }\nnonsense: 1", check).Mistakes.Should().ContainSingle();

        check.Asked.Should().BeEmpty("what checks is made of a configuration that can be relied on");
    }

    public void Dispose() => directory.Dispose();

    sealed class OneFinding : ISpecificationCheck
    {
        public List<string> Asked { get; } = [];

        public string Format => "marathon";

        public IReadOnlyList<SpecificationFinding> Check(SpecificationToCheck specification)
        {
            Asked.Add(specification.Environment);
            return [new SpecificationFinding(true, "spec.cmd", "geheim", "must not stand beside args.", 7)];
        }
    }
}
