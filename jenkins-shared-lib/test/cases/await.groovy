/** A bridge whose deployments go through some documents; after the last it stays there. */
def bridge = { List story, Map more = [:] ->
    def take = accepting()
    def i = 0
    return { r ->
        if (r.method == 'POST') { return take(r) }
        def one = r.path.startsWith('/v1/requests/d-') ? story[Math.min(i++, story.size() - 1)] : more[r.path.split('\\?')[0]]
        if (one instanceof Closure) { one = one() }
        return one == null ? problem(404, 'There is no such thing.') : one.containsKey('status') ? one : json(200, [app: 'portal', environment: 'prod', kind: 'deployment', timelineUrl: 'https://bridge.internal/d-1'] + one)
    }
}
def live = [state: 'succeeded', revision: 9, endedAt: 'now', image: 'r/portal:1@sha256:9c1e04f2aa', phases: [pulledSeconds: 1.0]]
def rolling = [state: 'running', revision: 4, progress: [phase: 'rolling', healthy: 1, total: 3]]
def deploy = "bridgeDeploy app: 'portal', environment: 'prod', image: 'r/portal:1'\n"
def await = "bridgeAwait app: 'portal', environment: 'prod', minutes: 15\n"

test('Nothing is printed while nothing changes') {
    def b = ran(http: bridge([rolling] * 30 + [live]), deploy + await)
    assert b.log.findAll { it.contains('rolling out') }.size() == 1 && b.log.findAll { it.contains('live') }.size() == 1
    assert b.requests.findAll { it.method == 'GET' }.every { it.path.contains('since=') && it.timeout == 20 }
    assert b.requests.findAll { it.method == 'GET' }*.path.collect { it.split('since=')[1] }.unique() == ['0', '4']
    assert !log(b).contains('HttpMethod')
}

test('A bridge that is away is asked on, told once, and the end is found when it is back') {
    def away = [status: 408, content: '']
    def b = ran(http: bridge([rolling, away, rolling, away, away, away, live]), deploy + await)
    assert b.result == 'SUCCESS' && b.log.findAll { it.contains('cannot be asked') }.size() == 1
}

test('What answers in JSON and is no bridge is not taken for the state of a deployment') {
    def other = json(200, [status: 'up'])
    def b = ran(http: bridge([rolling, other, other, live]), deploy + await)
    assert b.result == 'SUCCESS' && b.log.findAll { it.contains('cannot be asked: it answered 200 in a way that the bridge does not') }.size() == 1
    assert log(ran(http: bridge([live], ['/v1/deployments': other]), "bridgeAwait app: 'portal', environment: 'prod', minutes: 1")).contains('Is BRIDGE_URL the bridge?')
}

test('A wait ends at its minutes and says that it goes on') {
    def b = ran(http: bridge([rolling]), deploy + await + "echo 'never'")
    assert b.result == 'FAILURE' && !log(b).contains('never') && log(b).contains('the end is not known after 15 minutes; it goes on without this build. To see more: https://bridge.internal/d-1')
    long minutes = (b.turns.now - b.started) / 60000
    assert minutes >= 15 && minutes <= 16
    def down = ran(http: { [status: 408, content: '', seconds: 20] }, deploy + await)
    assert down.result == 'FAILURE' && log(down).contains('not known after 15 minutes: not sent yet')
    assert (down.turns.now - down.started) / 60000 <= 17
}

