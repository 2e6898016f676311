/** A push under some answers; nothing waits for real. */
def push = { Map options, String more = '' -> ran(options, "def r = bridgePush(app: 'portal', image: 'r/portal:1'$more); echo 'state ' + r.state") }
def always = { Map answer -> { r -> answer } }

test('Without an address of the bridge the build goes on with a warning that says what to set') {
    [[:], [BRIDGE_URL: ''], [BRIDGE_URL: 'bridge.internal'], [BRIDGE_URL: 'https://b/$x'], [BRIDGE_URL: 'https://b c']].each { variables ->
        def b = build(http: { throw new IllegalStateException('sent') }, env: variables)
        push([:]) // another build leaves nothing behind
        ran(b, "stage('Push') { bridgePush app: 'portal', image: 'r/portal:1' }; echo 'on'")
        assert b.result == 'SUCCESS' && log(b).contains('on') && b.requests == []
        assert log(b).contains('BRIDGE_URL') && b.stageResults.Push == 'UNSTABLE'
    }
    assert log(ran(env: [BRIDGE_URL: 'bridge.internal'], "bridgePush app: 'portal', image: 'r/portal:1'")).contains('BRIDGE_URL is "bridge.internal"; it must be a URL such as https://bridge.internal')
}

test('Credentials that are not there or of another kind are told with what to make') {
    def none = push(credentials: [:])
    assert none.result == 'SUCCESS' && none.requests == [] && log(none).contains('there are no credentials "pipelinebridge". Make a "Secret text" with this ID')
    assert none.turns.now == none.started : 'nothing gets better by trying it again'
    def other = push(credentials: [pipelinebridge: [kind: 'usernamePassword', value: 'password-of-it']])
    assert other.requests == [] && log(other).contains('the credentials "pipelinebridge" are of another kind')
    def named = push(credentials: [mine: [kind: 'string', value: 'key-of-mine']], http: accepting(), ", credentials: 'mine'")
    assert named.requests[0].authorization == 'Bearer key-of-mine'
    def byVariable = push(credentials: [mine: [kind: 'string', value: 'key-of-mine']], http: accepting(), variables: [BRIDGE_CREDENTIALS: 'mine'])
    assert byVariable.requests[0].authorization == 'Bearer key-of-mine'
}

test('A refusal is told as the bridge says it, once, and the build goes on') {
    [400, 401, 403, 404, 409, 413, 422].each { status ->
        def b = push(http: always(problem(status, 'image: it needs a tag.\nSecond line.')))
        assert b.result == 'SUCCESS' && b.requests.size() == 1 && log(b).contains("refused: image: it needs a tag. Second line. ($status)") && log(b).contains('state refused')
        assert !b.overrides.BRIDGE_UNSENT
    }
}

test('A refusal ends the build where failOnError says so') {
    def b = push(http: always(problem(422, 'image: it needs a tag.')), ', failOnError: true')
    assert b.result == 'FAILURE' && !log(b).contains('state') && log(b).contains('ERROR: bridgePush: image: it needs a tag. (422)')
}

test('What may pass is tried three times within 40 seconds, and kept for the next step') {
    def answers = [
        'refused or timed out': [status: 408, content: ''], 'bridge 408': problem(408, 'slow'), 'unknown host': [status: 404, content: 'UnknownHostException as 404 Not Found'],
        '429': problem(429, 'too much'), '500': problem(500, 'oops'), '503': problem(503, 'the journal'), 'a proxy': [status: 502, content: '<html>Bad Gateway</html>'],
        'HTML': [status: 200, content: '<html>Welcome</html>'], 'HTML of 404': [status: 404, content: '<html>no</html>'], 'nothing': [status: 202, content: ''], 'null': [status: 500, content: null],
        'JSON of something else': [status: 200, content: '{"status":"up"}'], 'an empty object': [status: 202, content: '{}'],
        'half': [status: 202, content: '{"id":"p-1","chain'], 'a list': [status: 202, content: '[1]'], 'elsewhere': [status: 302, content: ''],
        'broken off': [thrown: new IllegalStateException('Connection reset')], 'TLS': [thrown: new IllegalStateException('PKIX path building failed')],
    ]
    answers.each { name, answer ->
        def b = push(http: always(answer))
        assert b.result == 'SUCCESS' && b.requests.size() == 3 && log(b).contains('not sent; the next step of the bridge sends it again') && log(b).contains('state unsent') : name
        assert b.turns.now - b.started <= 40000 && b.requests*.key.unique().size() == 1
        assert b.overrides.BRIDGE_UNSENT
    }
    assert log(push(http: always(answers.HTML))).contains('Is BRIDGE_URL the bridge?') || log(push(http: always(answers.HTML))).contains('not in full')
}

