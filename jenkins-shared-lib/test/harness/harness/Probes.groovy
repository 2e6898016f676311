package harness

import org.codehaus.groovy.ast.ClassHelper
import org.codehaus.groovy.ast.ClassNode
import org.codehaus.groovy.ast.CodeVisitorSupport
import org.codehaus.groovy.ast.MethodNode
import org.codehaus.groovy.ast.expr.*
import org.codehaus.groovy.ast.stmt.*
import org.codehaus.groovy.classgen.GeneratorContext
import org.codehaus.groovy.control.CompilePhase
import org.codehaus.groovy.control.SourceUnit
import org.codehaus.groovy.control.customizers.CompilationCustomizer

/**
 * Puts a look between the statements of the library: Jenkins may save the build at each, with all that the program holds
 * there. Methods that its compiler leaves alone are marked instead, so that a step in them is seen.
 */
class Probes extends CompilationCustomizer {
    Probes() {
        super(CompilePhase.CONVERSION)
    }

    @Override
    void call(SourceUnit source, GeneratorContext context, ClassNode type) {
        for (MethodNode method in type.methods) {
            if (!(method.code instanceof BlockStatement)) {
                continue
            }
            if (method.annotations.any { it.classNode.nameWithoutPackage == 'NonCPS' }) {
                Statement work = method.code
                TryCatchStatement marked = new TryCatchStatement(work, statement('left', []))
                method.code = new BlockStatement([statement('entered', []), marked], work.variableScope)
            } else if (!method.static) {
                put(method.code, method.parameters*.name)
            }
        }
    }

    private static Statement statement(String method, List<Expression> arguments) {
        return new ExpressionStatement(new MethodCallExpression(new ClassExpression(ClassHelper.make(Probe)), method, new ArgumentListExpression(arguments)))
    }

    private static void put(Statement code, List<String> outer) {
        if (!(code instanceof BlockStatement)) {
            within(code, outer)
            return
        }
        List<String> names = new ArrayList(outer)
        List<Statement> statements = []
        for (Statement s in code.statements) {
            statements.add(statement('saved', [VariableExpression.THIS_EXPRESSION, new ListExpression(names.collect { new VariableExpression(it) })]))
            statements.add(s)
            within(s, names)
            if (s instanceof ExpressionStatement && s.expression instanceof DeclarationExpression && !s.expression.multipleAssignmentDeclaration) {
                names.add(s.expression.variableExpression.name)
            }
        }
        code.statements.clear()
        code.statements.addAll(statements)
    }

    /** Blocks inside of a statement, and the bodies of closures in its expressions. */
    private static void within(Statement s, List<String> names) {
        if (s instanceof IfStatement) {
            put(s.ifBlock, names)
            put(s.elseBlock, names)
            closures(s.booleanExpression, names)
        } else if (s instanceof ForStatement) {
            List own = s.collectionExpression instanceof ClosureListExpression
                ? s.collectionExpression.expressions.findAll { it instanceof DeclarationExpression }.collect { it.variableExpression.name } : [s.variable.name]
            put(s.loopBlock, names + own)
        } else if (s instanceof WhileStatement) {
            put(s.loopBlock, names)
        } else if (s instanceof TryCatchStatement) {
            put(s.tryStatement, names)
            s.catchStatements.each { put(it.code, names) }
            put(s.finallyStatement, names)
        } else if (s instanceof ExpressionStatement || s instanceof ReturnStatement) {
            closures(s.expression, names)
        } else if (s instanceof BlockStatement) {
            put(s, names)
        }
    }

    private static void closures(Expression expression, List<String> names) {
        expression.visit(new CodeVisitorSupport() {
            @Override
            void visitClosureExpression(ClosureExpression block) {
                put(block.code, names + (block.parameters ? block.parameters*.name : []))
            }
        })
    }
}
