package harness

/** What httpRequest gives (http_request, ResponseContentSupplier). */
class HttpResponse implements Serializable {
    final int status
    final String content
    final Map headers

    HttpResponse(Map answer) {
        status = answer.status as int
        content = answer.content
        headers = answer.headers ?: [:]
    }
}
