package harness

import groovy.json.JsonOutput
import groovy.json.JsonSlurper

/**
 * What the steps of a build gave, in order. A build that is started with the record of an earlier process runs its
 * program from the start, gets from each step what it gave then, and does nothing again until it is where that one was.
 */
class Record {
    final File file
    /** The build's own: job, number, start. */
    Map about
    List<Map> ends = []
    Map<String, Map> begun = [:]
    int at = 0

    Record(File file = null) {
        this.file = file
        if (file?.exists()) {
            // The last line of a killed process may be half.
            file.readLines('UTF-8').each { line ->
                try {
                    keep(new JsonSlurper().parseText(line))
                } catch (groovy.json.JsonException ignored) {
                }
            }
        }
    }

    boolean isReplaying() {
        return at < ends.size()
    }

    /** The next thing that happened, when it happened to this branch. */
    Map next(String path) {
        return replaying && ends[at].path == path ? ends[at] : null
    }

    Map take() {
        return ends[at++]
    }

    Map begin(String path, int n) {
        return begun.get(path + '#' + n)
    }

    void add(Map entry) {
        if (file != null) {
            file.append(JsonOutput.toJson(entry) + '\n', 'UTF-8')
        }
        keep(entry)
        if (!entry.begins && !entry.about) {
            at = ends.size()
        }
    }

    String text() {
        return ends.collect { JsonOutput.toJson(it) }.join('\n') + begun.values().collect { JsonOutput.toJson(it) }.join('\n')
    }

    void about(Map values) {
        add([about: values])
    }

    private void keep(Map entry) {
        if (entry.about) {
            about = entry.about
        } else if (entry.begins) {
            begun.put(entry.path + '#' + entry.n, entry)
        } else {
            ends.add(entry)
        }
    }
}
