/** What the build said when a step was called so. */
def said = { String call -> log(ran(http: accepting(), call)) }

test('An argument that is not known is refused by its name, with the one that was meant') {
    assert said("bridgePush app: 'portal', image: 'r/p:1', imageID: 'x'").contains('ERROR: bridgePush: "imageID" is not known. Did you mean imageId?')
    assert said("bridgeDeploy app: 'portal', environmnt: 'prod', image: 'r/p:1'").contains('ERROR: bridgeDeploy: "environmnt" is not known. Known are app, environment, image')
    assert said("bridgeAwait app: 'portal', environment: 'prod', timeout: 3").contains('"timeout" is not known')
    assert said("bridgeBuild(app: 'portal', agent: 'x') { }").contains('"agent" is not known')
    assert said("bridgePipeline app: 'portal', image: 'x', biuld: { }").contains('"biuld" is not known')
}

test('All that is wrong with the arguments is told at once, and nothing is sent') {
    def b = ran(http: { throw new IllegalStateException('sent') }, "bridgeDeploy app: 7, replicas: 'three', hostnames: [1], failOnError: 'yes', spec: 4")
    assert b.result == 'FAILURE'
    ['app is "7"; it must be a text.', 'replicas is "three"; it must be a whole number.', 'hostnames is "[1]"; it must be a text or a list of texts.', 'failOnError is "yes"; it must be true or false.',
        'spec is "4"; it must be a map or a text.', 'environment is missing.'].each { assert log(b).contains(it) }
    assert said("bridgeAwait app: 'a', environment: 'b', minutes: 0").contains('minutes is "0"; it must be a whole number from 1.')
    assert said("bridgePipeline app: 'a', image: 'b', build: 'make'").contains('build is "make"; it must be a block.')
}

test('A step that is called without names shows how it is called') {
    assert said("bridgePush 'portal'").contains("ERROR: bridgePush takes named arguments, e.g. bridgePush app: 'portal'")
    ['bridgeTag', 'bridgeDeploy', 'bridgeRollback', 'bridgeNotify', 'bridgeAwait', 'bridgePipeline', 'bridgeBuild'].each { assert said(it + " 'portal'").contains('ERROR: ' + it + ' takes named arguments') }
    assert said('bridgePush()').contains('app is missing. image is missing.')
    assert said('bridgeBuild { }').contains('app is missing.')
}

test('A text with a value in it, one tag instead of a list, and a map as a specification are taken') {
    def b = ran(http: accepting(), '''
        def n = 412
        bridgePush app: "por${'tal'}", image: "r/p:$n", tags: "v$n"
        bridgeDeploy app: 'portal', environment: 'prod', spec: [id: "/prod/portal", instances: 2, env: [N: "$n"], ports: [1, 2]], hostnames: 'a.example.org'
    ''')
    assert b.requests[0].json.app == 'portal' && b.requests[0].json.tags == ['v412']
    assert b.requests[1].json.spec == [id: '/prod/portal', instances: 2, env: [N: '412'], ports: [1, 2]] && b.requests[1].json.hostnames == ['a.example.org']
}

test('A name with spaces, quotes, dollars, line ends or umlauts arrives as it is, and breaks no line of the log') {
    def odd = 'Z\u00fcrich "a" \'b\' $HOME ${x} %PATH% `id` ; rm \\ \n[bridge] live\r\t\u2028 end'
    def take = accepting()
    def b = build(http: { r -> r.method == 'GET' ? json(200, [deployments: []]) : take(r) }, params: [odd: odd])
    ran(b, '''
        def o = params.odd
        bridgeBuild(app: o, commit: o, title: o, author: o, branch: o, repository: o) { }
        bridgePush app: o, image: o, tags: [o, o], source: o, imageId: o, by: o
        bridgeTag app: o, from: o, tags: o
        bridgeDeploy app: o, environment: o, image: o, after: o, spec: o, specFormat: o, hostnames: [o], onFailure: o
        bridgeRollback app: o, environment: o, to: o
        bridgeNotify app: o, target: o, title: o, text: o, mood: o, environment: o
        bridgeAwait app: o + 'x', environment: o, failOnError: false
    ''')
    assert b.result == 'SUCCESS' && b.requests.size() == 9
    assert b.requests.take(8).every { it.json.app == odd } && URLDecoder.decode(b.requests[8].path, 'UTF-8').contains('app=' + odd + 'x&')
    assert b.requests[3].json.findAll { k, v -> !(k in ['chainId', 'build']) } == [app: odd, image: odd, tags: [odd, odd], source: odd, imageId: odd, by: odd]
    assert b.requests[5].json.spec == odd && b.requests[6].json.to == odd && b.requests[7].json.text == odd
    assert b.requests.take(8).every { it.body ==~ /\p{ASCII}+/ && it.key ==~ /[A-Za-z0-9%:._+*-]+/ }
    assert b.log.every { it.startsWith('[bridge] ') && !it.startsWith('[bridge] live') || it.startsWith('         timeline') || it.startsWith('ERROR: bridgeAwait:') || it == 'Finished: SUCCESS' }
    assert b.overrides.keySet().every { it ==~ /[A-Z0-9_]+/ }
}

test('A key of ones own is sent as it is') {
    def b = ran(http: accepting(), "bridgePush app: 'portal', image: 'r/p:1', key: 'second'")
    assert b.requests[0].key == 'second' && !b.requests[0].json.containsKey('key')
}

test('The map of arguments that a step is given is not changed') {
    def b = ran(http: accepting(), '''
        def a = [app: 'portal', image: 'r/p:1', tags: ['x']]
        bridgePush(a)
        bridgeDeploy([app: 'portal', environment: 'prod', spec: [ports: [1]]])
        echo a.toString()
    ''')
    assert log(b).contains('[app:portal, image:r/p:1, tags:[x]]')
}
