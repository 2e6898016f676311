package io.pipelinebridge

import com.cloudbees.groovy.cps.NonCPS

/** A deployment's document, as the lines of a build's log. */
class Story implements Serializable {

    /** Where it stands, in one line; the same line while nothing changes. */
    @NonCPS
    static String line(Map d) {
        String waits = d.waitingFor ? Arguments.line(d.waitingFor.toString()) : null
        if (d.state == 'waiting') {
            return waits ? 'waits for ' + waits : 'waits'
        }
        if (d.state != 'running') {
            return 'accepted'
        }
        Map p = d.progress instanceof Map ? d.progress : null
        if (waits) {
            return waits
        }
        if (p == null) {
            return 'handed to the cluster'
        }
        String still = p.waiting ? '   ' + Arguments.line(p.waiting.toString()) : ''
        if (p.phase == 'takingback') {
            return 'taking it back to what served' + still
        }
        if (p.phase == 'removing') {
            return 'removing it' + still
        }
        return (p.healthy == p.total ? 'healthy: ' : 'rolling out: ') + p.healthy + ' of ' + p.total + (p.healthy == p.total ? '' : ' healthy') + still
    }

    /** What a push did. */
    @NonCPS
    static String pushed(Map d) {
        String text = '[bridge] push   ' + d.app + '  ' + digest(d.image)
        if (d.state != 'succeeded') {
            return text + '  ' + d.state + ': ' + Arguments.line((d.cause ?: '').toString())
        }
        Map size = d.pushed instanceof Map ? d.pushed : null
        if (size != null) {
            text = text + '  ' + (size.newBytes == 0 ? bytes(size.totalBytes) + ', all there already' : bytes(size.newBytes) + ' of ' + bytes(size.totalBytes) + ' new')
        }
        Object took = d.phases instanceof Map ? d.phases.pushedSeconds : null
        return text + '  pushed' + (took == null ? '' : ' in ' + seconds(took) + ' s')
    }

    /** The good end. */
    @NonCPS
    static String live(Map d) {
        if (d.kind == 'removal') {
            return '[bridge] ' + d.app + ' is removed from ' + d.environment
        }
        String text = '[bridge] ' + d.app + ' is live on ' + d.environment + ': ' + digest(d.image)
        if (d.alreadyLive) {
            return text + ', as before; nothing was done'
        }
        if (d.previousImage) {
            text = text + ', was ' + digest(d.previousImage)
        }
        String phases = phases(d.phases)
        String usual = sum(d.usual)
        text = text + '. ' + sum(d.phases) + ' s' + (usual == '0' ? '' : ' (usual ' + usual + ' s)') + (phases ? ': ' + phases : '')
        if (d.unchecked) {
            text = text + '\n' + Words.MORE + 'without a health check: the tasks run, and nobody knows more'
        }
        if (d.notRouted) {
            text = text + '\n' + Words.MORE + 'no front end is configured in its zone: healthy was the end'
        }
        return text
    }

    /** Every other end, so that nobody has to scroll. */
    @NonCPS
    static String ended(Map d, List evidence) {
        String cause = Arguments.line((d.cause ?: 'no cause was told').toString())
        if (d.state == 'superseded') {
            return '[bridge] superseded  ' + d.app + ' \u2192 ' + d.environment + '  a newer one took its place' + (d.supersededBy ? ': #' + Words.shortName(d.supersededBy) : '') + '; nothing is wrong with this one'
        }
        def lines = ['[bridge] ' + (d.state == 'failed' ? 'FAILED' : d.state) + '  ' + d.app + ' \u2192 ' + d.environment + '  ' + (d.category ? d.category + ': ' : '') + cause]
        for (e in evidence) {
            lines.add(field(e.name, e.text))
        }
        if (d.nowRunning || d.previousImage) {
            lines.add(field('now running', digest(d.nowRunning ?: d.previousImage) + ', ' + left(d.effect)))
        } else if (d.effect) {
            lines.add(field('left', left(d.effect)))
        }
        lines.add(field('to see more', d.timelineUrl))
        lines.add(field('to retry', 'bridgeDeploy, or pipelinebridge deploy ' + d.app + ' ' + d.environment + ' ' + (d.image ?: 'IMAGE')))
        return lines.join('\n')
    }

