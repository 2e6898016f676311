package harness

import org.codehaus.groovy.ast.ClassCodeVisitorSupport
import org.codehaus.groovy.ast.ClassNode
import org.codehaus.groovy.ast.CodeVisitorSupport
import org.codehaus.groovy.ast.ConstructorNode
import org.codehaus.groovy.ast.FieldNode
import org.codehaus.groovy.ast.MethodNode
import org.codehaus.groovy.ast.expr.*
import org.codehaus.groovy.ast.stmt.*
import org.codehaus.groovy.classgen.GeneratorContext
import org.codehaus.groovy.control.CompilePhase
import org.codehaus.groovy.control.SourceUnit
import org.codehaus.groovy.control.customizers.CompilationCustomizer

/**
 * What Jenkins' compiler and its sandbox do not do right with Groovy that is right elsewhere. Found in the source, since
 * most of it shows at run time as a wrong result or as code that is silently left out.
 */
class Rules extends CompilationCustomizer {
    /** What the sandbox lets be made, besides the library's own classes. */
    static final List<String> MADE = ['JsonSlurper']
    /** What the sandbox lets be called by the name of a class, besides the library's own. */
    static final List<String> STATIC = ['System.currentTimeMillis', 'JsonOutput.toJson', 'URLEncoder.encode', 'Integer.parseInt']
    static final List<String> CASTS = ['int', 'long', 'double', 'String']
    /** Methods of values that the library uses; each stands in script-security's generic-whitelist. */
    static final List<String> METHODS = ['add', 'charAt', 'contains', 'containsKey', 'endsWith', 'entrySet', 'equalsIgnoreCase', 'get', 'hashCode', 'indexOf', 'intdiv', 'isEmpty',
        'join', 'keySet', 'length', 'lastIndexOf', 'matches', 'parseText', 'put', 'putAll', 'replace', 'replaceAll', 'size', 'split', 'startsWith', 'substring', 'toLowerCase',
        'toString', 'toUpperCase', 'trim', 'getMessage', 'getItems', 'getCommitId', 'getMsg', 'getAuthor', 'getFullName', 'each', 'collect']
    static final List<String> NOT_ALLOWED_PROPERTIES = ['class', 'metaClass', 'delegate', 'resolveStrategy', 'rawBuild']

    final List<String> found = []
    /** Names of methods that Jenkins' compiler transforms, and calls of methods from those that it leaves alone. */
    final Set<String> transformed = []
    final Set<String> plain = []
    final List<List<String>> callsFromPlain = []
    final Set<String> own = []

    Rules() {
        super(CompilePhase.CONVERSION)
    }

    @Override
    void call(SourceUnit source, GeneratorContext context, ClassNode type) {
        String file = new File(source.name).name
        boolean script = type.script
        if (!script) {
            own.add(type.nameWithoutPackage)
            if (!type.interfaces.any { it.nameWithoutPackage == 'Serializable' }) {
                tell(file, type.lineNumber, "the class ${type.nameWithoutPackage} is not Serializable: a build that holds one cannot be saved")
            }
        }
        if (type.enum) {
            tell(file, type.lineNumber, 'an enum is refused by the sandbox, or not found again after a restart; use texts')
        }
        for (FieldNode field in type.fields + type.properties*.field) {
            if (field.static && !field.final && !field.name.contains('$')) {
                tell(file, field.lineNumber, "the static field ${field.name} is lost at a restart of Jenkins")
            }
        }
        for (ConstructorNode constructor in (script ? [] : type.declaredConstructors)) {
            constructor.code?.visit(new Calls({ tell(file, it, 'a constructor that calls: Jenkins runs it without its compiler; it may only assign') }))
        }
        for (MethodNode method in type.methods) {
            boolean isPlain = method.annotations.any { it.classNode.nameWithoutPackage == 'NonCPS' }
            (isPlain ? plain : transformed).add(method.name)
            if (method.name == 'toString' && !isPlain) {
                tell(file, method.lineNumber, 'toString must be @NonCPS: Groovy calls it from its own code')
            }
            Walk walk = new Walk(this, file, isPlain)
            method.code?.visit(walk)
        }
    }

    void tell(String file, int line, Object text) {
        found.add("$file:$line: $text".toString())
    }

    /** All that was found, once everything is compiled. */
    List<String> all() {
        return found + callsFromPlain.findAll { transformed.contains(it[1]) && !plain.contains(it[1]) }.collect { it[0] + ' calls ' + it[1] + ' in a @NonCPS method, which ends there' }
    }

    /** Finds calls. */
    static class Calls extends CodeVisitorSupport {
        final Closure found

        Calls(Closure found) {
            this.found = found
        }

        @Override
        void visitMethodCallExpression(MethodCallExpression call) {
            found(call.lineNumber)
        }
    }

    static class Walk extends ClassCodeVisitorSupport {
        final Rules rules
        final String file
        final boolean plain
        List<String> loops = []

        Walk(Rules rules, String file, boolean plain) {
            this.rules = rules
            this.file = file
            this.plain = plain
        }

        @Override
        protected SourceUnit getSourceUnit() { null }

        private void tell(Object node, Object text) {
            rules.tell(file, node.lineNumber, text)
        }

