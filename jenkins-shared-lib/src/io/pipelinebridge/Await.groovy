package io.pipelinebridge

import com.cloudbees.groovy.cps.NonCPS

/** Follows the deployment of this build to its end, and tells what changes. Holds nothing while it waits. */
class Await implements Serializable {

    /** How long one look is held open by the bridge, and how long the look may take in all. */
    static final int HELD_SECONDS = 10
    static final int LOOK_SECONDS = 20

    final Object script
    final Ask ask
    final String app
    final String environment
    final Map seen = [id: null, since: 0, line: '', unanswered: 0, end: null, problem: null, waits: null, pushTold: false]

    Await(Object script, Ask ask, String app, String environment) {
        this.script = script
        this.ask = ask
        this.app = app
        this.environment = environment
    }

    /** Waits for the end, up to some minutes; gives the deployment's document, or what is known instead. */
    Map end(int minutes) {
        long from = System.currentTimeMillis()
        long until = from + minutes * 60000L
        if (script.env.NODE_NAME) {
            script.echo('[bridge] bridgeAwait holds an executor of ' + Arguments.line(script.env.NODE_NAME) + ' while it waits; call it outside of node, or under agent none')
        }
        // Polls with nothing held between them; the deadline is a number, so that it is the same after a restart of Jenkins.
        script.waitUntil(initialRecurrencePeriod: 2000, quiet: true) {
            step(from) || System.currentTimeMillis() >= until
        }
        if (seen.end == null) {
            String problem = seen.problem ?: 'the end is not known after ' + minutes + ' minutes' + (seen.waits ? ': ' + seen.waits : '; it goes on without this build') + (seen.id ? '. To see more: ' + script.env.BRIDGE_TIMELINE_URL : '')
            script.echo('[bridge] ' + Arguments.line(app + ' \u2192 ' + environment) + '  ' + Arguments.line(problem))
            ask.fail('bridgeAwait: ' + problem)
            return [app: app, environment: environment, id: seen.id, state: 'unknown', problem: problem]
        }
        return told(seen.end)
    }

    Map told(Map d) {
        if (d.state == 'succeeded') {
            script.echo(Story.live(d))
            return d
        }
        script.echo(Story.ended(d, evidence(d)))
        if (d.state == 'superseded' && ask.fails) {
            // As the step milestone does: the build is not a failed one, it was overtaken.
            script.currentBuild.result = 'NOT_BUILT'
        }
        ask.fail('bridgeAwait: ' + Story.sentence(d))
        return d
    }

    boolean step(long from) {
        if (seen.id == null) {
            ask.repeat(System.currentTimeMillis() + Ask.LONGEST)
            seen.id = find()
        }
        return seen.problem != null || (seen.id != null && look(seen.id, from))
    }

    /** What this build remembers of a deployment; null when it asked for none. What a build that it was restarted from asked for is not its own. */
    Map remembered() {
        Map kept = Json.parse(script.env."${Body.deployment(app, environment)}")
        return kept != null && kept.app == app && kept.environment == environment && kept.build == Identity.of(ask.identity()) ? kept : null
    }

    /** The id of this build's deployment; never merely the newest. Null when there is none, and then the problem is kept. */
    String find() {
        Map kept = remembered()
        if (kept != null && kept.id) {
            return kept.id
        }
        if (kept != null && kept.state == 'refused') {
            seen.problem = 'the deployment was refused: ' + kept.problem
            return null
        }
        if (kept != null && Unsent.has(script.env.BRIDGE_UNSENT, [path: kept.path, key: kept.key])) {
            seen.waits = 'not sent yet'
            return null
        }
        if (kept != null) {
            seen.problem = 'the deployment was not sent, and was too long to be kept for a later step: ' + kept.problem + '. Call bridgeDeploy again'
            return null
        }
        // A restarted stage has no receipt: only what carries this build's chain and address is this build's.
        Map answer = Bridge.having(ask.bridge.get('/v1/deployments?app=' + Identity.encoded(app) + '&environment=' + Identity.encoded(environment) + '&limit=50', LOOK_SECONDS), 'deployments')
        if (answer.unknown) {
            seen.waits = answer.problem
            return null
        }
        String id = answer.problem ? null : ofBuild(answer.body, ask.chain(), script.env.BUILD_URL)
        if (id == null) {
            seen.problem = answer.problem ?: 'this build asked for no deployment of ' + app + ' to ' + environment + '. Call bridgeDeploy or bridgeRollback before'
        }
        return id
    }

    @NonCPS
    static String ofBuild(Map body, String chain, String buildUrl) {
        for (d in (body.deployments ?: [])) {
            if (d.chainId == chain && d.build instanceof Map && d.build.url == buildUrl) {
                return d.id
            }
        }
        return null
    }

    /** One look: true when there is nothing more to wait for. */
    boolean look(String id, long from) {
        Map answer = Bridge.having(ask.bridge.get('/v1/requests/' + Identity.encoded(id) + '?wait=' + HELD_SECONDS + '&since=' + seen.since, LOOK_SECONDS), 'state')
        if (answer.problem) {
            if (!answer.unknown) {
                seen.problem = answer.problem
                return true
            }
            // Once is nothing: a restart of Jenkins breaks a look off.
            seen.unanswered = seen.unanswered + 1
            if (seen.unanswered == 2) {
                say(from, 'the bridge cannot be asked: ' + answer.problem + '. It is asked again')
            }
            return false
        }
        seen.unanswered = 0
        Map d = answer.body
        seen.since = d.revision
        if (d.endedAt != null) {
            tellPush(d)
            seen.end = d
            return true
        }
        String line = Story.line(d)
        if (line != seen.line) {
            tellPush(d)
            say(from, line)
            seen.line = line
        }
        return false
    }

    void say(long from, String line) {
        script.echo('[bridge]  ' + Story.clock(System.currentTimeMillis() - from) + ' ' + line)
    }

    /** The line of the push that came before, once: how much was new, how long it took. */
    void tellPush(Map d) {
        if (seen.pushTold || d.state == 'waiting' || d.state == 'accepted') {
            return
        }
        seen.pushTold = true
        Map push = Json.parse(script.env."${Body.push(app)}")
        if (push != null && push.id && !push.several) {
            Map answer = ask.bridge.get('/v1/requests/' + Identity.encoded(push.id), LOOK_SECONDS)
            if (!answer.problem && answer.body.endedAt) {
                script.echo(Story.pushed(answer.body))
            }
        }
    }

    /** What shows the cause: each piece's last lines, as far as they can be had. */
    List evidence(Map d) {
        List pieces = []
        List all = d.evidence ?: []
        for (int i = 0; i < all.size() && i < 5; i++) {
            Map e = all[i]
            Map read = e.blob ? ask.bridge.read('/v1/blobs/' + Identity.encoded(e.blob), LOOK_SECONDS) : [:]
            pieces.add([name: e.name, text: read.text ? Story.evidence(read.text) : 'not at hand: ' + (e.missing ?: read.problem ?: 'nothing was kept')])
        }
        return pieces
    }
}
