package harness

/** What a step throws when it failed and the log has said all (hudson.AbortException). */
class AbortException extends IOException {
    AbortException(String message) {
        super(message)
    }
}
