// See run-pipeline.
import harness.*

PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, 'UTF-8')
Closure wrong = { String text ->
    System.err.println(text)
    System.exit(2)
}
Map given = [variable: [], parameter: [], without: []]
List<String> files = []
for (int i = 0; i < args.length; i++) {
    if (!args[i].startsWith('--')) {
        files.add(args[i])
        continue
    }
    String name = args[i].substring(2)
    if (name == 'fast') {
        given.fast = true
    } else if (!(name in ['job', 'number', 'variable', 'parameter', 'workspace', 'state', 'without']) || ++i >= args.length) {
        wrong("${args[i < args.length ? i : i - 1]} is no option, or its value is missing; see the head of run-pipeline.")
    } else if (given[name] instanceof List) {
        given[name].add(args[i])
    } else {
        given[name] = args[i]
    }
}
if (files.size() != 1 || !new File(files[0]).file) {
    wrong(files ? "There is no file ${files.join(' ')}." : 'A Jenkinsfile is missing.')
}
Closure pairs = { List all -> all.collectEntries { [(it.split('=', 2)[0]): it.split('=', 2).length > 1 ? it.split('=', 2)[1] : ''] } }
File workspace = given.workspace ? new File(given.workspace).canonicalFile : File.createTempDir()
Record record = new Record(given.state ? new File(given.state) : null)
if (record.about == null) {
    record.about([job: given.job ?: 'team/portal', number: given.number ?: '412', started: new Date().time])
}
Clock.take()
Map variables = pairs(given.variable)
if (System.getenv('BRIDGE_URL')) {
    variables.BRIDGE_URL = System.getenv('BRIDGE_URL')
}
String token = System.getenv('BRIDGE_TOKEN')
Build build = new Build(code: new Code(new File(System.getProperty('library'))), live: true, fast: given.fast, record: record, job: record.about.job, number: record.about.number,
    started: record.about.started, workspace: workspace, env: variables, params: pairs(given.parameter), missing: given.without,
    credentials: token ? [pipelinebridge: [kind: 'string', value: token]] : [:])
build.onLine = { out.println(it) }
try {
    build.run(new File(files[0]).getText('UTF-8'))
} finally {
    if (!given.workspace) {
        workspace.deleteDir()
    }
}
if (build.failure && !(build.failure instanceof AbortException) && !(build.failure instanceof FlowInterruptedException)) {
    org.codehaus.groovy.runtime.StackTraceUtils.sanitize(build.failure).printStackTrace()
}
build.violations.unique().each { System.err.println('rule of Jenkins broken: ' + it) }
System.exit(build.violations ? 3 : build.result == 'SUCCESS' ? 0 : 1)
