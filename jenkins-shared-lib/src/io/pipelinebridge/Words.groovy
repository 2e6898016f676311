package io.pipelinebridge

import com.cloudbees.groovy.cps.NonCPS

/** What the build's log says. Signs outside ASCII are escaped: a controller may read this file in any charset. */
class Words implements Serializable {

    static final String MORE = '         '

    /** How an ask was taken. */
    @NonCPS
    static String sent(Map ask, Map receipt) {
        String line = '[bridge] ' + what(ask)
        if (receipt.problem) {
            String kept = receipt.state == 'refused' ? 'refused' : receipt.kept ? 'not sent; the next step of the bridge sends it again' : 'not sent, and too long to be kept for the next step'
            return line + '   ' + kept + ': ' + Arguments.line(receipt.problem.toString())
        }
        line = line + '   ' + taken(verb(ask), receipt.state) + '  #' + shortName(receipt.id)
        for (warning in (receipt.warnings ?: [])) {
            line = line + '\n' + MORE + 'warning  ' + Arguments.line(warning.toString())
        }
        return ask.environment ? line + '\n' + MORE + 'timeline ' + receipt.timelineUrl : line
    }

    /** An ask in a few words. */
    @NonCPS
    static String what(Map ask) {
        String name = verb(ask)
        String where = ask.environment ? Arguments.line(ask.app.toString()) + ' \u2192 ' + Arguments.line(ask.environment.toString()) : Arguments.line(ask.app.toString())
        String subject = name == 'push' || name == 'tag' || name == 'build' ? '  ' + Arguments.line(ask.subject.toString()) : ''
        return (name.length() < 6 ? (name + '      ').substring(0, 6) : name) + ' ' + where + subject
    }

    @NonCPS
    static String verb(Map ask) {
        return Arguments.line(ask.step?.toString()).replace('bridge', '').toLowerCase()
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
