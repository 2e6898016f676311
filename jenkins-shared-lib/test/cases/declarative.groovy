test('A declarative pipeline pushes on its agent, deploys and waits without one, and tells a failure') {
    def take = accepting()
    def jenkinsfile = '''
        @Library('pipelinebridge@1') _
        pipeline {
            agent none
            environment { IMAGE = "registry.internal/portal:${env.BUILD_NUMBER}" }
            stages {
                stage('Build') {
                    agent { label 'linux' }
                    steps { sh 'make image'; bridgePush app: 'portal', image: env.IMAGE }
                }
                stage('Live') {
                    when { branch 'main' }
                    steps { bridgeDeploy app: 'portal', environment: 'prod'; bridgeAwait app: 'portal', environment: 'prod', minutes: 15 }
                }
            }
            post { failure { bridgeNotify app: 'portal', target: 'team', text: 'build failed' } }
        }
    '''
    def answers = { String state -> { r -> r.method == 'POST' ? take(r) : json(200, [app: 'portal', environment: 'prod', state: state, endedAt: 'now', revision: 3, cause: 'no room']) } }
    def good = ran(http: answers('succeeded'), variables: [BRANCH_NAME: 'main'], jenkinsfile)
    assert good.result == 'SUCCESS'
    assert good.requests*.path.findAll { it in ['/v1/pushes', '/v1/deployments', '/v1/notifications'] } == ['/v1/pushes', '/v1/deployments']
    assert good.requests[0].json.image == 'registry.internal/portal:412'
    assert !log(good).contains('holds an executor')

    def bad = ran(http: answers('failed'), variables: [BRANCH_NAME: 'main'], jenkinsfile)
    assert bad.result == 'FAILURE' && bad.requests.last().path == '/v1/notifications' && bad.requests.last().json.title == 'portal #412'

    def other = ran(http: answers('succeeded'), variables: [BRANCH_NAME: 'topic'], jenkinsfile)
    assert other.requests*.path == ['/v1/pushes']
}

test('The cells of a matrix are told apart by their subject and share the chain of the build') {
    def b = ran(http: accepting(), '''
        pipeline {
            agent none
            stages {
                stage('Images') {
                    matrix {
                        agent any
                        axes {
                            axis { name 'PLATFORM'; values 'linux', 'windows' }
                            axis { name 'EDITION'; values 'small', 'large' }
                        }
                        stages { stage('Push') { steps { bridgePush app: 'portal', image: "registry.internal/portal:412-${PLATFORM}-${EDITION}" } } }
                    }
                }
            }
        }
    ''')
    assert b.requests.size() == 4 && b.requests*.key.unique().size() == 4 && b.requests*.json*.chainId.unique().size() == 1
    assert b.requests*.json*.image.sort()[0] == 'registry.internal/portal:412-linux-large'
}
