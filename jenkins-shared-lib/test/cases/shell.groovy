def push = "def r = bridgePush app: 'portal', image: 'r/portal:1'\necho 'state ' + r.state\n"

test('Without the plugin, a step on a node sends with curl; the token is in the environment alone') {
    def seen = []
    def b = ran(missing: ['httpRequest'], shell: { a -> seen.add(a); '202\n\n' + accepting().call([path: '/v1/pushes', headers: ['Idempotency-Key': 'k'], json: [chainId: 'c']]).content }, "node { $push }")
    assert b.result == 'SUCCESS' && log(b).contains('state accepted') && seen.size() == 1
    def a = seen[0]
    assert a.kind == 'sh' && a.returnStdout && a.script.startsWith('#!/bin/sh\n') && !a.script.contains('token-of-the-bridge')
    assert a.env.BRIDGE_TOKEN.trim() == 'token-of-the-bridge' && a.env.BRIDGE_METHOD == 'POST' && a.env.BRIDGE_ADDRESS == 'https://bridge.internal/v1/pushes' && a.env.BRIDGE_KEY.contains('team%2Fportal')
    def written = b.calls.find { it.step == 'writeFile' }.arguments[0]
    assert written.file == a.env.BRIDGE_BODY && written.file.startsWith('/workspace@tmp/') && new groovy.json.JsonSlurper().parseText(written.text).app == 'portal'
}

test('Without the plugin and on Windows, a step sends with PowerShell, whose text is the same whatever is asked') {
    def texts = []
    def odd = 'a"b\'c$(d)`e\n%PATH% \u00fc'
    ['portal', odd].each { app ->
        def b = ran(build(missing: ['httpRequest'], unix: false, params: [app: app], shell: { a -> texts.add(a); '422\n\n' + problem(422, 'app: no').content }), "node('windows') { bridgePush app: params.app, image: 'r/portal:1' }")
        assert log(b).contains('refused: app: no (422)') && b.result == 'SUCCESS'
    }
    assert texts*.kind == ['powershell'] * 2 && texts*.script.unique().size() == 1
    assert texts.every { a -> a.env.findAll { k, v -> k.startsWith('BRIDGE_') && k != 'BRIDGE_TOKEN' }.values().every { !(it =~ /["'$`\n]/) } }
    def script = texts[0].script
    assert script.readLines().every { !(it =~ /Invoke-Expression|iex |cmd /) } && script.contains('$env:BRIDGE_TOKEN') && !script.contains('token-of-the-bridge')
}

test('Without the plugin and without a node, a warning says what to install, and the ask is kept') {
    def b = ran(missing: ['httpRequest'], "stage('Push') { $push }")
    assert b.result == 'SUCCESS' && b.stageResults.Push == 'UNSTABLE' && b.overrides.BRIDGE_UNSENT
    assert log(b).contains('the plugin HTTP Request is not installed, and this step holds no node that could send it with curl')
    assert log(ran(missing: ['withCredentials'], push)).contains('the plugin Credentials Binding is not installed')
}

test('What curl could not do is told in its words, and tried again') {
    def answers = ['000\n\ncurl: (7) Failed to connect', '429\n3\n' + problem(429, 'too much').content, '202\n\n' + json(202, [id: 'p-1234abcd', state: 'accepted', chainId: 'c', warnings: [], timelineUrl: 'u']).content]
    def b = ran(missing: ['httpRequest'], shell: { a -> answers.remove(0) }, "node { $push }")
    assert log(b).contains('state accepted') && answers == []
    def down = ran(missing: ['httpRequest'], shell: { a -> '000\n\ncurl: (7) Failed to connect' }, "node { $push }")
    assert log(down).contains('curl: (7) Failed to connect') && log(down).contains('state unsent')
    def broken = ran(missing: ['httpRequest'], shell: { a -> [code: 1, output: ''] }, "node { $push }")
    assert log(broken).contains('script returned exit code 1') && broken.result == 'SUCCESS'
}

test('An address with a dollar reaches the agent as it is') {
    def seen = []
    ran(missing: ['httpRequest'], variables: [HOME: '/root'], shell: { a -> seen.add(a.env.BRIDGE_ADDRESS); '202\n\n{}' }, '''
        node { bridgeAwait app: '$HOME', environment: 'prod', minutes: 1, failOnError: false }
    ''')
    assert seen.every { it.contains('app=%24HOME') }
}
