package harness

import com.cloudbees.groovy.cps.NonCPS
import org.codehaus.groovy.ast.ClassNode
import org.codehaus.groovy.ast.CodeVisitorSupport
import org.codehaus.groovy.ast.expr.ConstantExpression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.classgen.GeneratorContext
import org.codehaus.groovy.control.CompilePhase
import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.control.SourceUnit
import org.codehaus.groovy.control.customizers.CompilationCustomizer
import org.codehaus.groovy.control.customizers.ImportCustomizer

/** Compiles the library and Jenkinsfiles as Jenkins does: vars and Jenkinsfiles are scripts whose unknown names are steps. */
class Code {
    final File library
    final Rules rules = new Rules()
    /** For the library: judged and watched. Jenkinsfiles of tests are neither. */
    final GroovyClassLoader loader
    final GroovyClassLoader jenkinsfiles
    private final Map<String, Class> vars = [:]
    private int scripts = 0

    Code(File library) {
        this.library = library
        loader = new GroovyClassLoader(Code.classLoader, configuration(rules, new Probes()))
        loader.addClasspath(new File(library, 'src').path)
        loader.addClasspath(new File(library, 'vars').path)
        jenkinsfiles = new GroovyClassLoader(loader, configuration(new GroovysOwnNames()))
        new File(library, 'vars').eachFileMatch(~/.*\.groovy/) { vars.put(it.name - '.groovy', null) }
    }

    private static CompilerConfiguration configuration(CompilationCustomizer... more) {
        CompilerConfiguration configuration = new CompilerConfiguration()
        configuration.scriptBaseClass = StepScript.name
        // A controller may have no other: what is outside of ASCII is escaped in the source.
        configuration.sourceEncoding = 'US-ASCII'
        configuration.addCompilationCustomizers(new ImportCustomizer().addImports(NonCPS.name, Library.name))
        configuration.addCompilationCustomizers(more)
        return configuration
    }

    /** Compiles all of the library; what the rules find in it is in rules. */
    void compileAll() {
        vars.keySet().each { var(it) }
        new File(library, 'src').eachFileRecurse { if (it.name.endsWith('.groovy')) loader.loadClass(it.path.substring(new File(library, 'src').path.length() + 1).replace('/', '.') - '.groovy') }
    }

    /** Compiles a source as if it were of the library, and gives what the rules find in it. */
    List<String> judged(String source) {
        int before = rules.all().size()
        loader.parseClass(source, 'Judged' + (scripts++) + '.groovy')
        return rules.all().drop(before)
    }

    /** A source as if it were of the library, made. */
    Object watched(String source) {
        return loader.parseClass(source, 'Watched' + (scripts++) + '.groovy').newInstance()
    }

    boolean isVar(String name) {
        return vars.containsKey(name)
    }

    StepScript var(String name) {
        if (vars[name] == null) {
            vars[name] = loader.loadClass(name)
        }
        return vars[name].newInstance()
    }

    StepScript jenkinsfile(String text) {
        return jenkinsfiles.parseClass(text, 'WorkflowScript' + (scripts++) + '.groovy').newInstance()
    }

    String resource(String path) {
        return new File(library, 'resources/' + path).getText('UTF-8')
    }

    /** In a block, Groovy's own sleep of every object comes before the script's; in Jenkins it is the step. */
    private static class GroovysOwnNames extends CompilationCustomizer {
        GroovysOwnNames() {
            super(CompilePhase.CONVERSION)
        }

        @Override
        void call(SourceUnit source, GeneratorContext context, ClassNode type) {
            type.methods.each { method ->
                method.code?.visit(new CodeVisitorSupport() {
                    @Override
                    void visitMethodCallExpression(MethodCallExpression call) {
                        if (call.implicitThis && call.methodAsString == 'sleep') {
                            call.method = new ConstantExpression('sleepStep')
                        }
                        super.visitMethodCallExpression(call)
                    }
                })
            }
        }
    }
}
