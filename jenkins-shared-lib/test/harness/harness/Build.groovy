package harness

import groovy.json.JsonOutput

/** One build of a job: its variables, its log, its result, and the branches of its program. */
class Build {
    /** The build that runs now; probes in the compiled code find it here. */
    static Build current

    final Turns turns
    final Record record
    final Map<String, String> base
    final Map<String, String> overrides = [:]
    final Map<String, Map> credentials
    final Set<String> missingPlugins
    final File workspace
    final boolean live
    /** Answers to httpRequest: a request (method, url, path, body, json, headers, timeout) in, [status, content, headers, seconds] out, or thrown. */
    Closure http
    /** Answers to sh, bat and powershell, where they are not run: the arguments in, the output out. */
    Closure shell
    Closure onLine = { }
    List<String> log = []
    List<Map> requests = []
    List<Map> calls = []
    List<String> violations = []
    Map<String, String> stageResults = [:]
    String result = 'SUCCESS'
    String description
    Throwable failure
    Map params = [:]
    List changeSets = []
    List causes = []
    boolean unix = true
    final long started
    final Code code

    Build(Map options = [:]) {
        live = options.live ?: false
        record = options.record ?: new Record()
        record.at = 0
        started = options.started ?: 1795525200000L
        turns = new Turns(live, record.replaying || record.begun ? (record.ends.collect { it.time } + record.begun.values().collect { it.time }).max() : started)
        turns.fast = options.fast ?: false
        turns.abortAt = options.abortAfter == null ? null : started + options.abortAfter
        turns.killAt = options.killAfter == null ? null : started + options.killAfter
        String job = options.job ?: 'team/portal'
        String number = options.number ?: '412'
        base = [JENKINS_URL: 'https://jenkins.internal/', JOB_NAME: job, BUILD_NUMBER: number, BUILD_TAG: 'jenkins-' + job.replace('/', '-') + '-' + number,
            BUILD_URL: 'https://jenkins.internal/job/' + job.replace('/', '/job/') + '/' + number + '/', BUILD_DISPLAY_NAME: '#' + number] + (options.env ?: [:])
        credentials = options.credentials ?: [:]
        missingPlugins = (options.missing ?: []) as Set
        workspace = options.workspace
        http = options.http
        shell = options.shell ?: { a -> '' }
        params = options.params ?: [:]
        changeSets = options.changeSets ?: []
        causes = options.causes ?: []
        unix = options.unix == null ? true : options.unix
        code = options.code
    }

    /** Runs a Jenkinsfile to its end, or to where the controller is killed: then false. */
    boolean run(String jenkinsfile) {
        current = this
        try {
            turns.run(main: {
                try {
                    code.jenkinsfile(jenkinsfile).run()
                } catch (FlowInterruptedException e) {
                    worse('ABORTED')
                    failure = e
                } catch (Killed e) {
                    throw e
                } catch (Throwable e) {
                    worse('FAILURE')
                    failure = e
                    say(e instanceof AbortException ? 'ERROR: ' + e.message : e.toString())
                }
            })
        } catch (Killed e) {
            return false
        } finally {
            current = null
        }
        say('Finished: ' + result)
        return true
    }

    long time() {
        return leaf('clock', [:], true) { turns.time() } as long
    }

    void worse(String other) {
        List order = ['SUCCESS', 'UNSTABLE', 'FAILURE', 'NOT_BUILT', 'ABORTED']
        if (order.indexOf(other) > order.indexOf(result)) {
            result = other
        }
    }

    void say(String text) {
        text.readLines().each { line ->
            if (secrets().any { line.contains(it) }) {
                violations.add('a secret is in the log')
            }
            String masked = secrets().inject(line) { l, secret -> l.replace(secret, '****') }
            log.add(masked)
            onLine(masked)
        }
    }

    List<String> secrets() {
        return credentials.values().collect { it.value }.findAll { it }*.trim()
    }

    Map<String, String> environment() {
        Map all = new LinkedHashMap(base)
        overrides.each { k, v -> v ? all.put(k, v) : all.remove(k) }
        (turns.current()?.scopes ?: []).each { all.putAll(it) }
        return all
    }

    /** A step that has no block: done once, its end recorded, given from the record when the program runs again. */
    Object leaf(String name, Map arguments, boolean instant, Closure work) {
        Task task = turns.current()
        int n = task.steps++
        while (record.replaying && record.next(task.path) == null) {
            turns.pause(turns.time())
        }
        if (record.replaying) {
            Map entry = record.take()
            if (entry.n != n || entry.step != name) {
                throw new IllegalStateException("The program went another way than before: at ${task.path}#$n it does $name, before it was ${entry.step}#${entry.n}.")
            }
            if (entry.error) {
                throw thrown(entry.error, entry.message)
            }
            return entry.value
        }
        Map before = record.begin(task.path, n)
        if (!instant && before == null) {
            record.add([begins: true, path: task.path, n: n, step: name, time: turns.time()])
        }
        Map entry = [path: task.path, n: n, step: name, time: turns.time()]
        try {
            if (before && name == 'httpRequest') {
                // workflow-step-api: a step on a thread of its own cannot go on after a restart.
                throw new AbortException('Resume after a restart not supported for non-blocking synchronous steps')
            }
            Object value = before && arguments.resume ? arguments.resume(before.time as long) : work()
            record.add(entry + [value: value, time: turns.time()])
            return value
        } catch (Killed e) {
            throw e
        } catch (Throwable e) {
            record.add(entry + [error: e.class.name, message: e.message, time: turns.time()])
            throw e
        }
    }

    private static Throwable thrown(String type, String message) {
        return Class.forName(type).getConstructor(String).newInstance(message)
    }

    /** What a step is called with holds a secret only where it must, and can be saved. */
    void check(String step, Object arguments) {
        Task task = turns.current()
        if (task.plain > 0) {
            violations.add("the step $step is called in a @NonCPS method, which would end there".toString())
        }
        String written = JsonOutput.toJson(step == 'httpRequest' ? withoutAuthorization(arguments) : shown(arguments))
        secrets().each { secret ->
            if (written.contains(secret)) {
                violations.add("the step $step is called with a secret".toString())
            }
            if (overrides.values().any { it?.contains(secret) }) {
                violations.add("a secret is in a variable of the build at the step $step".toString())
            }
        }
        calls.add([step: step, path: task.path, stages: new ArrayList(task.stages), arguments: arguments])
    }

    private static Object withoutAuthorization(Object arguments) {
        Map named = arguments[0] as Map
        return shown([named + [customHeaders: named.customHeaders.findAll { it.name != 'Authorization' }]])
    }

    static Object shown(Object value) {
        if (value instanceof Map) {
            return value.collectEntries { k, v -> [(k.toString()): shown(v)] }
        }
        if (value instanceof Collection) {
            return value.collect { shown(it) }
        }
        return value == null || value instanceof Number || value instanceof Boolean ? value : value.toString()
    }
}
