package io.pipelinebridge


/** One step's ask: its arguments, its key, its way to the bridge, its receipt. */
class Ask implements Serializable {

    /** How long a step may take in all to say something to the bridge, in milliseconds. */
    static final long LONGEST = 40000

    final Object script
    final String step
    Map arguments = [:]
    Bridge bridge = null
    boolean fails = false

    Ask(Object script, String step) {
        this.script = script
        this.step = step
    }

    /** Reads the step's arguments; what is wrong with them is a mistake of the Jenkinsfile, and fails the build. */
    Map read(Map given, Map shape, boolean failsByItself = false) {
        Map found = Arguments.read(given, shape)
        if (found.mistakes) {
            script.error(step + ': ' + found.mistakes.join(' '))
        }
        arguments = found.values
        fails = arguments.containsKey('failOnError') ? arguments.failOnError : failsByItself
        return arguments
    }

    /** Where the bridge is, and by which credentials; null when it is known. */
    String connect() {
        String url = arguments.url ?: script.env.BRIDGE_URL
        if (!url) {
            return 'no address of the bridge is known. Set the variable BRIDGE_URL for all of Jenkins or for the folder, or give url:'
        }
        if (!url.matches('https?://[A-Za-z0-9._~:/\\[\\]-]+')) {
            return 'BRIDGE_URL is ' + Arguments.shown(url) + '; it must be a URL such as https://bridge.internal'
        }
        bridge = new Bridge(script, url.replaceAll('/+$', ''), arguments.credentials ?: script.env.BRIDGE_CREDENTIALS ?: 'pipelinebridge')
        return null
    }

    /** The build, as its asks carry it. */
    Map identity() {
        return [server: script.env.JENKINS_URL, job: script.env.JOB_NAME, number: script.env.BUILD_NUMBER, started: script.currentBuild.startTimeInMillis]
    }

    String chain() {
        return script.env.BRIDGE_CHAIN_ID ?: Identity.chain(identity())
    }

    /** Sends what earlier steps could not, then this ask; tells how it went. Gives its receipt. */
    Map send(String path, String subject, Map body) {
        return told(offer(path, subject, body, System.currentTimeMillis() + LONGEST, 3))
    }

    /** As send, but within a time and without a word in the log. */
    Map offer(String path, String subject, Map body, long until, int attempts) {
        Map build = identity()
        String by = arguments.by ?: script.env.CHANGE_AUTHOR
        String text = Json.text(Body.of(body, chain(), script.env.BUILD_URL, build, by))
        Map ask = [step: step, app: body.app, environment: body.environment, subject: subject, path: path, body: text, build: Identity.of(build),
            key: arguments.key ?: Identity.key(build, step, subject, text)]
        String unknown = connect()
        if (unknown) {
            return kept(ask, [problem: unknown])
        }
        List queue = Unsent.before(unsent(), ask)
        // What could not be sent a moment ago is tried once: a bridge that is away costs a build ten seconds a step.
        Map answer = sendAll(queue, ask, until, queue.size() > 1 && !fails ? 1 : attempts, attempts)
        return answer.receipt ?: kept(ask, answer)
    }

    /** An ask that makes no sense any more: told and remembered as refused, and not sent. */
    Map refused(String path, Map body, String problem) {
        Map ask = [step: step, app: body.app, environment: body.environment, path: path, build: Identity.of(identity())]
        Map receipt = Body.receipt(ask, [state: 'refused', sent: false, problem: problem])
        remember(ask, receipt)
        return told(receipt)
    }

    /** Sends what earlier steps could not, and nothing else. */
    void repeat(long until) {
        List queue = Unsent.all(unsent())
        if (queue) {
            sendAll(queue, [:], until, 1, 1)
        }
    }

    /**
     * What this build could not send. A build that is restarted from a stage begins with the variables of the first one
     * (workflow-cps, EnvActionImpl.Copier): its pushes are what the stages of this one go on from, the rest was another build's to ask.
     */
    String unsent() {
        String kept = script.env.BRIDGE_UNSENT
        String build = Identity.of(identity())
        List others = Unsent.ofOthers(kept, build)
        if (others) {
            // Before anything is told: at a step another branch may go on, and keep an ask of its own here.
            script.env.BRIDGE_UNSENT = Unsent.ofBuild(kept, build)
        }
        for (int i = 0; i < others.size(); i++) {
            script.echo('[bridge] not sent by this build, but asked for by the one that it was restarted from: ' + Words.what(others[i]))
        }
        return script.env.BRIDGE_UNSENT
    }

    /** Sends asks in their order until one is not answered: the next would fare the same. Gives the answer to that one, else the receipt of the step's own. */
    Map sendAll(List queue, Map own, long until, int first, int attempts) {
        Map result = [:]
        int left = first
        for (int i = 0; i < queue.size(); i++) {
            Map one = queue[i]
            Map answer = bridge.post(one, until, left)
            if (answer.unknown) {
                return answer
            }
            script.env.BRIDGE_UNSENT = Unsent.removed(script.env.BRIDGE_UNSENT, one)
            Map receipt = received(one, answer)
            if (one.key == own.key) {
                result = [receipt: receipt]
            } else {
                script.echo(Words.sent(one, receipt))
            }
            left = attempts
        }
        return result
    }

    /** Keeps an ask that could not be sent in the build, so that the next step sends it again. */
    Map kept(Map ask, Map answer) {
        String before = unsent()
        String after = Unsent.added(before, ask)
        script.env.BRIDGE_UNSENT = after
        Map receipt = Body.receipt(ask, [state: 'unsent', sent: false, problem: answer.problem, kept: Unsent.has(after, ask)])
        remember(ask, receipt)
        return receipt
    }

    /** The receipt of an ask that was answered. */
    Map received(Map ask, Map answer) {
        Map receipt = answer.problem
            ? Body.receipt(ask, [state: 'refused', sent: true, problem: answer.problem])
            : Body.receipt(ask, answer.body + [sent: true])
        remember(ask, receipt)
        return receipt
    }

    /** Keeps the receipt where a later step of this build finds it; a build's variables live as long as the build. */
    void remember(Map ask, Map receipt) {
        String name = Body.variable(ask)
        if (name) {
            script.env."$name" = Json.text(Body.remembered(ask, receipt, Json.parse(script.env."$name")))
        }
        if (receipt.id) {
            script.env.BRIDGE_CHAIN_ID = receipt.chainId
            script.env.BRIDGE_TIMELINE_URL = receipt.timelineUrl
        }
    }

    /** Says how it went: one line, or a warning that leaves the build green, or the end of the build. */
    Map told(Map receipt) {
        script.echo(Words.sent(receipt, receipt))
        if (receipt.problem) {
            fail(step + ': ' + receipt.problem)
        }
        return receipt
    }

    /** Ends the build where the step may, else marks the stage and leaves the build green. */
    void fail(String text) {
        String message = Arguments.line(text)
        if (fails) {
            script.error(message)
        }
        script.catchError(buildResult: 'SUCCESS', stageResult: 'UNSTABLE', catchInterruptions: false) {
            script.error(message)
        }
    }
}
