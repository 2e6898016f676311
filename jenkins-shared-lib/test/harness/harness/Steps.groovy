package harness

/** The steps, each with the arguments, the log and the failures of the plugin that it comes from. */
class Steps {
    private final StepScript script
    private final Build build

    Steps(StepScript script, Build build) {
        this.script = script
        this.build = build
    }

    /** Arguments as a step gets them: texts with values in them are texts (workflow-cps, DSL). */
    static Object flat(Object value) {
        if (value instanceof Map) {
            return value.collectEntries { k, v -> [(k): flat(v)] }
        }
        if (value instanceof List) {
            return value.collect { flat(it) }
        }
        return value instanceof GString ? value.toString() : value
    }

    Object call(String name, List arguments) {
        Closure body = arguments && arguments.last() instanceof Closure ? arguments.last() : null
        List rest = body ? arguments.init() : arguments
        if (build.missingPlugins.contains(name) || !metaClass.respondsTo(this, 'step_' + name)) {
            throw new NoSuchMethodError("No such DSL method '$name' found among steps [echo, error, httpRequest, withCredentials]")
        }
        build.check(name, rest)
        Map named = rest && rest[0] instanceof Map ? rest[0] : rest ? [(''): rest[0]] : [:]
        return body ? invokeMethod('step_' + name, [named, body] as Object[]) : invokeMethod('step_' + name, [named] as Object[])
    }

    private Object instant(String name, Closure work) {
        return build.leaf(name, [:], true, work)
    }

    private Object scoped(Map scope, Closure body) {
        Task task = build.turns.current()
        List before = task.scopes
        task.scopes = before + [scope]
        try {
            return body.call()
        } finally {
            task.scopes = before
        }
    }

    private String node(String step) {
        String node = build.environment().NODE_NAME
        if (!node) {
            throw new AbortException("Required context class hudson.FilePath is missing. Perhaps you forgot to surround the $step step with a step that provides this, such as: node")
        }
        return node
    }

    /** At a step, also one that is over at once, another branch may go on. */
    def step_echo(Map a) {
        instant('echo') { build.say(String.valueOf(a.message ?: a[''])); null }
        if (!build.live && !build.record.replaying) {
            build.turns.pause(build.turns.time())
        }
        return null
    }

    def step_error(Map a) { throw new AbortException(String.valueOf(a.message ?: a[''])) }

    def step_sleep(Map a) {
        long amount = (a.time ?: a['']) as long
        long length = a.unit == 'MILLISECONDS' ? amount : a.unit == 'MINUTES' ? amount * 60000 : amount * 1000
        build.leaf('sleep', [resume: { long begun -> build.turns.pause(begun + length); null }], false) {
            build.say('Sleeping for ' + length / 1000 + ' sec')
            build.turns.pause(build.turns.time() + length)
            null
        }
    }

    def step_httpRequest(Map a) {
        Map answer = build.leaf('httpRequest', [:], false) { Http.request(build, a) }
        return new HttpResponse(answer)
    }

    def step_string(Map a) { a + ['$class': 'StringBinding'] }

    def step_usernamePassword(Map a) { a + ['$class': 'UsernamePasswordMultiBinding'] }

    def step_withCredentials(Map a, Closure body) {
        Map scope = [:]
        (a.bindings ?: a['']).each { binding ->
            Map known = build.credentials[binding.credentialsId]
            if (known == null) {
                throw new AbortException("Could not find credentials entry with ID '${binding.credentialsId}'")
            }
            if (known.kind != 'string') {
                throw new AbortException("Credentials '${binding.credentialsId}' is of type 'Username with password' where 'org.jenkinsci.plugins.plaincredentials.StringCredentials' was expected")
            }
            scope.put(binding.variable, known.value)
        }
        return this.scoped(scope, body)
    }

    def step_withEnv(Map a, Closure body) {
        Map scope = [:]
        (a.overrides ?: a['']).each { String text ->
            int at = text.indexOf('=')
            // hudson.EnvVars: what follows $ and is the name of a variable is put in.
            String value = text.substring(at + 1).replaceAll(/\$(?:\{(\w+)\}|(\w+)|\$)/) { all -> all[0] == '$$' ? '$' : (build.environment()[all[1] ?: all[2]] ?: all[0]) }
            scope.put(text.substring(0, at), value)
        }
        return this.scoped(scope, body)
    }

