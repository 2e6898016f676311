import io.pipelinebridge.Ask
import io.pipelinebridge.Body

def call(Map args = [:]) {
    def ask = new Ask(this, 'bridgePipeline')
    Map a = ask.read(args, [app: 'text!', image: 'text!', build: 'closure!', node: 'text', checkout: 'flag', tags: 'texts', environments: 'texts', minutes: 'count'])
    Map common = [app: a.app] + Body.common(a)
    bridgeBuild(common + [node: a.node ?: '']) {
        stage('Build') {
            if (a.checkout != false) {
                checkout scm
            }
            Closure work = a.build
            work()
        }
        stage('Push') {
            bridgePush(common + Body.some(a, ['image', 'tags']))
        }
    }
    // The node is free again before anything is waited for.
    List environments = a.environments ?: []
    for (int i = 0; i < environments.size(); i++) {
        Map where = common + [environment: environments[i]]
        stage('Deploy to ' + environments[i]) {
            bridgeDeploy(where)
            bridgeAwait(where + Body.some(a, ['minutes']))
        }
    }
}

def call(Object wrong) {
    error "bridgePipeline takes named arguments, e.g. bridgePipeline app: 'portal', image: \"registry.internal/portal:\${env.BUILD_NUMBER}\", environments: ['prod'], build: { sh 'make image' }"
}
