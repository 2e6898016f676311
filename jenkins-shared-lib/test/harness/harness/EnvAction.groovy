package harness

/** The object env: reading sees what withEnv put over the build's variables, writing sets the build's (workflow-cps, EnvActionImpl). */
class EnvAction extends GroovyObjectSupport {
    private final Build build

    EnvAction(Build build) {
        this.build = build
    }

    @Override
    Object getProperty(String name) {
        return build.environment()[name]
    }

    @Override
    void setProperty(String name, Object value) {
        // An empty value takes the variable away (hudson.EnvVars).
        build.overrides.put(name, String.valueOf(value))
    }
}
