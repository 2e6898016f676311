package io.pipelinebridge

import com.cloudbees.groovy.cps.NonCPS

/**
 * The bridge over HTTP, from a build. A call is bounded and throws nothing but an interruption: it gives
 * [status, body (an object, or null), problem (a sentence, or null), unknown (whether it may have arrived all the same), final].
 */
class Bridge implements Serializable {

    final Object script
    final String url
    final String credentials

    Bridge(Object script, String url, String credentials) {
        this.script = script
        this.url = url
        this.credentials = credentials
    }

    /** Sends an ask with its key, again while nothing that can be understood is answered and there is time. */
    Map post(Map ask, long until, int attempts) {
        Map answer = [status: 0, problem: 'there was no time left to send it', unknown: true]
        long pause = 0
        for (int i = 0; i < attempts; i++) {
            // A plugin's timeout bounds connecting and each read by itself: half of what is left is for each.
            long left = until - System.currentTimeMillis() - pause
            int seconds = (left >= 20000 ? 10 : (left / 2000)) as int
            if (seconds < 1) {
                return answer
            }
            if (pause > 0) {
                script.sleep(time: pause, unit: 'MILLISECONDS')
            }
            answer = having(judged(request('POST', url + ask.path, ask.key, ask.body, seconds)), 'id')
            if (!answer.unknown || answer.lasting) {
                return answer
            }
            pause = answer.retryAfterSeconds ? (answer.retryAfterSeconds as long) * 1000 : (i + 1) * 1000
        }
        return answer
    }

    /** Reads, once. */
    Map get(String path, int seconds) {
        return judged(request('GET', url + path, null, null, seconds))
    }

    /** Reads a text that is no object: [text], or [problem]. */
    Map read(String path, int seconds) {
        Map answer = request('GET', url + path, null, null, seconds)
        return answer.status == 200 ? [text: answer.text] : [problem: judged(answer).problem]
    }

    /** One call: [status, text, retryAfter] or [status: 0, problem]. */
    Map request(String method, String address, String key, String text, int seconds) {
        // Bound for each call, never round a wait: a token may be made for each binding and live for an hour.
        try {
            return script.withCredentials([script.string(credentialsId: credentials, variable: 'BRIDGE_TOKEN')]) {
                sent(method, address, key, text, seconds)
            }
        } catch (InterruptedException e) {
            throw e
        } catch (NoSuchMethodError e) {
            return [status: 0, problem: 'the plugin Credentials Binding is not installed', lasting: true]
        } catch (Exception e) {
            return failed(e.getMessage(), credentials)
        }
    }

    /** One call, where the token is bound. It stands in the arguments of the step alone: a variable would be saved with the build. */
    Map sent(String method, String address, String key, String text, int seconds) {
        try {
            def response = script.httpRequest(url: address, httpMode: method, requestBody: text, contentType: 'APPLICATION_JSON_UTF8',
                timeout: seconds, validResponseCodes: '100:599', quiet: true,
                customHeaders: keyHeader(key) + [[name: 'Authorization', value: 'Bearer ' + script.env.BRIDGE_TOKEN.trim(), maskValue: true]])
            return [status: response.status, text: response.content, retryAfter: header(response.headers, 'Retry-After')]
        } catch (InterruptedException e) {
            throw e
        } catch (NoSuchMethodError e) {
            return new Shell(script).request(method, address, key, text, seconds)
        }
    }

    @NonCPS
    static List keyHeader(String key) {
        return key == null ? [] : [[name: 'Idempotency-Key', value: key, maskValue: false]]
    }

    @NonCPS
    static String header(Map headers, String name) {
        for (e in headers) {
            if (name.equalsIgnoreCase(e.key.toString())) {
                return e.value instanceof List ? (e.value.isEmpty() ? null : e.value.get(0).toString()) : e.value.toString()
            }
        }
        return null
    }

    /** Why a call failed before it had an answer. */
    @NonCPS
    static Map failed(String message, String credentials) {
        String text = Arguments.line(message)
        if (text.contains('Could not find credentials')) {
            return [status: 0, lasting: true, problem: 'there are no credentials "' + Arguments.line(credentials) + '". Make a "Secret text" with this ID that holds a key of the bridge, or name another one by credentials: or BRIDGE_CREDENTIALS']
        }
        if (text.contains('was expected') && text.contains('is of type')) {
            return [status: 0, lasting: true, problem: 'the credentials "' + Arguments.line(credentials) + '" are of another kind. They must be a "Secret text" that holds a key of the bridge']
        }
        return [status: 0, problem: text == '' ? 'the call broke off' : text]
    }

    /** What an answer means. */
    @NonCPS
    static Map judged(Map answer) {
        int status = answer.status as int
        if (status == 0) {
            return [status: 0, problem: answer.problem, unknown: true, lasting: answer.lasting == true]
        }
        Map body = Json.parse(answer.text?.toString())
        String detail = body == null ? null : Arguments.line((body.detail ?: body.title)?.toString())
        def result = [status: status, body: body, problem: null, unknown: false, lasting: false]
        if (status >= 200 && status < 300) {
            if (body == null) {
                result.putAll([problem: 'it answered ' + status + ', but not in full: ' + excerpt(answer.text), unknown: true])
            }
            return result
        }
        // The plugin has no status for these two: a refused or timed out connection is 408, an unknown host is 404.
        if (status == 408 && body == null) {
            result.putAll([problem: 'it does not answer', unknown: true])
        } else if (status == 404 && answer.text?.toString()?.contains('UnknownHostException')) {
            result.putAll([problem: 'its host is not known', unknown: true])
        } else if (status == 408 || status == 429 || status >= 500) {
            result.putAll([problem: 'it answered ' + status + ': ' + (detail ?: excerpt(answer.text)), unknown: true, retryAfterSeconds: seconds(answer.retryAfter)])
        } else if (status >= 400 && detail) {
            result.putAll([problem: detail + ' (' + status + ')'])
        } else {
            result.putAll([problem: foreign(status, answer.text), unknown: true])
        }
        return result
    }

    /** A good answer has this field; what has not is not the bridge's, and says nothing of the ask. */
    @NonCPS
    static Map having(Map answer, String field) {
        if (answer.problem == null && answer.body.get(field) == null) {
            answer.putAll([problem: foreign(answer.status, Json.text(answer.body)), unknown: true])
        }
        return answer
    }

    @NonCPS
    static String foreign(Object status, Object text) {
        return 'it answered ' + status + ' in a way that the bridge does not: ' + excerpt(text) + ' Is BRIDGE_URL the bridge?'
    }

    @NonCPS
    static Integer seconds(Object retryAfter) {
        String text = retryAfter == null ? '' : retryAfter.toString().trim()
        return text.matches('[0-9]{1,5}') ? Integer.parseInt(text) : null
    }

    @NonCPS
    static String excerpt(Object text) {
        String line = Arguments.line(text?.toString())
        return line == '' ? 'nothing.' : '"' + (line.length() > 120 ? line.substring(0, 120) + '...' : line) + '"'
    }
}