test('A bridge that takes a call and never answers costs 40 seconds at most, whatever bounds the plugin keeps') {
    // The plugin bounds connecting and each read by itself: the worst is twice the timeout.
    def slow = build(http: null)
    slow.http = { r -> slow.turns.pause(slow.turns.time() + 2000 * r.timeout); [status: 408, content: ''] }
    ran(slow, "bridgePush app: 'portal', image: 'r/portal:1'")
    assert slow.turns.now - slow.started <= 40000 && slow.requests.size() >= 2 && slow.requests*.timeout.every { it >= 1 && it <= 10 }
}

test('Retry-After is kept to when there is time for it, in any case of its letters') {
    def answers = [problem(503, 'wait', ['retry-after': ['5']]), problem(429, 'wait', ['Retry-After': ['7']])]
    def take = accepting()
    def b = push(http: { r -> answers ? answers.remove(0) : take(r) })
    assert b.requests*.at.collect { it - b.started } == [0, 5000, 12000] && log(b).contains('state accepted')
    def long_ = push(http: always(problem(503, 'wait', ['Retry-After': ['600']])))
    assert long_.requests.size() == 1 && long_.overrides.BRIDGE_UNSENT && long_.turns.now - long_.started < 1000
    def nonsense = push(http: always(problem(503, 'wait', ['Retry-After': ['Fri, 31 Dec 1999 23:59:59 GMT']])))
    assert nonsense.requests.size() == 3
}

test('An answer that got lost is asked for again with the same key and body, and is the same request') {
    def seen = [:]
    def take = accepting(seen)
    def n = 0
    def b = push(http: { r -> def answer = take(r); n++ == 0 ? [status: 202, content: answer.content.take(20)] : answer })
    assert seen.size() == 1 && b.requests*.body.unique().size() == 1 && log(b).contains('state accepted')
}

test('An ask that could not be sent is sent by the next step, before its own, with its key and body') {
    def down = true
    def take = accepting()
    def b = build(http: { r -> down ? [status: 408, content: ''] : take(r) }, params: [up: { down = false }])
    ran(b, '''
        bridgePush app: 'portal', image: 'r/portal:1'
        bridgeTag app: 'portal', from: 'r/portal:1', tags: 'stable'
        params.up()
        bridgeDeploy app: 'portal', environment: 'prod'
    ''')
    def sent = b.requests.drop(4)
    assert b.requests.take(4)*.path == ['/v1/pushes'] * 4
    assert sent*.path == ['/v1/pushes', '/v1/tags', '/v1/deployments']
    assert sent[0].key == b.requests[0].key && sent[0].body == b.requests[0].body && sent[2].json.after == sent[0].key
    assert !b.overrides.BRIDGE_UNSENT && b.result == 'SUCCESS'
    assert log(b).contains('[bridge] push   portal  r/portal:1   accepted  #p-1000')
}

test('Many steps with a bridge that is away cost ten seconds each after the first') {
    def b = build(http: { r -> [status: 408, content: '', seconds: 20] })
    ran(b, '(1..6).each { n -> bridgeTag app: "portal", from: "r/portal:$n", tags: "x" }')
    assert b.turns.now - b.started <= 40000 + 5 * 10000 && b.result == 'SUCCESS'
    assert new groovy.json.JsonSlurper().parseText(b.overrides.BRIDGE_UNSENT).asks.size() == 6
}

