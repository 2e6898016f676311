package harness

/** A part of a declarative pipeline as it was written: the whole, a stage, or a matrix. */
class Section {
    static final List<String> CONDITIONS = ['always', 'changed', 'aborted', 'failure', 'success', 'unstable', 'unsuccessful', 'cleanup']

    String name
    String agent
    Closure environment
    Closure steps
    List<Closure> conditions
    List<Section> stages
    List<Section> parallel
    Section matrix
    Map<String, List> axes = [:]
    Map<String, Closure> post = [:]

    static Section read(Closure body, String name = null) {
        Section section = new Section(name: name)
        Closure words = body.clone()
        words.delegate = new Words(section)
        words.resolveStrategy = Closure.DELEGATE_ONLY
        words.call()
        return section
    }

    static boolean met(String condition, String result) {
        switch (condition) {
            case 'aborted': return result == 'ABORTED'
            case 'failure': return result == 'FAILURE'
            case 'success': return result == 'SUCCESS'
            case 'unstable': return result == 'UNSTABLE'
            case 'unsuccessful': return result != 'SUCCESS'
            case 'changed': return false
            default: return true
        }
    }

    /** Each combination of the axes. */
    List<Map> cells() {
        List<Map> cells = [[:]]
        axes.each { axis, values -> cells = cells.collectMany { Map cell -> values.collect { cell + [(axis): it] } } }
        return cells
    }

    /** The words of the language. */
    static class Words {
        private final Section section

        Words(Section section) {
            this.section = section
        }

        String getAny() { '' }

        String getNone() { 'none' }

        void agent(String which) { section.agent = which }

        void agent(Closure which) {
            Map found = [:]
            Closure words = which.clone()
            words.delegate = new Object() {
                void label(String text) { found.label = text }

                void node(Closure inner) { inner.delegate = this; inner.resolveStrategy = Closure.DELEGATE_FIRST; inner.call() }
            }
            words.resolveStrategy = Closure.DELEGATE_ONLY
            words.call()
            section.agent = found.label
        }

        void environment(Closure body) { section.environment = body }

        void steps(Closure body) { section.steps = body }

        void stages(Closure body) { section.stages = list(body) }

        void parallel(Closure body) { section.parallel = list(body) }

        void matrix(Closure body) { section.matrix = Section.read(body) }

        void axes(Closure body) { body.delegate = this; body.resolveStrategy = Closure.DELEGATE_ONLY; body.call() }

        void axis(Closure body) {
            Map one = [:]
            body.delegate = new Object() {
                void name(String text) { one.name = text }

                void values(Object... all) { one.values = all as List }
            }
            body.resolveStrategy = Closure.DELEGATE_ONLY
            body.call()
            section.axes.put(one.name, one.values)
        }

        void when(Closure body) { section.conditions = Condition.read(body) }

        void post(Closure body) {
            body.delegate = new Object() {
                Object invokeMethod(String name, Object arguments) {
                    if (!Section.CONDITIONS.contains(name)) {
                        throw new IllegalStateException("Invalid condition \"$name\"")
                    }
                    section.post.put(name, arguments[0])
                }
            }
            body.resolveStrategy = Closure.DELEGATE_ONLY
            body.call()
        }

        // They change nothing of what is tested.
        void options(Closure body) { }

        void parameters(Closure body) { }

        void triggers(Closure body) { }

        private static List<Section> list(Closure body) {
            List<Section> stages = []
            body.delegate = new Object() {
                void stage(String name, Closure inner) { stages.add(Section.read(inner, name)) }
            }
            body.resolveStrategy = Closure.DELEGATE_ONLY
            body.call()
            return stages
        }
    }

    /** What stands under when. */
    static class Condition {

        static List<Closure> read(Closure body) {
            List<Closure> found = []
            body.delegate = new Object() {
                void branch(String name) { found.add({ script, build -> build.environment().BRANCH_NAME == name }) }

                void expression(Closure inner) {
                    found.add({ script, build ->
                        inner.delegate = script
                        inner.resolveStrategy = Closure.DELEGATE_FIRST
                        inner.call()
                    })
                }

                void not(Closure inner) {
                    List<Closure> inside = Condition.read(inner)
                    found.add({ script, build -> !holds(inside, script, build) })
                }
            }
            body.resolveStrategy = Closure.DELEGATE_ONLY
            body.call()
            return found
        }

        static boolean holds(List<Closure> conditions, StepScript script, Build build) {
            return conditions.every { it.call(script, build) }
        }
    }
}
