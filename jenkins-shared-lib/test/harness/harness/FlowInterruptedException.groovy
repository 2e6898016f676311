package harness

/** What an abort and a timeout throw into the step that runs (workflow-step-api). */
class FlowInterruptedException extends InterruptedException {
    FlowInterruptedException(String message) {
        super(message)
    }
}
