package harness

/** The steps sh, bat and powershell. With a workspace, sh runs for real; else all are answered by the test. */
class Shells {

    static Object run(Build build, String kind, Map a) {
        String script = a.script ?: a['']
        Map<String, String> environment = build.environment()
        Map outcome = build.leaf(kind, [:], false) {
            build.turns.pause(build.turns.time())
            if (!script.startsWith('#!') && kind == 'sh') {
                build.say(script.readLines().findAll { it.trim() }.collect { '+ ' + it.trim() }.join('\n'))
            }
            build.workspace && kind == 'sh' ? build.turns.outside { real(script, environment, build.workspace) } : answered(build.shell([kind: kind, script: script, env: environment] + a))
        }
        if (!a.returnStdout) {
            build.say(outcome.output)
        }
        if (a.returnStatus) {
            return outcome.code
        }
        if (outcome.code != 0) {
            throw new AbortException("script returned exit code ${outcome.code}")
        }
        return a.returnStdout ? outcome.output : null
    }

    private static Map answered(Object answer) {
        return answer instanceof Map ? answer : [code: 0, output: String.valueOf(answer)]
    }

    private static Map real(String script, Map<String, String> environment, File workspace) {
        File file = File.createTempFile('script', '.sh')
        try {
            file.setText(script, 'UTF-8')
            String shell = script.startsWith('#!') ? script.readLines()[0].substring(2).trim() : '/bin/sh'
            ProcessBuilder start = new ProcessBuilder((script.startsWith('#!') ? [shell] : [shell, '-e']) + [file.path])
            start.directory(workspace).redirectErrorStream(true)
            start.environment().putAll(environment.findAll { k, v -> v != null })
            File bin = new File(workspace, 'bin')
            start.environment().put('PATH', bin.path + ':' + System.getenv('PATH'))
            Process process = start.start()
            process.outputStream.close()
            String output = process.inputStream.getText('UTF-8')
            return [code: process.waitFor(), output: output]
        } finally {
            file.delete()
        }
    }

    static File file(Build build, String path) {
        File file = new File(path)
        return file.absolute ? file : new File(build.workspace, path)
    }
}
