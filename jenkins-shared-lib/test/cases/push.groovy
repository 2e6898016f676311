test('A push is sent once with its key and the build, and gives its receipt') {
    def b = ran(http: accepting(), '''
        node('linux') {
            def receipt = bridgePush app: 'portal', image: "registry.internal/portal:${env.BUILD_NUMBER}", tags: ['latest']
            echo "id ${receipt.id} state ${receipt.state} chain ${env.BRIDGE_CHAIN_ID == receipt.chainId}"
        }
    ''')
    assert b.result == 'SUCCESS'
    assert b.requests.size() == 1
    def r = b.requests[0]
    assert r.method == 'POST' && r.url == 'https://bridge.internal/v1/pushes' && r.authorization == 'Bearer token-of-the-bridge'
    assert r.json.app == 'portal' && r.json.image == 'registry.internal/portal:412' && r.json.tags == ['latest']
    assert r.json.build == [url: 'https://jenkins.internal/job/team/job/portal/412/', number: 412, job: 'team/portal']
    assert r.json.chainId ==~ /[0-7][0-9a-hjkmnp-tv-z]{25}/
    assert r.key.startsWith('https%3A%2F%2Fjenkins.internal%2F:team%2Fportal:412:')
    assert log(b).contains('[bridge] push   portal  registry.internal/portal:412   accepted  #p-1000')
    assert log(b).contains('id p-1000') && log(b).contains('chain true')
}

test('A push that is retried is the same request') {
    def seen = [:]
    def b = ran(http: accepting(seen), '''
        int n = 0
        retry(3) {
            bridgePush app: 'portal', image: 'registry.internal/portal:412'
            n++
            if (n < 3) { error 'again' }
        }
    ''')
    assert b.requests.size() == 3 && b.requests*.key.unique().size() == 1 && b.requests*.body.unique().size() == 1
}
