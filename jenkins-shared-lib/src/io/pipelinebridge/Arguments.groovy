package io.pipelinebridge

import com.cloudbees.groovy.cps.NonCPS

/** The named arguments of a step: what they are, and all that is wrong with them at once. */
class Arguments implements Serializable {

    /** What every step takes. */
    static final Map COMMON = [url: 'text', credentials: 'text', key: 'text', by: 'text', failOnError: 'flag']

    /**
     * Reads arguments by their shape: name to kind, where a kind is text, texts (one or a list), whole, count (from 1), flag, object
     * (a map or a text) or closure, with ! behind it when it must be given.
     * Gives [values: what was given, mistakes: a sentence each].
     */
    @NonCPS
    static Map read(Map given, Map own) {
        Map shape = own + COMMON
        def values = [:]
        def mistakes = []
        for (e in given) {
            String name = e.key.toString()
            if (!shape.containsKey(name)) {
                mistakes.add(shown(name) + ' is not known. ' + nearest(name, shape))
            } else if (e.value != null) {
                String kind = shape.get(name).toString().replace('!', '')
                String must = wrong(e.value, kind)
                if (must != null) {
                    mistakes.add(name + ' is ' + shown(e.value) + '; it must be ' + must + '.')
                } else {
                    values.put(name, value(e.value, kind))
                }
            }
        }
        for (e in shape) {
            if (e.value.toString().endsWith('!') && given.get(e.key) == null) {
                mistakes.add(e.key.toString() + ' is missing.')
            }
        }
        return [values: values, mistakes: mistakes]
    }

    /** What a value must be when it is not of its kind; null when it is. */
    @NonCPS
    static String wrong(Object value, String kind) {
        if (kind == 'text') {
            return value instanceof CharSequence ? null : 'a text'
        }
        if (kind == 'texts') {
            def all = value instanceof List ? value : [value]
            for (one in all) {
                if (!(one instanceof CharSequence)) {
                    return 'a text or a list of texts'
                }
            }
            return null
        }
        if (kind == 'whole') {
            return value instanceof Integer || value instanceof Long ? null : 'a whole number'
        }
        if (kind == 'count') {
            return (value instanceof Integer || value instanceof Long) && value > 0 ? null : 'a whole number from 1'
        }
        if (kind == 'flag') {
            return value instanceof Boolean ? null : 'true or false'
        }
        if (kind == 'object') {
            return value instanceof Map || value instanceof CharSequence ? null : 'a map or a text'
        }
        return value instanceof Closure ? null : 'a block'
    }

    @NonCPS
    static Object value(Object value, String kind) {
        if (kind == 'closure') {
            return value
        }
        return kind == 'texts' && !(value instanceof List) ? [value.toString()] : Json.plain(value)
    }

    @NonCPS
    static String nearest(String name, Map shape) {
        String near = null
        for (known in shape.keySet()) {
            String k = known.toString()
            if (k.equalsIgnoreCase(name)) {
                return 'Did you mean ' + k + '?'
            }
            near = near == null && (k.startsWith(name) || name.startsWith(k)) ? k : near
        }
        return near != null ? 'Did you mean ' + near + '?' : 'Known are ' + shape.keySet().join(', ') + '.'
    }

    /** A value as a line of the log can show it. */
    @NonCPS
    static String shown(Object value) {
        if (value instanceof Closure) {
            return 'a block'
        }
        String json = value instanceof Map || value instanceof List ? Json.text([v: value]) : null
        String text = line(json == null ? value.toString() : json.substring(5, json.length() - 1))
        return '"' + (text.length() > 100 ? text.substring(0, 100) + '...' : text) + '"'
    }

    /** A text without what would break out of its line. */
    @NonCPS
    static String line(String text) {
        return text == null ? '' : text.replaceAll('[\\p{Cntrl}]+', ' ').trim()
    }
}
