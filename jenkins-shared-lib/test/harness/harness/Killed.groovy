package harness

/** The controller's process is gone: no code of the build sees this, nothing runs after it. */
class Killed extends ThreadDeath {
}
