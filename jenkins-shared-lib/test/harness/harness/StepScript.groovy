package harness

/** A script of a build. A name that it does not know is a var of the library, else a step (workflow-cps, CpsScript). */
abstract class StepScript extends Script {
    /** Each script has its own instance of a var (UserDefinedGlobalVariable). */
    private final Map<String, StepScript> vars = [:]

    Object methodMissing(String name, Object arguments) {
        Object[] all = arguments as Object[]
        if (Build.current.code.isVar(name)) {
            return var(name).invokeMethod('call', all)
        }
        if (Declarative.isWord(name, all)) {
            return new Declarative(this, Build.current).run(all[0])
        }
        return new Steps(this, Build.current).call(name, Steps.flat(all as List))
    }

    Object propertyMissing(String name) {
        if (name == 'env') {
            return new EnvAction(Build.current)
        }
        if (name == 'currentBuild') {
            return new CurrentBuild(Build.current)
        }
        if (name == 'params') {
            return Build.current.params
        }
        if (name == 'scm') {
            return 'scm'
        }
        if (Build.current.code.isVar(name)) {
            return var(name)
        }
        String variable = Build.current.environment()[name]
        if (variable != null) {
            return variable
        }
        throw new MissingPropertyException(name, getClass())
    }

    // Groovy has methods of these names for every object; a script's are the steps.
    Object sleepStep(Object amount) { methodMissing('sleep', [amount] as Object[]) }

    Object sleep(Map named) { methodMissing('sleep', [named] as Object[]) }

    void println(Object text) { methodMissing('echo', [String.valueOf(text)] as Object[]) }

    private StepScript var(String name) {
        if (vars[name] == null) {
            vars[name] = Build.current.code.var(name)
        }
        return vars[name]
    }
}
