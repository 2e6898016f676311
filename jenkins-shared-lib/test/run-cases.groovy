// Runs the cases of test/cases and prints for each "ok NAME" or "failed NAME", the latter with what was wrong below, indented.
// usage: run-cases [FILE ...]
import harness.*
import org.codehaus.groovy.control.CompilerConfiguration

File library = new File(System.getProperty('library'))
Clock.take()
CompilerConfiguration configuration = new CompilerConfiguration()
configuration.scriptBaseClass = Cases.name
configuration.sourceEncoding = 'UTF-8'
GroovyShell shell = new GroovyShell(getClass().classLoader, new Binding(), configuration)
Code code = new Code(library)
PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, 'UTF-8')
boolean failed = false
List<File> files = args.length > 0 ? args.collect { new File(it) } : new File(library, 'test/cases').listFiles().findAll { it.name.endsWith('.groovy') }.sort { it.name }
for (File file in files) {
    Cases cases = shell.parse(file)
    cases.use(code)
    cases.run()
    for (List one in cases.cases) {
        cases.begin()
        try {
            one[1].call()
            out.println('ok ' + one[0])
        } catch (Throwable e) {
            failed = true
            out.println('failed ' + one[0])
            StringWriter text = new StringWriter()
            org.codehaus.groovy.runtime.StackTraceUtils.sanitize(e).printStackTrace(new PrintWriter(text))
            text.toString().readLines().findAll { !it.contains('jdk.internal') }.collect { it.take(1500) }.take(30).each { out.println('  ' + it) }
            for (Build build in cases.all().reverse().take(1)) {
                out.println('  the log of a build:')
                build.log.each { out.println('  | ' + it) }
                if (build.failure && !(build.failure instanceof AbortException)) {
                    text = new StringWriter()
                    org.codehaus.groovy.runtime.StackTraceUtils.sanitize(build.failure).printStackTrace(new PrintWriter(text))
                    text.toString().readLines().findAll { !it.contains('jdk.internal') }.take(15).each { out.println('  ! ' + it) }
                }
            }
        }
    }
}
System.exit(failed ? 1 : 0)
