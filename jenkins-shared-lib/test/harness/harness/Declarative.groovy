package harness

class Declarative {
    static boolean isWord(String name, Object[] arguments) {
        return name == 'pipeline' && arguments.length == 1 && arguments[0] instanceof Closure
    }
    Declarative(StepScript script, Build build) { }
    Object run(Closure body) { null }
}
