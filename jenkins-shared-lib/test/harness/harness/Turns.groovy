package harness

import java.util.concurrent.ExecutionException
import java.util.concurrent.FutureTask

/**
 * Gives the branches of a build their turns, one at a time, as Jenkins' one thread for a build does. Time is a number
 * that jumps to when something is due; live, it is the real time and is slept through.
 */
class Turns {
    final boolean live
    /** Live, but what is only waited for passes at once. */
    boolean fast
    final ThreadLocal<Task> mine = new ThreadLocal<>()
    List<Task> tasks = []
    long now
    private long skipped
    Long abortAt
    Long killAt
    volatile boolean killed

    Turns(boolean live, long now) {
        this.live = live
        this.now = now
    }

    Task current() {
        return mine.get()
    }

    long time() {
        return live ? realTime() + skipped : now
    }

    /** Waits for work outside of the build, and lets the other branches go on meanwhile. */
    Object outside(Closure work) {
        FutureTask<Object> task = new FutureTask<>({ work.call() })
        Thread thread = new Thread(task)
        thread.daemon = true
        thread.start()
        while (!task.done) {
            pause(time() + 10, true)
        }
        try {
            return task.get()
        } catch (ExecutionException e) {
            throw e.cause
        }
    }

    /** Runs branches to their end, each by its name, and gives what each returned; throws what the first that failed threw. */
    Map run(Map<String, Closure> branches) {
        Task parent = current()
        List<Task> children = branches.collect { name, body ->
            Task child = new Task((parent ? parent.path + '.' : '') + (parent ? parent.branches++ : 0))
            child.scopes = parent ? new ArrayList(parent.scopes) : []
            child.stages = parent ? new ArrayList(parent.stages) : []
            child.limits = parent ? new ArrayList(parent.limits) : []
            Thread thread = new Thread({
                mine.set(child)
                child.turn.acquire()
                try {
                    if (killed) {
                        throw new Killed()
                    }
                    child.result = body.call()
                } catch (Throwable e) {
                    child.failure = e
                }
                child.done = true
                next()
            }, 'branch ' + name)
            thread.daemon = true
            thread.start()
            return child
        }
        tasks.addAll(children)
        if (parent == null) {
            Task root = new Task('root')
            root.joining = true
            tasks.add(root)
            next()
            root.turn.acquire()
        } else {
            parent.joining = true
            next()
            parent.turn.acquire()
            parent.joining = false
            if (killed) {
                throw new Killed()
            }
        }
        tasks.removeAll(children)
        Task failed = children.find { it.failure instanceof Killed } ?: children.find { it.failure }
        if (failed) {
            throw failed.failure
        }
        Map results = [:]
        branches.keySet().eachWithIndex { name, i -> results.put(name, children[i].result) }
        return results
    }

    /** Gives the turn away until a moment; then whatever was thrown at this branch meanwhile is thrown. */
    void pause(long until, boolean real = false) {
        Task task = current()
        task.real = real
        if (killed) {
            throw new Killed()
        }
        task.wakeAt = [until, *task.limits].min()
        next()
        task.turn.acquire()
        if (killed) {
            throw new Killed()
        }
        if (task.interrupted) {
            task.interrupted = false
            throw new FlowInterruptedException('Aborted by user')
        }
        if (task.limits.any { it <= time() && it < until }) {
            throw new FlowInterruptedException('Timeout has been exceeded')
        }
    }

    private synchronized void next() {
        List<Task> open = tasks.findAll { !it.done }
        Task joined = open.find { parent -> parent.joining && !open.any { it.path.startsWith(parent.path == 'root' ? '0' : parent.path + '.') } }
        if (joined) {
            joined.turn.release()
            return
        }
        List<Task> waiting = open.findAll { !it.joining }
        if (killed) {
            waiting.first().turn.release()
            return
        }
        long due = waiting*.wakeAt.min()
        if (abortAt != null && abortAt <= Math.max(due, time())) {
            waiting.each { it.interrupted = true; it.wakeAt = Math.min(it.wakeAt, abortAt) }
            due = abortAt
            abortAt = null
        }
        if (killAt != null && killAt <= Math.max(due, time())) {
            killed = true
            waiting.first().turn.release()
            return
        }
        if (live) {
            if (fast && !waiting.any { it.real } && due > time()) {
                skipped += due - time()
            }
            for (long left = due - time(); left > 0; left = due - time()) {
                Thread.sleep(Math.min(left, 1000))
            }
        } else {
            now = Math.max(now, due)
        }
        // The one that waits longest is first, so that none is left out.
        Task chosen = waiting.findAll { it.wakeAt <= time() }.min { it.wakeAt }
        tasks.remove(chosen)
        tasks.add(chosen)
        chosen.turn.release()
    }

    // By way of Date: the clock of the code under test is this class's own.
    private static long realTime() {
        return new Date().time
    }
}