    @NonCPS
    static String left(Object effect) {
        if (effect == 'takenback') {
            return 'the new one was taken back'
        }
        if (effect == 'made') {
            return 'the new one was left as it is'
        }
        return effect == 'unknown' ? 'what the cluster was left with is not known' : 'nothing was changed'
    }

    @NonCPS
    static String field(Object name, Object value) {
        String label = Arguments.line(name?.toString())
        return Words.MORE + (label.length() < 13 ? (label + '             ').substring(0, 13) : label) + ' ' + Arguments.line(value?.toString())
    }

    /** An evidence as it fits under the failure: its last lines. */
    @NonCPS
    static String evidence(String text) {
        def kept = []
        for (l in text.split('\n')) {
            if (l.trim() != '') {
                kept.add(Arguments.line(l))
            }
        }
        int from = kept.size() > 3 ? kept.size() - 3 : 0
        String last = ''
        for (int i = from; i < kept.size(); i++) {
            last = last + (last == '' ? '' : ' | ') + kept.get(i)
        }
        return last.length() > 400 ? '...' + last.substring(last.length() - 400) : last
    }

    @NonCPS
    static String digest(Object image) {
        String text = image == null ? '?' : image.toString()
        int at = text.indexOf('@sha256:')
        return at < 0 ? Arguments.line(text) : 'sha256:' + text.substring(at + 8, at + 16 < text.length() ? at + 16 : text.length())
    }

    @NonCPS
    static String phases(Object phases) {
        def parts = []
        if (phases instanceof Map) {
            for (name in ['waited', 'pulled', 'healthy', 'routed']) {
                Object s = phases.get(name + 'Seconds')
                if (s != null) {
                    parts.add((name == 'pulled' ? 'pull' : name == 'routed' ? 'route' : name) + ' ' + seconds(s))
                }
            }
        }
        return parts.join(', ')
    }

    /** What the rollout took; what it waited before is another's time. */
    @NonCPS
    static String sum(Object phases) {
        def sum = 0
        if (phases instanceof Map) {
            for (e in phases) {
                sum = sum + (e.key == 'waitedSeconds' ? 0 : (e.value as double))
            }
        }
        return seconds(sum)
    }

    /** Seconds with a tenth below ten: a number's own text would show all of its digits. */
    @NonCPS
    static String seconds(Object value) {
        return number(value, 10)
    }

    @NonCPS
    static String number(Object value, int tenthBelow) {
        long tenths = ((value as double) * 10 + 0.5) as long
        long whole = tenths.intdiv(10)
        return whole >= tenthBelow || tenths % 10 == 0 ? '' + whole : '' + whole + '.' + (tenths % 10)
    }

    @NonCPS
    static String bytes(Object count) {
        double many = count as double
        return many < 1000000 ? number(many / 1000, 100) + ' kB' : number(many / 1000000, 100) + ' MB'
    }

    /** Minutes and seconds. */
    @NonCPS
    static String clock(long milliseconds) {
        long all = milliseconds.intdiv(1000)
        long s = all % 60
        return '' + all.intdiv(60) + (s < 10 ? ':0' : ':') + s
    }

    /** What the build was told of its failure: one sentence. */
    @NonCPS
    static String sentence(Map d) {
        if (d.state == 'superseded') {
            return d.app + ' \u2192 ' + d.environment + ' was superseded' + (d.supersededBy ? ' by #' + Words.shortName(d.supersededBy) : '')
        }
        return d.app + ' \u2192 ' + d.environment + ' ' + d.state + ': ' + Arguments.line((d.cause ?: '').toString())
    }
}
