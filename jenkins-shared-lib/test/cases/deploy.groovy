test('A deployment comes after the push of its build, and is followed to its end outside of a node') {
    def story = [
        [state: 'waiting', waitingFor: '#d-81b7 of portal', revision: 2],
        [state: 'running', revision: 4, progress: [phase: 'rolling', healthy: 0, total: 3]],
        [state: 'running', revision: 5, progress: [phase: 'rolling', healthy: 2, total: 3]],
        [state: 'succeeded', revision: 9, endedAt: 'now', image: 'registry.internal/portal:412@sha256:9c1e04f2aa', previousImage: 'registry.internal/portal:411@sha256:77ab10d9bb',
            phases: [waitedSeconds: 4.0, pulledSeconds: 9.04, healthySeconds: 13.01, routedSeconds: 0.1], usual: [pulledSeconds: 10.0, healthySeconds: 14.0]],
    ]
    def push = [state: 'succeeded', endedAt: 'now', revision: 3, app: 'portal', image: 'registry.internal/portal:412@sha256:9c1e04f2aa', pushed: [totalBytes: 81000000, newBytes: 12400000], phases: [pushedSeconds: 3.1]]
    def take = accepting()
    def b = ran(http: { r ->
        if (r.method == 'POST') { return take(r) }
        if (r.path.startsWith('/v1/requests/p-')) { return json(200, push) }
        assert r.path ==~ '/v1/requests/d-.*wait=10.*'
        return json(200, [app: 'portal', environment: 'prod', kind: 'deployment'] + (story.size() > 1 ? story.remove(0) : story[0])) + [seconds: 3]
    }, '''
        node('linux') { bridgePush app: 'portal', image: 'registry.internal/portal:412' }
        def receipt = bridgeDeploy app: 'portal', environment: 'prod'
        def end = bridgeAwait app: 'portal', environment: 'prod', minutes: 15
        echo "end ${end.state} of ${receipt.id}"
    ''')
    assert b.result == 'SUCCESS'
    assert b.requests[1].json.after == b.requests[0].key && !b.requests[1].json.containsKey('image')
    def lines = b.log.findAll { it.startsWith('[bridge]') || it.startsWith('   ') }
    assert lines[1] == '[bridge] deploy portal \u2192 prod   accepted  #d-2000'
    assert lines[2] ==~ '         timeline https://bridge.internal/d-2000.*'
    assert lines[3] == '[bridge]  0:03 waits for #d-81b7 of portal'
    assert lines[4] == '[bridge] push   portal  sha256:9c1e04f2  12.4 MB of 81 MB new  pushed in 3.1 s'
    assert lines[5] ==~ /\[bridge\]  0:0\d rolling out: 0 of 3 healthy/
    assert lines[6] ==~ /\[bridge\]  0:1\d rolling out: 2 of 3 healthy/
    assert lines[7] == '[bridge] portal is live on prod: sha256:9c1e04f2, was sha256:77ab10d9. 22 s (usual 24 s): waited 4, pull 9, healthy 13, route 0.1'
    assert log(b).contains('end succeeded of d-2000') && !log(b).contains('executor')
}

test('A failed deployment ends the build with cause, evidence, what runs and where to see more') {
    def take = accepting()
    def b = ran(http: { r ->
        if (r.method == 'POST') { return take(r) }
        if (r.path.startsWith('/v1/blobs/')) { return [status: 200, content: r.path.contains('aa') ? '503 "database migrations pending"' : 'one\n\n2026-11-24 Npgsql: relation "orders_v2" does not exist\n'] }
        return json(200, [app: 'portal', environment: 'prod', kind: 'deployment', state: 'failed', revision: 9, endedAt: 'now', category: 'health', effect: 'takenback',
            cause: '0 of 3 new tasks passed GET /health in 120 s', timelineUrl: 'https://bridge.internal/d-1', nowRunning: 'registry.internal/portal:411@sha256:77ab10d9cc',
            evidence: [[name: 'last answer', blob: 'sha256:aa'], [name: 'last log', blob: 'sha256:bb'], [name: 'third', missing: 'not within 30 s']]])
    }, '''
        bridgeDeploy app: 'portal', environment: 'prod', image: 'registry.internal/portal:412'
        bridgeAwait app: 'portal', environment: 'prod'
        echo 'never'
    ''')
    assert b.result == 'FAILURE' && !log(b).contains('never')
    assert log(b).contains('''[bridge] FAILED  portal \u2192 prod  health: 0 of 3 new tasks passed GET /health in 120 s
         last answer   503 "database migrations pending"
         last log      one | 2026-11-24 Npgsql: relation "orders_v2" does not exist
         third         not at hand: not within 30 s
         now running   sha256:77ab10d9, the new one was taken back
         to see more   https://bridge.internal/d-1''')
    assert b.log.any { it == 'ERROR: bridgeAwait: portal \u2192 prod failed: 0 of 3 new tasks passed GET /health in 120 s' }
}

