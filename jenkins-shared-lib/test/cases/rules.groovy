import harness.*

test('The library breaks no rule of the compiler and the sandbox of Jenkins') {
    def code = new Code(new File(System.getProperty('library')))
    code.compileAll()
    assert code.rules.all() == []
}

test('A trap of the compiler or the sandbox of Jenkins that stands in the source is told') {
    // A statement as it would stand in a method of the library, and what is told of it.
    def traps = [
        'a sort with a block': ['list.sort { a, b -> a <=> b }', 'wrong result'],
        'a loop over a map': ['for (e in map) { script.echo(e.key) }', 'its place cannot be saved'],
        'a loop over a range': ['for (i in 0..<3) { script.echo("$i") }', 'its place cannot be saved'],
        'a sublist': ['list.subList(0, 1)', 'subList'],
        'a map with a default': ['map.withDefault { 1 }', 'withDefault'],
        'a matcher': ["def m = 'a' =~ 'b'", 'Matcher'],
        'a spread call': ['list*.trim()', 'does not compile'],
        'a step in a method that Jenkins leaves alone': ['@NonCPS', "script.echo('a')", 'ends there'],
        'a transformed method called by one that Jenkins leaves alone': ['@NonCPS', 'other()', 'ends there'],
        'a block that captures a counter': ['for (int i = 0; i < 3; i++) { blocks.add({ i }) }', 'copy it inside'],
        'a text with values as a key': ['def m = ["$name": 1]', 'no key'],
        'an exception of Java': ["throw new IllegalStateException('no')", 'new IllegalStateException'],
        'a catch that swallows an abort': ["try { script.echo('a') } catch (Exception e) { }", 'swallows an abort'],
        'a catch without a type': ["try { script.echo('a') } catch (e) { }", 'swallows an abort'],
        'a comparator': ['list.sort({ a, b -> 0 } as Comparator)', 'as Comparator'],
        'a sorted map': ['new TreeMap(map)', 'new TreeMap'],
        'a static method that the sandbox refuses': ['Long.parseLong(name)', 'Long.parseLong'],
        'another': ['java.time.Instant.now()', '.now'],
        'the least of a list': ['list.min()', 'min is refused'],
        'an immutable list': ['list.asImmutable()', 'asImmutable'],
        'a list as JSON': ['JsonOutput.toJson(list)', 'use Json.text'],
        'a digest': ["java.security.MessageDigest.getInstance('SHA-256')", 'getInstance'],
        'a variable of the build by index': ['script.env[name] = 1', 'env[name]'],
        'a block with another delegate': ['block.delegate = this', 'delegate'],
        'the build itself': ['script.currentBuild.rawBuild', 'rawBuild'],
        'a look whether a step is there': ["script.respondsTo('httpRequest')", 'respondsTo'],
    ]
    def missed = traps.findAll { name, trap ->
        def (annotation, statement, told) = trap.size() == 3 ? trap : [''] + trap
        def found = new Code(new File(System.getProperty('library'))).judged('''
            class Trap implements Serializable {
                Object script; List list; Map map; List blocks; Object block
                ''' + annotation + '''
                Object work(String name) { ''' + statement + ''' }
                Object other() { 1 }
            }''')
        !found.any { it.contains(told) }
    }
    assert missed.keySet() == [] as Set
}

test('Fields, constructors and classes that cannot be saved are told') {
    def judged = { source -> new Code(new File(System.getProperty('library'))).judged(source) }
    assert judged('class A { }').any { it.contains('is not Serializable') }
    assert judged('class A implements Serializable { static int count = 0 }').any { it.contains('lost at a restart') }
    assert judged('class A implements Serializable { A() { work() }; void work() { } }').any { it.contains('may only assign') }
    assert judged('class A implements Serializable { String toString() { "a" } }').any { it.contains('must be @NonCPS') }
    assert judged('@groovy.transform.Field Map kept = [:]\nkept.size()').any { it.contains('the @Field kept is another one for each script') }
    assert judged('enum A { ONE }').any { it.contains('enum is refused') }
    assert judged('class A implements Serializable { final int a; A(int a) { this.a = a } }') == []
}

/** Runs a method of a class as if it were the library's, in a build; gives what was told. */
def watched = { String body, Map options = [:] ->
    def code = new Code(new File(System.getProperty('library')))
    def b = build([code: code] + options)
    def made = code.watched('class Watched implements Serializable { Object script; Object kept\n' + body + ' }')
    b.params = [made: made]
    b.run('params.made.script = this; params.made.work()')
    b.violations
}

test('What cannot be saved is seen in a variable and in a field') {
    assert watched('void work() { def a = new Object(); script.echo("a") }').any { it.contains('java.lang.Object that cannot be saved') }
    assert watched('void work() { kept = new Thread(); script.echo("a") }').any { it.contains('java.lang.Thread that cannot be saved') }
    assert watched('void work() { def a = new groovy.json.JsonSlurper().parseText("{}"); script.echo("a") }').any { it.contains('LazyMap that cannot be saved') }
    assert watched('void work() { if (true) { def a = new Object(); script.echo("a") } }').any { it.contains('cannot be saved') }
    assert watched('void work() { [1].each { def a = new Object(); script.echo("a") } }').any { it.contains('cannot be saved') }
    assert watched('void work() { def a = [1, "b", [c: 2L]]; script.echo("a") }') == []
}

test('A token is seen in a variable, in a field, in the arguments of a step, in the log and in the environment') {
    def bound = { 'void work() { script.withCredentials([script.string(credentialsId: "pipelinebridge", variable: "T")]) { ' + it + ' } }' }
    assert watched(bound('def t = script.env.T.trim(); script.isUnix()')).any { it.contains('holds a secret') }
    assert watched(bound('kept = [a: [script.env.T]]; script.echo("a")')).any { it.contains('holds a secret') }
    assert watched(bound('script.sh("curl -H " + script.env.T)')).any { it.contains('the step sh is called with a secret') }
    assert watched(bound('script.echo(script.env.T)')).any { it.contains('a secret is in the log') }
    assert watched(bound('script.env.X = script.env.T; script.echo("a")')).any { it.contains('variable of the build') }
    assert watched(bound('script.httpRequest(url: "https://b/" + script.env.T, customHeaders: [])'), [http: { [status: 200] }]).any { it.contains('httpRequest is called with a secret') }
    assert watched(bound('script.httpRequest(url: "https://b/", customHeaders: [[name: "Authorization", value: script.env.T]])'), [http: { [status: 200] }]) == []
}

test('A step in a method that Jenkins leaves alone is seen when it runs') {
    assert watched('void work() { plain({ script.echo("a") }) }; @NonCPS void plain(block) { block() }').any { it.contains('the step echo is called in a @NonCPS method') }
    assert watched('void work() { plain(this) }; @NonCPS void plain(it) { it.other() }; void other() { kept = 1 }').any { it.contains('a @NonCPS method calls Watched') }
}
