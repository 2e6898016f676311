test('A build is told queued, started and finished, with its commit, title and author') {
    def b = ran(http: accepting(), shell: { a -> a.script.contains('git log') ? '3f1c2a9' + '0' * 33 + '\nFix date of birth sort\nAnn\n' : '' }, variables: [BRANCH_NAME: 'main', GIT_URL: 'https://git.internal/portal'], '''
        def value = bridgeBuild(app: 'portal', node: 'linux') { sh 'make'; 'made' }
        echo value
    ''')
    assert b.result == 'SUCCESS' && log(b).contains('made')
    assert b.requests*.path.unique() == ['/v1/builds'] && b.requests*.json*.state == ['queued', 'started', 'finished']
    def last = b.requests.last().json
    assert last.outcome == 'success' && last.commit == '3f1c2a9' + '0' * 33 && last.title == 'Fix date of birth sort' && last.author == 'Ann'
    assert last.job == 'team/portal' && last.number == 412 && last.url == 'https://jenkins.internal/job/team/job/portal/412/' && last.branch == 'main' && last.repository == 'https://git.internal/portal'
    assert !last.containsKey('build') && b.requests*.key.unique().size() == 3 && b.requests*.json*.chainId.unique().size() == 1
    // Queued is told before a node is asked for.
    assert b.calls.findIndexOf { it.step == 'httpRequest' } < b.calls.findIndexOf { it.step == 'node' }
}

test('A failed build is told, with who made the commit, and stays failed') {
    def b = ran(http: accepting(), shell: { a -> a.script.contains('git log') ? 'a' * 40 + '\nBreak it\nBob\n' : [code: 2, output: 'no rule'] }, "node { bridgeBuild(app: 'portal') { sh 'make' } }")
    assert b.result == 'FAILURE' && b.requests.last().json.findAll { k, v -> k in ['state', 'outcome', 'author'] } == [state: 'finished', outcome: 'failure', author: 'Bob']
    assert b.log.any { it == 'ERROR: script returned exit code 2' }
    def error = ran(http: accepting(), "bridgeBuild(app: 'portal') { noSuchStep() }")
    assert error.result == 'FAILURE' && error.requests.last().json.outcome == 'failure'
    def unstable = ran(http: accepting(), "bridgeBuild(app: 'portal') { unstable 'tests' }")
    assert unstable.result == 'UNSTABLE' && unstable.requests.last().json.outcome == 'failure'
}

test('An aborted build says so in one attempt of five seconds at most, and stays aborted') {
    def b = ran(abortAfter: 2000, http: accepting(), "bridgeBuild(app: 'portal') { sleep 60 }; echo 'never'")
    assert b.result == 'ABORTED' && b.requests.last().json.outcome == 'cancel' && !log(b).contains('never')
    def down = build(abortAfter: 2000, http: null)
    down.http = { r -> down.turns.now < down.started + 2000 ? accepting().call(r) : [status: 408, content: '', seconds: 600] }
    ran(down, "bridgeBuild(app: 'portal') { sleep 60 }")
    assert down.result == 'ABORTED' && down.requests.size() == 3 && down.turns.now - down.started <= 7000
    def hanging = build(abortAfter: 2000, http: null)
    hanging.http = { r -> hanging.turns.now < hanging.started + 2000 ? accepting().call(r) : { hanging.turns.pause(hanging.turns.now + 600000); [:] }.call() }
    ran(hanging, "bridgeBuild(app: 'portal') { sleep 60 }")
    assert hanging.result == 'ABORTED' && hanging.turns.now - hanging.started <= 7000
}

test('A build that is aborted while it is told of says so too') {
    def n = 0
    def take = accepting()
    def b = ran(abortAfter: 1000, http: { r -> n++ ? take(r) : take(r) + [seconds: 9] }, "bridgeBuild(app: 'portal') { echo 'never' }")
    assert b.result == 'ABORTED' && !log(b).contains('never') && b.requests*.json.collect { it.state + ' ' + it.outcome } == ['queued null', 'finished cancel']
}

test('A Jenkins without an address of its own is told what to set, and its builds go on') {
    def b = build(http: { throw new IllegalStateException('sent') })
    b.base.BUILD_URL = b.base.JENKINS_URL = null
    ran(b, "stage('Build') { bridgeBuild(app: 'portal') { echo 'made' } }")
    assert b.result == 'SUCCESS' && log(b).contains('made') && b.stageResults.Build == 'UNSTABLE' && log(b).contains('refused: Jenkins does not know its own address') && log(b).contains('unclassified.location.url')
    def push = build(http: accepting())
    push.base.BUILD_URL = push.base.JENKINS_URL = null
    ran(push, "bridgePush app: 'portal', image: 'r/portal:1'")
    assert push.requests.size() == 1 && push.result == 'SUCCESS'
}

test('One state told gives its receipt, as every step does') {
    def b = ran(http: accepting(), """
        def r = bridgeBuild app: 'portal', state: 'started'
        echo 'got ' + r.id + ' ' + r.state
        currentBuild.result = 'ABORTED'
        echo 'then ' + bridgeBuild(app: 'portal', state: 'finished').state
    """)
    assert log(b).contains('got f-1000') && log(b).contains('then succeeded')
}