    def step_node(Map a, Closure body) {
        String name = a[''] ?: a.label ?: 'linux'
        build.say("Running on $name")
        return this.scoped([NODE_NAME: name, WORKSPACE: build.workspace?.path ?: '/workspace'], body)
    }

    def step_dir(Map a, Closure body) { this.scoped([PWD: a[''] ?: a.path], body) }

    def step_stage(Map a, Closure body) {
        Task task = build.turns.current()
        String name = a[''] ?: a.name
        build.say("[Pipeline] { ($name)")
        task.stages = task.stages + [name]
        try {
            return this.scoped([STAGE_NAME: name], body)
        } catch (Exception e) {
            build.stageResults.put(name, e instanceof InterruptedException ? 'ABORTED' : 'FAILURE')
            throw e
        } finally {
            task.stages = task.stages.init()
        }
    }

    def step_retry(Map a, Closure body) {
        int count = (a[''] ?: a.count) as int
        for (int i = 1; ; i++) {
            try {
                return body.call()
            } catch (InterruptedException e) {
                throw e
            } catch (Exception e) {
                if (i >= count) {
                    throw e
                }
                build.say('ERROR: ' + e.message)
                build.say('Retrying')
            }
        }
    }

    def step_timeout(Map a, Closure body) {
        long amount = (a.time ?: a['']) as long
        long length = a.unit == 'SECONDS' ? amount * 1000 : amount * 60000
        Task task = build.turns.current()
        List before = task.limits
        task.limits = before + [(build.time()) + length]
        try {
            return body.call()
        } finally {
            task.limits = before
        }
    }

    /** workflow-basic-steps, WaitForConditionStep: the pause grows by a fifth up to 15 s. */
    def step_waitUntil(Map a, Closure body) {
        long pause = (a.initialRecurrencePeriod ?: 250) as long
        while (!body.call()) {
            if (!a.quiet) {
                build.say("Will try again after ${pause / 1000} sec")
            }
            // After a restart it polls at once.
            build.leaf('waitUntil', [resume: { long begun -> null }], false) {
                build.turns.pause(build.turns.time() + pause)
                null
            }
            pause = Math.min((pause * 1.2) as long, 15000L)
        }
        return null
    }

    def step_catchError(Map a, Closure body = null) {
        try {
            body.call()
        } catch (FlowInterruptedException e) {
            if (a.catchInterruptions == false) {
                throw e
            }
            build.worse('ABORTED')
        } catch (Exception e) {
            build.say('ERROR: ' + e.message)
            build.worse(a.buildResult ?: 'FAILURE')
            Task task = build.turns.current()
            if (task.stages) {
                build.stageResults.put(task.stages.last(), a.stageResult ?: 'FAILURE')
            }
        }
        return null
    }

    def step_unstable(Map a) {
        build.say('WARNING: ' + (a.message ?: a['']))
        build.worse('UNSTABLE')
    }

    def step_parallel(Map a) {
        Map branches = a.findAll { k, v -> v instanceof Closure }
        return build.turns.run(branches.collectEntries { name, body -> [(name): { -> this.scoped([:], body) }] })
    }

    def step_script(Map a, Closure body) { body.call() }

    def step_isUnix(Map a) { node('isUnix'); build.unix }

    def step_pwd(Map a) { node('pwd'); (build.workspace?.path ?: '/workspace') + (a.tmp ? '@tmp' : '') }

    def step_writeFile(Map a) {
        node('writeFile')
        instant('writeFile') {
            if (build.workspace) {
                File file = Shells.file(build, a.file)
                file.parentFile.mkdirs()
                file.setText(a.text, 'UTF-8')
            }
            null
        }
    }

    def step_readFile(Map a) {
        node('readFile')
        instant('readFile') { Shells.file(build, a[''] ?: a.file).getText('UTF-8') }
    }

    def step_libraryResource(Map a) { build.code.resource(a[''] ?: a.resource) }

    def step_sh(Map a) { node('sh'); Shells.run(build, 'sh', a) }

    def step_bat(Map a) { node('bat'); Shells.run(build, 'bat', a) }

    def step_powershell(Map a) { node('powershell'); Shells.run(build, 'powershell', a) }

    def step_checkout(Map a) { node('checkout'); instant('checkout') { build.say('Checking out'); [:] } }

    def step_junit(Map a) { null }

    def step_archiveArtifacts(Map a) { null }

    def step_properties(Map a) { null }

    def step_buildDiscarder(Map a) { a }

    def step_milestone(Map a) { null }
}
