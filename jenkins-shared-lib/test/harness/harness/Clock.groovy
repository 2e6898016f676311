package harness

/** The clock of the code under test: the time of the build that runs. */
class Clock {
    static void take() {
        System.metaClass.static.currentTimeMillis = { -> Build.current ? Build.current.time() : new Date().time }
    }
}
