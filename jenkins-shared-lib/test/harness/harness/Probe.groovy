package harness

/** What the compiled library tells while it runs. */
class Probe {

    static void entered() {
        Task task = Build.current?.turns?.current()
        if (task) {
            task.plain++
        }
    }

    static void left() {
        Task task = Build.current?.turns?.current()
        if (task) {
            task.plain--
        }
    }

    /** Saves what the program holds at this place, reads it back, and looks for secrets in it. */
    static void saved(Object self, List locals) {
        Build build = Build.current
        if (build == null || build.live) {
            return
        }
        if (build.turns.current()?.plain > 0) {
            build.violations.add("a @NonCPS method calls ${self.class.simpleName}, and would end there".toString())
        }
        List held = [self instanceof StepScript ? null : self, locals]
        ByteArrayOutputStream bytes = new ByteArrayOutputStream()
        try {
            new Writer(bytes).withStream { it.writeObject(held) }
            new Reader(new ByteArrayInputStream(bytes.toByteArray()), build.code.jenkinsfiles).readObject()
        } catch (NotSerializableException e) {
            build.violations.add("${self.class.simpleName} holds a ${e.message} that cannot be saved".toString())
        }
        String text = new String(bytes.toByteArray(), 'ISO-8859-1')
        build.secrets().each { secret ->
            if (text.contains(secret)) {
                build.violations.add("${self.class.simpleName} holds a secret while the build may be saved".toString())
            }
        }
    }

    /** The scripts themselves are Jenkins' own to save. */
    private static class Writer extends ObjectOutputStream {
        Writer(OutputStream out) {
            super(out)
            enableReplaceObject(true)
        }

        @Override
        protected Object replaceObject(Object value) {
            return value instanceof StepScript || value instanceof EnvAction || value instanceof CurrentBuild ? 'a script' : value
        }
    }

    private static class Reader extends ObjectInputStream {
        private final ClassLoader loader

        Reader(InputStream bytes, ClassLoader loader) {
            super(bytes)
            this.loader = loader
        }

        @Override
        protected Class<?> resolveClass(ObjectStreamClass type) {
            try {
                return loader.loadClass(type.name)
            } catch (ClassNotFoundException e) {
                return super.resolveClass(type)
            }
        }
    }
}
