import io.pipelinebridge.Ask
import io.pipelinebridge.Await

Map call(Map args = [:]) {
    def ask = new Ask(this, 'bridgeAwait')
    Map a = ask.read(args, [app: 'text!', environment: 'text!', minutes: 'count'], true)
    String unknown = ask.connect()
    if (unknown) {
        ask.fail('bridgeAwait: ' + unknown)
        return [app: a.app, environment: a.environment, state: 'unknown', problem: unknown]
    }
    return new Await(this, ask, a.app, a.environment).end(a.minutes ?: 30)
}

def call(Object wrong) {
    error "bridgeAwait takes named arguments, e.g. bridgeAwait app: 'portal', environment: 'prod', minutes: 15"
}