test('With a bridge that is away a build starts within 40 seconds, and the reports come later in their order') {
    def down = true
    def take = accepting()
    def b = build(http: { r -> down ? [status: 408, content: '', seconds: 20] : take(r) }, params: [up: { down = false }])
    ran(b, "bridgeBuild(app: 'portal') { echo 'at ' + (System.currentTimeMillis() - currentBuild.startTimeInMillis); params.up() }")
    assert b.log.any { it ==~ /at \d+/ && (it - 'at ').toLong() <= 40000 } && b.result == 'SUCCESS'
    def states = b.requests.findAll { it.json }*.json*.state
    assert states.takeRight(3) == ['queued', 'started', 'finished'] && !b.overrides.BRIDGE_UNSENT
}

test('What Jenkins knows of the commit is taken where there is no workspace') {
    def set = [getItems: { [[getCommitId: { 'c' * 40 }, getMsg: { 'Add' }, getAuthor: { [getFullName: { 'Eve' }] as Person }] as Change] }] as Changes
    def b = ran(http: accepting(), changeSets: [set], "bridgeBuild(app: 'portal') { }")
    assert b.requests.every { it.json.commit == 'c' * 40 && it.json.title == 'Add' && it.json.author == 'Eve' }
    def pull = ran(http: accepting(), variables: [CHANGE_AUTHOR: 'zoe', CHANGE_TITLE: 'Better'], "bridgeBuild(app: 'portal', commit: 'abc') { }")
    assert pull.requests.last().json.author == 'zoe' && pull.requests.last().json.title == 'Better' && pull.requests.last().json.commit == 'abc'
}

interface Changes { List getItems() }
interface Change { String getCommitId(); String getMsg(); Object getAuthor() }
interface Person { String getFullName() }

test('A declarative pipeline tells one state at a time') {
    def b = ran(http: accepting(), '''
        pipeline {
            agent any
            stages { stage('Build') { steps { bridgeBuild app: 'portal', state: 'started'; error 'no' } } }
            post { always { bridgeBuild app: 'portal', state: 'finished' } }
        }
    ''')
    assert b.requests*.json.collect { it.state + ' ' + it.outcome } == ['started null', 'finished failure'] && b.result == 'FAILURE'
    def aborted = ran(http: accepting(), abortAfter: 1000, '''
        pipeline {
            agent any
            stages { stage('Build') { steps { sleep 60 } } }
            post { always { bridgeBuild app: 'portal', state: 'finished' } }
        }
    ''')
    assert aborted.requests*.json*.outcome == ['cancel'] && aborted.result == 'ABORTED'
    assert log(ran(http: accepting(), "bridgeBuild app: 'portal'")).contains('state is missing.')
}

test('The whole of a pipeline in one step: the node is free before anything is waited for') {
    def take = accepting()
    def live = [app: 'portal', state: 'succeeded', revision: 9, endedAt: 'now', image: 'r/portal:412@sha256:9c1e04f2aa']
    def b = ran(http: { r -> r.method == 'POST' ? take(r) : json(200, live + [environment: 'x']) }, '''
        bridgePipeline app: 'portal', image: "r/portal:${env.BUILD_NUMBER}", node: 'linux', environments: ['test', 'prod'], build: { sh 'make image' }
    ''')
    assert b.result == 'SUCCESS' && !log(b).contains('holds an executor')
    assert b.requests.findAll { it.method == 'POST' }.collect { it.path + (it.json.environment ? ' ' + it.json.environment : it.json.state ? ' ' + it.json.state : '') } ==
        ['/v1/builds queued', '/v1/builds started', '/v1/pushes', '/v1/builds finished', '/v1/deployments test', '/v1/deployments prod']
    assert b.calls*.step.containsAll(['checkout', 'sh'])
    def failing = ran(http: { r -> r.method == 'POST' ? take(r) : json(200, live + [environment: 'test', state: 'failed', cause: 'no']) }, '''
        bridgePipeline app: 'portal', image: 'r/portal:1', environments: ['test', 'prod'], checkout: false, build: { echo 'made' }
    ''')
    assert failing.result == 'FAILURE' && !failing.requests.any { it.json?.environment == 'prod' }
}

test('Tags, rollbacks and messages are asked for with what they need') {
    def b = ran(http: accepting(), variables: [BRIDGE_TARGET: 'team'], '''
        bridgeTag app: 'portal', from: 'r/portal:412', tags: ['stable', 'latest']
        bridgeRollback app: 'portal', environment: 'prod'
        bridgeRollback app: 'portal', environment: 'prod', to: 'r/portal:410'
        bridgeNotify app: 'portal', text: 'the build failed', mood: 'bad'
    ''')
    assert b.requests*.path == ['/v1/tags', '/v1/rollbacks', '/v1/rollbacks', '/v1/notifications'] && b.requests*.key.unique().size() == 4
    assert b.requests[0].json.from == 'r/portal:412' && b.requests[0].json.tags == ['stable', 'latest'] && b.requests[2].json.to == 'r/portal:410'
    assert b.requests[3].json.findAll { k, v -> k in ['target', 'title', 'text', 'mood'] } == [target: 'team', title: 'portal #412', text: 'the build failed', mood: 'bad']
    assert log(ran(http: accepting(), "bridgeNotify app: 'portal', text: 'x'")).contains('bridgeNotify: target is missing. Give target:, or set the variable BRIDGE_TARGET')
}