test('Only the deployment of this build is awaited, never merely the newest') {
    def theirs = [id: 'd-theirs', chainId: '0' * 26, build: [url: 'https://jenkins.internal/job/team/job/portal/411/']]
    def none = ran(http: bridge([live], ['/v1/deployments': [deployments: [theirs]]]), await)
    assert none.result == 'FAILURE' && log(none).contains('this build asked for no deployment of portal to prod. Call bridgeDeploy or bridgeRollback before')
    // A stage that was restarted in the same build has no receipt: its chain and address name it.
    def chain = ran(http: accepting(), deploy).requests[0].json.chainId
    def ours = [id: 'd-ours', chainId: chain, build: [url: 'https://jenkins.internal/job/team/job/portal/412/']]
    def found = ran(http: bridge([live], ['/v1/deployments': [deployments: [theirs, ours]]]), await)
    assert found.result == 'SUCCESS' && found.requests.last().path.startsWith('/v1/requests/d-ours?')
    def sameChainOtherBuild = ran(http: bridge([live], ['/v1/deployments': [deployments: [ours + [build: [url: 'https://jenkins.internal/job/team/job/other/1/']]]]]), await)
    def recreatedJob = ran(http: bridge([live], ['/v1/deployments': [deployments: [ours + [chainId: '0' * 26]]]]), await)
    assert recreatedJob.result == 'FAILURE'
    assert sameChainOtherBuild.result == 'FAILURE'
    def otherApp = ran(http: bridge([live], ['/v1/deployments': [deployments: []]]), deploy + "bridgeAwait app: 'other', environment: 'prod'")
    assert otherApp.result == 'FAILURE' && log(otherApp).contains('no deployment of other to prod')
}

test('Each other end is told in its own words, and ends the build unless failOnError is false') {
    [failed: 'FAILED  portal', refused: 'refused  portal', cancelled: 'cancelled  portal'].each { state, line ->
        def end = [state: state, revision: 9, endedAt: 'now', category: 'image', cause: 'the digest is gone', effect: 'none']
        def b = ran(http: bridge([end]), deploy + await)
        assert b.result == 'FAILURE' && log(b).contains('[bridge] ' + line) && log(b).contains('image: the digest is gone') && log(b).contains('nothing was changed')
        def mild = ran(http: bridge([end]), "stage('Live') { $deploy; def e = bridgeAwait app: 'portal', environment: 'prod', failOnError: false; echo 'got ' + e.state }")
        assert mild.result == 'SUCCESS' && log(mild).contains('got ' + state) && mild.stageResults.Live == 'UNSTABLE'
    }
}

test('A build whose deployment was superseded is not built, as with milestones, and names the newer one') {
    def b = ran(http: bridge([[state: 'superseded', revision: 9, endedAt: 'now', supersededBy: 'd-7777aaaa']]), deploy + await)
    assert b.result == 'NOT_BUILT' && log(b).contains('superseded by #d-7777')
}

test('A deployment that ran already, one without a health check and one without a front end say so') {
    assert log(ran(http: bridge([live + [alreadyLive: true]]), deploy + await)).contains('is live on prod: sha256:9c1e04f2, as before; nothing was done')
    assert log(ran(http: bridge([live + [unchecked: true]]), deploy + await)).contains('without a health check')
    assert log(ran(http: bridge([live + [notRouted: true]]), deploy + await)).contains('no front end is configured')
}

test('A wait that holds an executor says so') {
    assert log(ran(http: bridge([live]), "node('slow-1') { $deploy; $await }")).contains('bridgeAwait holds an executor of slow-1 while it waits')
}

test('A refused deployment fails the wait with the reason, at once') {
    def b = ran(http: { problem(422, 'spec: there is none.') }, deploy + await)
    assert b.result == 'FAILURE' && b.requests.size() == 1 && log(b).contains('the deployment was refused: spec: there is none. (422)')
}

test('A deployment after a push that was refused is not sent') {
    def b = ran(http: { problem(422, 'image: it needs a tag.') }, "bridgePush app: 'portal', image: 'r/portal'; bridgeDeploy app: 'portal', environment: 'prod'; $await")
    assert b.requests.size() == 1 && log(b).contains('the push before it was refused: image: it needs a tag. (422)') && b.result == 'FAILURE'
    assert log(ran(http: accepting(), "bridgeDeploy app: 'portal', environment: 'prod'")).contains('image is missing, and this build has pushed none of portal')
}

test('A key that may not read, or a request that the bridge does not know, ends the wait') {
    assert log(ran(http: bridge([problem(403, 'The key jenkins may not read.')]), deploy + await)).contains('ERROR: bridgeAwait: The key jenkins may not read. (403)')
    assert log(ran(http: bridge([problem(404, 'There is no request d-1.')]), deploy + await)).contains('ERROR: bridgeAwait: There is no request d-1. (404)')
}

