package harness

import java.util.concurrent.Semaphore

/** One branch of a build: a thread that runs only while it has its turn. */
class Task {
    /** Names the branch by how it was started, the same in each run of the same build. */
    final String path
    final Semaphore turn = new Semaphore(0)
    /** The variables that withEnv, node and withCredentials put over the build's own, outermost first. */
    List<Map> scopes = []
    /** When the blocks of timeout around the present step end. */
    List<Long> limits = []
    /** The stages around the present step. */
    List<String> stages = []
    /** How many steps it has begun, and how many branches. */
    int steps = 0
    int branches = 0
    /** When it goes on; for one that waits for its branches: never. */
    long wakeAt = 0
    /** Whether it waits for something outside, which takes its own time. */
    boolean real = false
    boolean joining = false
    boolean done = false
    boolean interrupted = false
    Throwable failure
    Object result
    /** How deep it is in methods that Jenkins' compiler leaves alone. */
    int plain = 0

    Task(String path) {
        this.path = path
    }
}
