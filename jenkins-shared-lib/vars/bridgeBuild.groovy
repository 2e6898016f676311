import io.pipelinebridge.Ask
import io.pipelinebridge.Report

def call(Map args = [:], Closure body) {
    def report = reportOf(args, [node: 'text'])
    try {
        long until = report.queued()
        def value = args.node == null ? told(report, until, body) : node(args.node) { told(report, until, body) }
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

/** Without a block: one state, for a declarative pipeline whose stages are apart; gives its receipt. */
Map call(Map args) {
    def report = reportOf(args, [state: 'text!', outcome: 'text'])
    if (args.state == 'finished' && currentBuild.currentResult == 'ABORTED') {
        return report.aborted()
    }
    return args.state == 'finished' ? report.finished(args.outcome ?: Report.outcome(currentBuild.currentResult)) : report.began(args.state)
}

def call(Object wrong) {
    error "bridgeBuild takes named arguments and a block, e.g. bridgeBuild(app: 'portal') { sh 'make' }"
}

def reportOf(Map args, Map own) {
    def ask = new Ask(this, 'bridgeBuild')
    ask.read(args, own + [app: 'text!', repository: 'text', branch: 'text', commit: 'text', title: 'text', author: 'text'])
    return new Report(this, ask)
}

/** The block, told of at its begin; the commit is read while there is a workspace. */
def told(Report report, long until, Closure body) {
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
