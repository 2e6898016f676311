package harness

import groovy.json.JsonSlurper

/** The step httpRequest of the plugin HTTP Request 1.25. */
class Http {

    static Map request(Build build, Map a) {
        Map headers = a.customHeaders?.collectEntries { [(it.name): it.value] } ?: [:]
        Map request = [method: a.httpMode ?: 'GET', url: a.url, path: a.url.replaceFirst('^https?://[^/]+', ''), body: a.requestBody, timeout: a.timeout, headers: headers]
        try {
            request.json = a.requestBody ? new JsonSlurper().parseText(a.requestBody) : null
        } catch (groovy.json.JsonException ignored) {
        }
        build.requests.add(request.findAll { k, v -> k != 'headers' } + [key: headers['Idempotency-Key'], authorization: headers.Authorization, at: build.turns.time()])
        Map answer = build.live ? build.turns.outside { live(a, headers) } : build.http(request)
        long seconds = (answer.seconds ?: 0) as long
        long bound = (a.timeout ?: 0) as long
        build.turns.pause(build.turns.time() + 1000 * (bound > 0 ? Math.min(seconds, bound) : seconds))
        if (bound > 0 && seconds > bound) {
            // A time that is over is a status of its own in the plugin.
            answer = [status: 408, content: 'Read timed out']
        }
        if (answer.thrown) {
            throw answer.thrown
        }
        if (!a.quiet) {
            build.say("HttpMethod: ${request.method}\nURL: ${a.url}\nResponse Code: ${answer.status}")
        }
        if (a.validResponseCodes != '100:599' && answer.status >= 400) {
            throw new AbortException("Fail: Status code ${answer.status} is not in the accepted range: 100:399")
        }
        return [status: answer.status, content: answer.content, headers: answer.headers ?: [:]]
    }

    private static Map live(Map a, Map headers) {
        HttpURLConnection connection = new URL(a.url).openConnection()
        try {
            connection.requestMethod = a.httpMode ?: 'GET'
            connection.connectTimeout = connection.readTimeout = (a.timeout ?: 0) * 1000
            connection.instanceFollowRedirects = false
            headers.each { k, v -> connection.setRequestProperty(k, v) }
            connection.setRequestProperty('Content-Type', 'application/json; charset=UTF-8')
            if (a.requestBody) {
                connection.doOutput = true
                connection.outputStream.withStream { it.write(a.requestBody.getBytes('UTF-8')) }
            }
            int status = connection.responseCode
            InputStream stream = status >= 400 ? connection.errorStream : connection.inputStream
            return [status: status, content: stream?.getText('UTF-8') ?: '', headers: connection.headerFields.findAll { k, v -> k != null }.collectEntries { k, v -> [(k): v as List] }]
        } catch (ConnectException | SocketTimeoutException e) {
            return [status: 408, content: e.message]
        } catch (UnknownHostException e) {
            return [status: 404, content: 'UnknownHostException as 404 Not Found']
        } catch (IOException e) {
            return [thrown: new IllegalStateException(e.message)]
        } finally {
            connection.disconnect()
        }
    }
}
