import io.pipelinebridge.Ask
import io.pipelinebridge.Body
import io.pipelinebridge.Json

Map call(Map args = [:]) {
    def ask = new Ask(this, 'bridgeDeploy')
    Map a = ask.read(args, [app: 'text!', environment: 'text!', image: 'text', after: 'text', spec: 'object', specFormat: 'text', replicas: 'whole',
        hostnames: 'texts', healthTimeoutSeconds: 'whole', onFailure: 'text'])
    Map body = Body.fields(a, [])
    if (!a.image && !a.after) {
        // The push of this build; by its key, which is known also when it could not be sent yet.
        Map push = Json.parse(env."${Body.push(a.app)}")
        if (push == null) {
            error 'bridgeDeploy: image is missing, and this build has pushed none of ' + a.app + '. Give image:, or call bridgePush before'
        }
        if (push.several) {
            error 'bridgeDeploy: image is missing, and this build has pushed several of ' + a.app + '. Give image:, or after: with the key of a receipt'
        }
        if (push.state == 'refused') {
            return ask.refused('/v1/deployments', body, 'the push before it was refused: ' + push.problem)
        }
        body = body + [after: push.key]
    }
    return ask.send('/v1/deployments', a.app + '/' + a.environment, body)
}

def call(Object wrong) {
    error "bridgeDeploy takes named arguments, e.g. bridgeDeploy app: 'portal', environment: 'prod'"
}
