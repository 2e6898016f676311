package io.pipelinebridge

import com.cloudbees.groovy.cps.NonCPS

/** What the build's log says. Signs outside ASCII are escaped: a controller may read this file in any charset. */
class Words implements Serializable {

    static final String MORE = '         '

    /** How an ask was taken. */
    @NonCPS
    static String sent(Map ask, Map receipt) {
        String verb = Arguments.line(ask.step?.toString()).replace('bridge', '').toLowerCase()
        String what = ask.environment ? Arguments.line(ask.app.toString()) + ' \u2192 ' + Arguments.line(ask.environment.toString()) : Arguments.line(ask.app.toString())
        String subject = verb == 'push' || verb == 'tag' || verb == 'build' ? '  ' + Arguments.line(ask.subject.toString()) : ''
        String line = '[bridge] ' + (verb.length() < 6 ? (verb + '      ').substring(0, 6) : verb) + ' ' + what + subject
        if (receipt.problem) {
            String kept = receipt.state == 'refused' ? 'refused' : receipt.kept ? 'not sent; the next step of the bridge sends it again' : 'not sent, and too long to be kept for the next step'
            return line + '   ' + kept + ': ' + Arguments.line(receipt.problem.toString())
        }
        line = line + '   ' + taken(verb, receipt.state) + '  #' + shortName(receipt.id)
        for (warning in (receipt.warnings ?: [])) {
            line = line + '\n' + MORE + 'warning  ' + Arguments.line(warning.toString())
        }
        return ask.environment ? line + '\n' + MORE + 'timeline ' + receipt.timelineUrl : line
    }

    /** Where an ask stands that was taken: a repeated one may have its end already. */
    @NonCPS
    static String taken(String verb, Object state) {
        if (state == 'accepted' || state == 'waiting' || state == 'running') {
            return 'accepted'
        }
        return verb == 'build' ? 'told' : state.toString()
    }

    /** A request as people name it: the letter and the first four of its name. */
    @NonCPS
    static String shortName(Object id) {
        String name = id == null ? '' : id.toString()
        return name.length() > 6 ? name.substring(0, 6) : name
    }
}