test('A wait sends what could not be sent, then follows it') {
    def take = bridge([live])
    def calls = 0
    def b = ran(http: { r -> calls++ < 4 ? [status: 408, content: ''] : take(r) }, deploy + await)
    assert b.result == 'SUCCESS' && log(b).contains('not sent') && log(b).contains('is live on prod')
    assert b.requests.findAll { it.method == 'POST' }*.key.unique().size() == 1
}

test('An abort goes through a wait at once') {
    def b = ran(abortAfter: 60000, http: bridge([rolling]), deploy + await + "echo 'never'")
    assert b.result == 'ABORTED' && b.turns.now - b.started == 60000 && !log(b).contains('never')
    def inLook = ran(abortAfter: 5000, http: { r -> r.method == 'POST' ? accepting().call(r) : [status: 200, content: '{}', seconds: 20] }, deploy + await)
    assert inLook.result == 'ABORTED' && inLook.turns.now - inLook.started == 5000
}

test('Jenkins restarted in the wait, in a look and between two looks, goes on and neither asks nor tells twice') {
    [1000, 4500, 21000, 26000].each { kill ->
        def record = new harness.Record()
        def story = [rolling, rolling, [state: 'running', revision: 5, progress: [phase: 'rolling', healthy: 2, total: 3]], live]
        def b1 = build(record: record, killAfter: kill, http: null)
        def slow = bridge(story)
        b1.http = { r -> slow(r) + [seconds: 5] }
        assert !b1.run(deploy + await)
        def b2 = build(record: record, http: null)
        b2.http = { r -> slow(r) + [seconds: 5] }
        ran(b2, deploy + await)
        assert b2.result == 'SUCCESS' : "killed at $kill"
        assert (b1.requests + b2.requests).findAll { it.method == 'POST' }*.key.unique().size() == 1
        assert b2.log.findAll { it.contains('is live on') }.size() <= 1 && !log(b2).contains('cannot be asked')
    }
}

test('The deadline of a wait is the same after a restart of Jenkins') {
    def record = new harness.Record()
    def first = build(record: record, killAfter: 600000, http: bridge([rolling]))
    assert !first.run(deploy + await)
    def second = ran(record: record, http: bridge([rolling]), deploy + await)
    assert second.turns.now - second.started <= 16 * 60000 && log(second).contains('not known after 15 minutes')
}

test('Evidence that cannot be had is named, and the end is told all the same') {
    def end = [state: 'failed', revision: 9, endedAt: 'now', category: 'health', cause: 'no', evidence: [[name: 'last log', blob: 'sha256:aa']]]
    assert log(ran(http: bridge([end], ['/v1/blobs/sha256%3Aaa': [status: 408, content: '']]), deploy + await)).contains('last log      not at hand: it does not answer')
}

test('Two branches wait at once, each for its own') {
    def take = accepting()
    def b = ran(http: { r ->
        if (r.method == 'POST') { return take(r) }
        def second = r.path.contains('d-2000')
        json(200, [app: 'portal', environment: second ? 'prod' : 'test', kind: 'deployment', state: 'succeeded', endedAt: 'now', revision: 3, image: second ? 'r/p@sha256:2222222222' : 'r/p@sha256:1111111111']) + [seconds: second ? 9 : 3]
    }, '''
        parallel(
            test: { bridgeDeploy app: 'portal', environment: 'test', image: 'r/p:1'; bridgeAwait app: 'portal', environment: 'test' },
            prod: { bridgeDeploy app: 'portal', environment: 'prod', image: 'r/p:1'; bridgeAwait app: 'portal', environment: 'prod' })
    ''')
    assert b.result == 'SUCCESS' && log(b).contains('portal is live on test: sha256:11111111') && log(b).contains('portal is live on prod: sha256:22222222')
    // They wait side by side: nine seconds, not twelve.
    assert b.turns.now - b.started == 9000
}
