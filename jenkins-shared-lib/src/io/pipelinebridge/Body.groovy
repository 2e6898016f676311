package io.pipelinebridge

import com.cloudbees.groovy.cps.NonCPS

/** What is sent, what is given back, and what is remembered of it. */
class Body implements Serializable {

    /** A write's body: what the step says, and what every write of a build carries. */
    @NonCPS
    static Map of(Map own, String chainId, String url, Map build, String by) {
        def body = [:]
        for (e in own) {
            if (e.value != null) {
                body.put(e.key, e.value)
            }
        }
        body.put('chainId', chainId)
        if (!own.containsKey('state')) {
            body.put('build', [url: url, number: number(build.number), job: build.job?.toString()])
        }
        if (by) {
            body.put('by', by)
        }
        return body
    }

    @NonCPS
    static Integer number(Object text) {
        return text?.toString()?.matches('[0-9]{1,9}') ? Integer.parseInt(text.toString()) : null
    }

    /** The arguments that are fields of the body: all but those that every step takes, and some of its own. */
    @NonCPS
    static Map fields(Map arguments, List without) {
        def fields = [:]
        for (e in arguments) {
            if (!Arguments.COMMON.containsKey(e.key) && !without.contains(e.key)) {
                fields.put(e.key, e.value)
            }
        }
        return fields
    }

    /** Those arguments of a step that are given, of some. */
    @NonCPS
    static Map some(Map arguments, List names) {
        def some = [:]
        for (name in names) {
            if (arguments.containsKey(name)) {
                some.put(name, arguments.get(name))
            }
        }
        return some
    }

    /** What a step hands on to the steps that it is made of. */
    @NonCPS
    static Map common(Map arguments) {
        return some(arguments, ['url', 'credentials', 'by'])
    }

    @NonCPS
    static Map receipt(Map ask, Map answer) {
        def receipt = [step: ask.step, app: ask.app, environment: ask.environment, subject: ask.subject, key: ask.key]
        receipt.putAll(answer)
        return receipt
    }

    /** The variable of the build in which an ask's receipt is kept; null when nothing asks for it later. */
    @NonCPS
    static String variable(Map ask) {
        if (ask.path == '/v1/pushes') {
            return push(ask.app.toString())
        }
        return ask.path == '/v1/deployments' || ask.path == '/v1/rollbacks' ? deployment(ask.app.toString(), ask.environment.toString()) : null
    }

    @NonCPS
    static String push(String app) {
        return 'BRIDGE_PUSH_' + Identity.variable(app)
    }

    // Two underscores: a name may hold a dash, which is one.
    @NonCPS
    static String deployment(String app, String environment) {
        return 'BRIDGE_RECEIPT_' + Identity.variable(app) + '__' + Identity.variable(environment)
    }

    @NonCPS
    static Map remembered(Map ask, Map receipt, Map before) {
        // A build that is restarted from a stage has what the first one remembered; that is not a second push of this one.
        boolean several = ask.path == '/v1/pushes' && before != null && before.build == ask.build && (before.several || before.subject != ask.subject)
        return [build: ask.build, path: ask.path, app: ask.app, environment: ask.environment, subject: ask.subject, several: several, key: ask.key, id: receipt.id, state: receipt.state, problem: receipt.problem, timelineUrl: receipt.timelineUrl]
    }
}
