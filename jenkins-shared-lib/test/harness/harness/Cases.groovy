package harness

/** The base of a file of cases: each has a name that is a sentence. */
abstract class Cases extends Script {
    private Code code
    /** The builds of the case that runs, for when it fails. */
    private final List<Build> builds = []
    List<List> cases = []

    void use(Code code) {
        this.@code = code
    }

    void begin() {
        builds.clear()
    }

    List<Build> all() {
        return builds
    }

    void test(String name, Closure body) {
        cases.add([name, body])
    }

    /** A build with the plugin, the credentials and the variables that a well kept Jenkins has; options say what differs. */
    Build build(Map options = [:]) {
        return new Build([code: this.@code, credentials: [pipelinebridge: [kind: 'string', value: 'token-of-the-bridge\n']], env: [BRIDGE_URL: 'https://bridge.internal'] + (options.variables ?: [:]),
            http: { throw new IllegalStateException('no answer was scripted') }] + options)
    }

    /** Runs a Jenkinsfile; what breaks a rule of Jenkins fails the case. */
    Build ran(Build build, String jenkinsfile) {
        builds.add(build)
        boolean ended = build.run(jenkinsfile)
        assert build.violations.unique() == []
        assert ended || build.turns.killed
        return build
    }

    Build ran(Map options = [:], String jenkinsfile) {
        return ran(this.build(options), jenkinsfile)
    }

    /** Answers as the bridge does: each ask is taken; the same key is the same request. */
    static Closure accepting(Map seen = [:]) {
        return { request ->
            String letter = [pushes: 'p', tags: 't', deployments: 'd', rollbacks: 'd', notifications: 'n', builds: 'f'][request.path.split('/')[2]]
            String key = request.headers['Idempotency-Key']
            if (!seen.containsKey(key)) {
                seen.put(key, letter + '-' + (seen.size() + 1) + '000'.substring(0, 3) + 'abcdefghjkmnpqrstvwxyz')
            }
            String id = seen[key]
            return json(202, [id: id, chainId: request.json.chainId, state: letter in ['f'] ? 'succeeded' : 'accepted', revision: 1, warnings: [],
                statusUrl: 'https://bridge.internal/v1/requests/' + id, timelineUrl: 'https://bridge.internal/' + id])
        }
    }

    static Map json(int status, Map body, Map headers = [:]) {
        return [status: status, content: groovy.json.JsonOutput.toJson(body), headers: headers]
    }

    static Map problem(int status, String detail, Map headers = [:]) {
        return json(status, [type: 'urn:pipelinebridge:problem:' + status, title: 'Not so', status: status, detail: detail], headers)
    }

    static String log(Build build) {
        return build.log.join('\n')
    }
}