        @Override
        void visitMethodCallExpression(MethodCallExpression call) {
            super.visitMethodCallExpression(call)
            String name = call.methodAsString
            String on = call.objectExpression.text
            boolean block = call.arguments instanceof TupleExpression && call.arguments.expressions.any { it instanceof ClosureExpression }
            if (call.spreadSafe) {
                tell(call, '*. does not compile under Jenkins; use collect')
            }
            if (!plain && block && name in ['sort', 'toSorted', 'unique', 'min', 'max', 'sum', 'groupBy']) {
                tell(call, "$name with a block gives a wrong result outside of @NonCPS")
            }
            if (plain && on == 'script') {
                tell(call, "the step $name is called in a @NonCPS method, which ends there")
            }
            if (name in ['subList', 'withDefault', 'asImmutable', 'respondsTo', 'hasProperty', 'getClass', 'invokeMethod', 'evaluate', 'execute']) {
                tell(call, "$name is refused by the sandbox, or its result cannot be saved")
            } else if (name == 'min' || name == 'max' || (name == 'sort' && plain && !block && call.arguments.expressions)) {
                tell(call, "$name is refused by the sandbox")
            }
            if (call.implicitThis || on == 'this') {
                if (plain) {
                    rules.callsFromPlain.add([file + ':' + call.lineNumber + ':', name])
                }
            } else if (on == 'JsonOutput' && file != 'Json.groovy') {
                tell(call, 'JsonOutput.toJson of a list or of anything else than a map is refused by the sandbox; use Json.text')
            } else if (on ==~ /[A-Z]\w*[a-z]\w*/) {
                if (!new File(System.getProperty('library'), "src/io/pipelinebridge/${on}.groovy").exists() && !rules.STATIC.contains(on + '.' + name)) {
                    tell(call, "$on.$name is refused by the sandbox")
                }
                if (plain) {
                    rules.callsFromPlain.add([file + ':' + call.lineNumber + ':', name])
                }
            } else if (on != 'script' && !rules.METHODS.contains(name) && !rules.transformed.contains(name) && !isOwn(name)) {
                tell(call, ".$name is not among the methods that are known to pass the sandbox")
            }
        }

        // A method of the library's own may be declared in a file that comes later.
        private static boolean isOwn(String name) {
            return new File(System.getProperty('library'), 'src/io/pipelinebridge').listFiles().any { it.text =~ /(?m)^    (?:static )?[\w<>]+ $name\(/ }
        }

        @Override
        void visitConstructorCallExpression(ConstructorCallExpression made) {
            super.visitConstructorCallExpression(made)
            String name = made.type.nameWithoutPackage
            if (!rules.MADE.contains(name) && !new File(System.getProperty('library'), "src/io/pipelinebridge/${name}.groovy").exists()) {
                tell(made, "new $name is refused by the sandbox")
            }
        }

        @Override
        void visitCastExpression(CastExpression cast) {
            super.visitCastExpression(cast)
            if (!rules.CASTS.contains(cast.type.nameWithoutPackage)) {
                tell(cast, "as ${cast.type.nameWithoutPackage} is refused by the sandbox")
            }
        }

        @Override
        void visitPropertyExpression(PropertyExpression property) {
            super.visitPropertyExpression(property)
            if (NOT_ALLOWED_PROPERTIES.contains(property.propertyAsString)) {
                tell(property, ".${property.propertyAsString} is refused by the sandbox, or changes who gets a call")
            }
        }

        @Override
        void visitDeclarationExpression(DeclarationExpression made) {
            super.visitDeclarationExpression(made)
            if (made.annotations.any { it.classNode.nameWithoutPackage == 'Field' }) {
                tell(made, "the @Field ${made.leftExpression.text} is another one for each script that calls; keep it in a variable of the build")
            }
        }

        @Override
        void visitBinaryExpression(BinaryExpression two) {
            super.visitBinaryExpression(two)
            if (!plain && two.operation.text == '=~') {
                tell(two, 'a Matcher cannot be saved; use it in a @NonCPS method')
            }
            if (two.operation.text == '=' && two.leftExpression instanceof BinaryExpression && two.leftExpression.operation.text == '[' && two.leftExpression.leftExpression.text ==~ /(script\.)?env/) {
                tell(two, 'env[name] = is refused by the sandbox; use env."$name" =')
            }
        }

        @Override
        void visitMapEntryExpression(MapEntryExpression entry) {
            super.visitMapEntryExpression(entry)
            if (entry.keyExpression instanceof GStringExpression) {
                tell(entry, 'a text with values in it is no key of a map that is found again; use .toString()')
            }
        }

        @Override
        void visitForLoop(ForStatement loop) {
            boolean counts = loop.collectionExpression instanceof ClosureListExpression
            if (!plain && !counts && !(loop.collectionExpression.text ==~ /.*\.entrySet\(\)/)) {
                tell(loop, 'for (x in y) outside of @NonCPS: over a map or a range its place cannot be saved; count, or use each')
            }
            if (counts) {
                loops.addAll(loop.collectionExpression.expressions.findAll { it instanceof DeclarationExpression }.collect { it.variableExpression.name })
            }
            super.visitForLoop(loop)
            if (counts) {
                loops = loops.init()
            }
        }

        @Override
        void visitClosureExpression(ClosureExpression block) {
            List outer = loops
            if (!plain && loops) {
                block.code.visit(new CodeVisitorSupport() {
                    @Override
                    void visitVariableExpression(VariableExpression variable) {
                        if (outer.contains(variable.name)) {
                            rules.tell(file, variable.lineNumber, "a block that uses the counter ${variable.name} sees its last value; copy it inside of the loop")
                        }
                    }
                })
            }
            super.visitClosureExpression(block)
        }

        @Override
        void visitTryCatchFinally(TryCatchStatement attempt) {
            super.visitTryCatchFinally(attempt)
            boolean passes = false
            for (CatchStatement caught in attempt.catchStatements) {
                String type = caught.exceptionType.nameWithoutPackage
                if (type in ['InterruptedException', 'FlowInterruptedException']) {
                    passes = true
                } else if (!plain && !passes && type in ['Exception', 'Throwable', 'Object']) {
                    tell(caught, "catch ($type) swallows an abort; let InterruptedException pass before")
                }
            }
        }
    }
}
