package io.pipelinebridge

import com.cloudbees.groovy.cps.NonCPS

/** What the bridge is told of a build: that it waits, runs, ended; of which commit, and whose. */
class Report implements Serializable {

    final Object script
    final Ask ask
    Map source = [:]

    Report(Object script, Ask ask) {
        this.script = script
        this.ask = ask
    }

    Map tell(String state, String outcome, long until, int attempts) {
        Map a = ask.arguments
        Map known = Report.changed(script.currentBuild.changeSets)
        Map body = [app: a.app, job: script.env.JOB_NAME, number: Body.number(script.env.BUILD_NUMBER), url: script.env.BUILD_URL,
            repository: a.repository ?: script.env.GIT_URL,
            branch: a.branch ?: script.env.BRANCH_NAME ?: script.env.GIT_BRANCH,
            commit: a.commit ?: source.commit ?: script.env.GIT_COMMIT ?: known.commit,
            title: Report.bounded(a.title ?: source.title ?: script.env.CHANGE_TITLE ?: known.title, 512),
            author: Report.bounded(a.author ?: source.author ?: script.env.CHANGE_AUTHOR ?: known.author, 256),
            state: state, outcome: outcome]
        if (!body.url) {
            // Else the bridge would refuse "url", which here is the name of another argument.
            return Body.receipt([step: ask.step, app: a.app, path: '/v1/builds', subject: script.env.JOB_NAME + ' #' + script.env.BUILD_NUMBER + ' ' + state],
                [state: 'refused', sent: false, problem: 'Jenkins does not know its own address, and a build without one cannot be told of. Set "Jenkins URL" under System (as code: unclassified.location.url)'])
        }
        return ask.offer('/v1/builds', script.env.JOB_NAME + ' #' + script.env.BUILD_NUMBER + ' ' + state, body, until, attempts)
    }

    /** It waits for a node, or runs at once: both within the time of one step. */
    long queued() {
        long until = System.currentTimeMillis() + Ask.LONGEST
        tell('queued', null, until, 3)
        return until
    }

    void started(long until) {
        ask.told(tell('started', null, until, 3))
    }

    /** One state by itself, that is no end. */
    Map began(String state) {
        return ask.told(tell(state, null, System.currentTimeMillis() + Ask.LONGEST, 3))
    }

    Map finished(String outcome) {
        return ask.told(tell('finished', outcome, System.currentTimeMillis() + Ask.LONGEST, 3))
    }

    /** An aborted build says so in one attempt of five seconds at most; whatever comes of it, it ends. */
    Map aborted() {
        String problem = 'the bridge could not be told within 5 s that this build was aborted'
        try {
            return script.timeout(time: 5, unit: 'SECONDS') {
                tell('finished', 'cancel', System.currentTimeMillis() + 5000, 1)
            }
        } catch (InterruptedException e) {
            script.echo('[bridge] ' + problem)
            return [step: ask.step, app: ask.arguments.app, state: 'unsent', sent: false, problem: problem]
        }
    }

    /** Reads the commit from the workspace, while there is one. What Jenkins knows itself needs no step. */
    void look() {
        if (!script.env.NODE_NAME || ask.arguments.commit) {
            return
        }
        try {
            String printed = script.isUnix()
                ? script.sh(script: 'git log -1 --format="%H%n%s%n%an" 2>/dev/null || true', returnStdout: true, encoding: 'UTF-8', label: 'which commit')
                : script.bat(script: '@git log -1 --format="%%H%%n%%s%%n%%an" 2>nul || exit /b 0', returnStdout: true, encoding: 'UTF-8', label: 'which commit')
            source = Report.commit(printed)
        } catch (InterruptedException e) {
            throw e
        } catch (Exception e) {
            script.echo('[bridge] the commit could not be read from the workspace: ' + Arguments.line(e.getMessage()))
        }
    }

    @NonCPS
    static Map commit(String printed) {
        def lines = (printed ?: '').replace('\r', '').split('\n')
        return lines.length >= 3 && lines[0].matches('[0-9a-f]{40,64}') ? [commit: lines[0], title: lines[1], author: lines[2]] : [:]
    }

    /** The last change that Jenkins knows to be new in this build. */
    @NonCPS
    static Map changed(Object changeSets) {
        def last = [:]
        for (set in changeSets) {
            for (entry in set.getItems()) {
                last = [commit: entry.getCommitId(), title: entry.getMsg(), author: entry.getAuthor()?.getFullName()]
            }
        }
        return last
    }

    /** The word of CDEvents for a result of Jenkins. */
    @NonCPS
    static String outcome(String result) {
        if (result == 'ABORTED' || result == 'NOT_BUILT') {
            return 'cancel'
        }
        return result == 'SUCCESS' ? 'success' : 'failure'
    }

    @NonCPS
    static String bounded(Object text, int longest) {
        String line = text == null ? null : Arguments.line(text.toString())
        return line != null && line.length() > longest ? line.substring(0, longest) : line
    }
}
