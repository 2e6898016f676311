package harness

import com.cloudbees.groovy.cps.NonCPS
import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.control.customizers.ImportCustomizer

/** Compiles the library and Jenkinsfiles as Jenkins does: vars and Jenkinsfiles are scripts whose unknown names are steps. */
class Code {
    final File library
    private final GroovyClassLoader loader
    private final Map<String, Class> vars = [:]
    private int scripts = 0

    Code(File library) {
        this.library = library
        CompilerConfiguration configuration = new CompilerConfiguration()
        configuration.scriptBaseClass = StepScript.name
        configuration.sourceEncoding = 'UTF-8'
        configuration.addCompilationCustomizers(new ImportCustomizer().addImports(NonCPS.name, Library.name))
        loader = new GroovyClassLoader(Code.classLoader, configuration)
        loader.addClasspath(new File(library, 'src').path)
        loader.addClasspath(new File(library, 'vars').path)
        new File(library, 'vars').eachFileMatch(~/.*\.groovy/) { vars.put(it.name - '.groovy', null) }
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
        return loader.parseClass(text, 'WorkflowScript' + (scripts++) + '.groovy').newInstance()
    }

    String resource(String path) {
        return new File(library, 'resources/' + path).getText('UTF-8')
    }
}
