package io.pipelinebridge

import com.cloudbees.groovy.cps.NonCPS

/** The asks that could not be sent, kept as text in a variable of the build. */
class Unsent implements Serializable {

    /** The longest body that is kept, and the most of all together, in characters: every process of the build gets the variables. */
    static final int LONGEST_BODY = 8192
    static final int LONGEST = 24576

    @NonCPS
    static List all(String kept) {
        def read = kept ? Json.parse(kept) : null
        return read != null && read.asks instanceof List ? read.asks : []
    }

    /** What another build kept here, and this one has nothing to do with. */
    @NonCPS
    static List ofOthers(String kept, String build) {
        def list = []
        for (one in all(kept)) {
            if (one.build != build && one.path != '/v1/pushes') {
                list.add(one)
            }
        }
        return list
    }

    /** What was kept, without that of others. */
    @NonCPS
    static String ofBuild(String kept, String build) {
        def list = []
        for (one in all(kept)) {
            if (one.build == build || one.path == '/v1/pushes') {
                list.add(one)
            }
        }
        return list.isEmpty() ? '' : Json.text([asks: list])
    }

    /** What is to be sent now: what was kept, in its order, then this ask. */
    @NonCPS
    static List before(String kept, Map ask) {
        def list = others(kept, ask)
        list.add(ask)
        return list
    }

    @NonCPS
    static List others(String kept, Map ask) {
        def list = []
        for (one in all(kept)) {
            if (one.key != ask.key || one.path != ask.path) {
                list.add(one)
            }
        }
        return list
    }

    @NonCPS
    static String removed(String kept, Map ask) {
        def list = others(kept, ask)
        return list.isEmpty() ? '' : Json.text([asks: list])
    }

    /** With this ask behind the others; as it was, when the ask is too long to be kept. */
    @NonCPS
    static String added(String kept, Map ask) {
        if (has(kept, ask)) {
            return kept
        }
        String text = Json.text([asks: before(kept, ask)])
        return ask.body.toString().length() > LONGEST_BODY || text.length() > LONGEST ? (kept ?: '') : text
    }

    @NonCPS
    static boolean has(String kept, Map ask) {
        return others(kept, ask).size() < all(kept).size()
    }
}
