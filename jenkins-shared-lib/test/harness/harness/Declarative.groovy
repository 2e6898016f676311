package harness

/** The block pipeline { }, as far as the library's users write it (pipeline-model-definition). */
class Declarative {
    private final StepScript script
    private final Build build

    Declarative(StepScript script, Build build) {
        this.script = script
        this.build = build
    }

    static boolean isWord(String name, Object[] arguments) {
        return name == 'pipeline' && arguments.length == 1 && arguments[0] instanceof Closure
    }

    Object run(Closure body) {
        Section all = Section.read(body)
        if (all.agent == null) {
            throw new IllegalStateException('Missing required section "agent"')
        }
        surrounded(all) { all.stages.each { stage(it) } }
        return null
    }

    private void stage(Section stage) {
        steps('stage', [stage.name]) {
            if (stage.conditions != null && !Section.Condition.holds(stage.conditions, script, build)) {
                build.say("Stage \"${stage.name}\" skipped due to when conditional")
                return
            }
            surrounded(stage) {
                if (stage.parallel) {
                    build.turns.run(stage.parallel.collectEntries { Section s -> [(s.name): { -> this.stage(s) }] })
                } else if (stage.matrix) {
                    build.turns.run(stage.matrix.cells().collectEntries { Map cell -> [(cell.collect { k, v -> "$k = '$v'" }.join(', ')): { -> this.cell(stage.matrix, cell) }] })
                } else if (stage.stages) {
                    stage.stages.each { this.stage(it) }
                } else {
                    inScript(stage.steps)
                }
            }
        }
    }

    private void cell(Section matrix, Map cell) {
        scoped(cell) { surrounded(matrix) { matrix.stages.each { this.stage(it) } } }
    }

    /** Agent, variables, and what is done afterwards. */
    private void surrounded(Section section, Closure work) {
        Closure inside = {
            scoped(variables(section)) {
                Throwable failed = null
                try {
                    work.call()
                } catch (Killed e) {
                    throw e
                } catch (Exception | NoSuchMethodError e) {
                    failed = e
                    build.worse(e instanceof InterruptedException ? 'ABORTED' : 'FAILURE')
                }
                Section.CONDITIONS.each { name ->
                    if (section.post[name] && Section.met(name, build.result)) {
                        inScript(section.post[name])
                    }
                }
                if (failed) {
                    throw failed
                }
            }
        }
        if (section.agent in [null, 'none']) {
            inside.call()
        } else {
            steps('node', [section.agent]) { inside.call() }
        }
    }

    private Map variables(Section section) {
        if (section.environment == null) {
            return [:]
        }
        Map values = [:]
        Closure read = section.environment.clone()
        read.delegate = new Variables(values, script)
        read.resolveStrategy = Closure.DELEGATE_FIRST
        read.call()
        return values
    }

    private void scoped(Map values, Closure work) {
        Task task = build.turns.current()
        List before = task.scopes
        task.scopes = before + [values]
        try {
            work.call()
        } finally {
            task.scopes = before
        }
    }

    private void steps(String name, List arguments, Closure body) {
        new Steps(script, build).call(name, arguments + [body])
    }

    private void inScript(Closure body) {
        Closure steps = body.clone()
        steps.delegate = script
        steps.resolveStrategy = Closure.DELEGATE_FIRST
        steps.call()
    }

    /** What stands in a block environment: each assignment is a variable, and sees those before it. */
    private static class Variables extends GroovyObjectSupport {
        private final Map all
        private final StepScript outer

        Variables(Map all, StepScript outer) {
            this.@all = all
            this.@outer = outer
        }

        @Override
        void setProperty(String name, Object value) { this.@all.put(name, value.toString()) }

        @Override
        Object getProperty(String name) { this.@all.containsKey(name) ? this.@all.get(name) : this.@outer.getProperty(name) }
    }
}