test('A body that is too long is not kept in the build, and the step says so') {
    def b = build(http: always([status: 408, content: '']), params: [spec: 'x' * 9000])
    ran(b, "bridgeDeploy app: 'portal', environment: 'prod', image: 'r/portal:1', spec: params.spec")
    assert log(b).contains('not sent, and too long to be kept for the next step') && !b.overrides.BRIDGE_UNSENT && b.result == 'SUCCESS'
    // What nobody will send is not waited for.
    def waits = build(http: always([status: 408, content: '']), params: [spec: 'x' * 9000])
    ran(waits, "bridgeDeploy app: 'portal', environment: 'prod', image: 'r/portal:1', spec: params.spec; bridgeAwait app: 'portal', environment: 'prod'")
    assert waits.result == 'FAILURE' && waits.turns.now - waits.started < 60000 && log(waits).contains('the deployment was not sent, and was too long to be kept for a later step: it does not answer. Call bridgeDeploy again')
}

test('A key is never longer than the bridge takes, and two long ones differ') {
    def key = { String tail -> ran(http: accepting(), job: '\u00e4' * 700, "bridgePush app: 'portal', image: 'r/portal:$tail'").requests[0].key }
    assert key('1').length() <= 2048 && key('1') != key('2') && key('1') == key('1')
}

test('Another build, a recreated job and a replay have other keys; another body is another request') {
    def key = { Map options, String image = 'r/portal:1' -> ran([http: accepting()] + options, "bridgePush app: 'portal', image: '$image'").requests[0].key }
    def keys = [key([:]), key(number: '413'), key(started: 1795525200001L), key(job: 'team/other'), key(job: 'team-portal'), key(variables: [JENKINS_URL: 'https://other/']), key([:], 'r/portal:2')]
    assert keys.unique().size() == 7
    def chain = { Map options -> ran([http: accepting()] + options, "bridgePush app: 'portal', image: 'r/portal:1'").requests[0].json.chainId }
    assert chain([:]) == chain([:]) && chain([:]) != chain(number: '413') && chain(variables: [BRIDGE_CHAIN_ID: '0' * 26]) == '0' * 26
}

test('An abort goes through a step at once, also where exceptions are caught, and is never retried') {
    def b = ran(abortAfter: 4000, http: { r -> [status: 202, content: '{}', seconds: 9] }, '''
        retry(3) { catchError { bridgePush app: 'portal', image: 'r/portal:1' } }
        echo 'never'
    ''')
    // catchError lets an interruption end its own block; the abort stays the build's result.
    assert b.result == 'ABORTED' && b.requests.size() == 1 && b.turns.now - b.started == 4000
    def pause = ran(abortAfter: 500, http: { r -> [status: 408, content: ''] }, "bridgePush app: 'portal', image: 'r/portal:1'; echo 'never'")
    assert pause.result == 'ABORTED' && pause.turns.now - pause.started == 500 && !log(pause).contains('never')
}

test('Jenkins restarted in the middle of an ask sends it again with its key') {
    def record = new harness.Record()
    def jenkinsfile = "bridgePush app: 'portal', image: 'r/portal:1'; echo 'on'"
    def first = build(record: record, killAfter: 3000, http: { r -> [status: 202, content: '{}', seconds: 5] })
    assert !first.run(jenkinsfile)
    def second = ran(record: record, http: accepting(), jenkinsfile)
    assert second.result == 'SUCCESS' && second.requests.size() == 1 && second.requests[0].key == first.requests[0].key && log(second).contains('accepted')
}

test('Two branches at once neither lose nor mix what could not be sent') {
    def take = accepting()
    def down = true
    def b = build(http: { r -> down ? [status: 408, content: '', seconds: 2] : take(r) }, params: [up: { down = false }])
    ran(b, '''
        parallel(
            one: { bridgePush app: 'one', image: 'r/one:1' },
            two: { bridgePush app: 'two', image: 'r/two:1' })
        params.up()
        parallel(
            one: { bridgeDeploy app: 'one', environment: 'prod' },
            two: { bridgeDeploy app: 'two', environment: 'prod' })
    ''')
    def asks = b.requests.findAll { it.at > b.started }.collectEntries { [(it.key): it.json] }
    assert asks.values()*.app.countBy { it } == [one: 2, two: 2] && !b.overrides.BRIDGE_UNSENT && b.result == 'SUCCESS'
    assert b.requests*.json*.chainId.unique().size() == 1
}
