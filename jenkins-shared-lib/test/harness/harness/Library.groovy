package harness

import java.lang.annotation.ElementType
import java.lang.annotation.Target

/** Stands for the annotation that loads a library; here there is only the one under test. */
@Target([ElementType.LOCAL_VARIABLE, ElementType.FIELD, ElementType.TYPE, ElementType.PACKAGE, ElementType.PARAMETER, ElementType.METHOD])
@interface Library {
    String[] value() default []
}