test('A deployment without an image is refused when the build pushed several, and takes a retried one') {
    def several = ran(http: accepting(), '''
        parallel(
            small: { bridgePush app: 'portal', image: 'r/portal:small' },
            large: { bridgePush app: 'portal', image: 'r/portal:large' })
        bridgeDeploy app: 'portal', environment: 'prod'
    ''')
    assert several.result == 'FAILURE' && several.requests.size() == 2 && log(several).contains('this build has pushed several of portal. Give image:, or after: with the key of a receipt')
    def retried = ran(http: accepting(), '''
        bridgePush app: 'portal', image: 'r/portal:1'
        bridgePush app: 'portal', image: 'r/portal:1'
        bridgeDeploy app: 'portal', environment: 'prod'
    ''')
    assert retried.result == 'SUCCESS' && retried.requests.last().json.after == retried.requests[0].key
}

test('A build that is restarted from a stage goes on from the pushes of the first one, and from nothing else of it') {
    // Such a build begins with the variables that the first one set (workflow-cps, EnvActionImpl.Copier).
    def restarted = { harness.Build first, Map options -> def b = build([number: '413', started: first.started + 60000] + options); b.overrides.putAll(first.overrides); b }
    def live = { r -> r.method == 'POST' ? accepting().call(r) : json(200, r.path.startsWith('/v1/deployments') ? [deployments: []] : [state: 'succeeded', endedAt: 'now', revision: 3, app: 'portal', environment: 'prod']) }
    def first = ran(http: live, "bridgePush app: 'portal', image: 'r/portal:412'; bridgeDeploy app: 'portal', environment: 'prod'; bridgeAwait app: 'portal', environment: 'prod'")

    def deploys = ran(restarted(first, [http: live]), "bridgeDeploy app: 'portal', environment: 'prod'; bridgeAwait app: 'portal', environment: 'prod'")
    assert deploys.result == 'SUCCESS' && deploys.requests[0].json.after == first.requests[0].key && deploys.requests[0].key != first.requests[1].key

    def pushes = ran(restarted(first, [http: live]), "bridgePush app: 'portal', image: 'r/portal:413'; bridgeDeploy app: 'portal', environment: 'prod'")
    assert pushes.result == 'SUCCESS' && pushes.requests[1].json.after == pushes.requests[0].key

    def awaits = ran(restarted(first, [http: live]), "bridgeAwait app: 'portal', environment: 'prod'")
    assert awaits.result == 'FAILURE' && log(awaits).contains('this build asked for no deployment of portal to prod')
}

test('What a build could not send is not asked for by one that is restarted from a stage of it, but for its pushes') {
    def away = ran(http: { [status: 408, content: ''] }, "bridgePush app: 'portal', image: 'r/portal:412'; bridgeDeploy app: 'portal', environment: 'prod'; bridgeTag app: 'portal', from: 'r/portal:412', tags: 'x'")
    def b = build(number: '413', http: accepting())
    b.overrides.putAll(away.overrides)
    ran(b, "bridgeDeploy app: 'portal', environment: 'test'")
    assert b.requests*.path == ['/v1/pushes', '/v1/deployments'] && b.requests[0].key == away.requests[0].key && b.requests[1].json.after == b.requests[0].key
    assert b.requests[1].json.environment == 'test' && !b.overrides.BRIDGE_UNSENT
    assert log(b).contains('not sent by this build, but asked for by the one that it was restarted from: deploy portal \u2192 prod') && b.log.findAll { it.contains('restarted from') }.size() == 2
}

test('Two branches of a restarted build that find what is not theirs keep their own') {
    def away = ran(http: { [status: 408, content: ''] }, "bridgeDeploy app: 'portal', environment: 'prod', image: 'r/p:1'; bridgeTag app: 'portal', from: 'r/portal:412', tags: 'x'")
    def b = build(number: '413', http: { [status: 408, content: '', seconds: 1] })
    b.overrides.putAll(away.overrides)
    ran(b, """
        parallel(
            one: { bridgePush app: 'one', image: 'r/one:1', url: 'none' },
            two: { bridgePush app: 'two', image: 'r/two:1', url: 'none' })
    """)
    assert new groovy.json.JsonSlurper().parseText(b.overrides.BRIDGE_UNSENT).asks*.app.sort() == ['one', 'two'] && b.log.findAll { it.contains('restarted from') }.size() == 2
}
