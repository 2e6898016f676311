package io.pipelinebridge

import com.cloudbees.groovy.cps.NonCPS

/** A call by the agent's own means, where the plugin HTTP Request is not installed: curl, or PowerShell on Windows. */
class Shell implements Serializable {

    final Object script

    Shell(Object script) {
        this.script = script
    }

    /** One call. The token comes to the program by the environment, and is in no command line. */
    Map request(String method, String address, String key, String text, int seconds) {
        if (!script.env.NODE_NAME) {
            return [status: 0, problem: 'the plugin HTTP Request is not installed, and this step holds no node that could send it with curl']
        }
        String body = script.pwd(tmp: true) + '/pipelinebridge-' + (key ?: address).hashCode() + '.json'
        script.writeFile(file: body, text: text ?: '', encoding: 'UTF-8')
        // Values go by the environment, where nothing is a command. Jenkins puts variables in for $, so there must be none.
        List values = ['BRIDGE_METHOD=' + method, 'BRIDGE_ADDRESS=' + address.replace('$', '%24'), 'BRIDGE_KEY=' + (key ?: ''), 'BRIDGE_BODY=' + body, 'BRIDGE_SECONDS=' + seconds]
        return read(script.withEnv(values) { script.isUnix() ? unix() : windows() })
    }

    String unix() {
        return script.sh(script: script.libraryResource('io/pipelinebridge/post.sh'), returnStdout: true, encoding: 'UTF-8', label: 'ask the bridge')
    }

    String windows() {
        return script.powershell(script: script.libraryResource('io/pipelinebridge/post.ps1'), returnStdout: true, encoding: 'UTF-8', label: 'ask the bridge')
    }

    /** Reads what the scripts print: the status, the header Retry-After, the body. */
    @NonCPS
    static Map read(String printed) {
        def parts = printed.replace('\r', '').split('\n', 3)
        int status = parts[0].trim().matches('[0-9]{3}') ? Integer.parseInt(parts[0].trim()) : 0
        String rest = parts.length > 2 ? parts[2] : ''
        return status == 0
            ? [status: 0, problem: Arguments.line(rest) ?: 'the agent could not send it']
            : [status: status, text: rest, retryAfter: parts.length > 1 ? parts[1].trim() : null]
    }
}
