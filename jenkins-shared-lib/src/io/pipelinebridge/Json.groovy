package io.pipelinebridge

import com.cloudbees.groovy.cps.NonCPS
import groovy.json.JsonOutput
import groovy.json.JsonSlurper

/** JSON as plain maps, lists, texts and numbers, which a build can save. */
class Json implements Serializable {

    /** The object that a text holds; null when it holds none: no JSON, half of it, or something else. */
    @NonCPS
    static Map parse(String text) {
        if (text == null) {
            return null
        }
        try {
            def value = plain(new JsonSlurper().parseText(text))
            return value instanceof Map ? value : null
        } catch (Exception e) {
            return null
        }
    }

    /** An object as text, in ASCII: what is outside is escaped. */
    @NonCPS
    static String text(Map value) {
        return JsonOutput.toJson(plain(value))
    }

    /** A copy without anything that cannot be saved; texts with values in them become texts. */
    @NonCPS
    static Object plain(Object value) {
        if (value instanceof Map) {
            def map = [:]
            for (e in value) {
                map.put(e.key.toString(), plain(e.value))
            }
            return map
        }
        if (value instanceof List) {
            def list = []
            for (e in value) {
                list.add(plain(e))
            }
            return list
        }
        return value instanceof CharSequence ? value.toString() : value
    }
}
