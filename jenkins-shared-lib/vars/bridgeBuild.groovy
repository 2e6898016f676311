import io.pipelinebridge.Ask
import io.pipelinebridge.Report

def call(Map args = [:], Closure body) {
    def report = report(args, [node: 'text'])
    boolean inNode = args.node != null
    long until = report.queued()
    try {
        def value = inNode ? node(args.node) { run(report, until, body) } : run(report, until, body)
        report.finished(Report.outcome(currentBuild.currentResult))
        return value
    } catch (InterruptedException e) {
        report.aborted()
        throw e
    } catch (Throwable e) {
        report.finished('failure')
        throw e
    }
}

/** Without a block: one state, for a declarative pipeline whose stages are apart. */
def call(Map args) {
    def report = report(args, [state: 'text!', outcome: 'text'])
    if (args.state == 'finished' && currentBuild.currentResult == 'ABORTED') {
        report.aborted()
    } else if (args.state == 'finished') {
        report.finished(args.outcome ?: Report.outcome(currentBuild.currentResult))
    } else {
        report.ask.told(report.tell(args.state, null, System.currentTimeMillis() + Ask.LONGEST, 3))
    }
}

def call(Object wrong) {
    error "bridgeBuild takes named arguments and a block, e.g. bridgeBuild(app: 'portal') { sh 'make' }"
}

def report(Map args, Map own) {
    def ask = new Ask(this, 'bridgeBuild')
    ask.read(args, own + [app: 'text!', repository: 'text', branch: 'text', commit: 'text', title: 'text', author: 'text'])
    return new Report(this, ask)
}

def run(Report report, long until, Closure body) {
    report.started(until)
    try {
        def value = body()
        report.look()
        return value
    } catch (InterruptedException e) {
        throw e
    } catch (Throwable e) {
        report.look()
        throw e
    }
}
