import io.pipelinebridge.Ask
import io.pipelinebridge.Body

Map call(Map args = [:]) {
    def ask = new Ask(this, 'bridgeRollback')
    Map a = ask.read(args, [app: 'text!', environment: 'text!', to: 'text'])
    return ask.send('/v1/rollbacks', a.app + '/' + a.environment, Body.fields(a, []))
}

def call(Object wrong) {
    error "bridgeRollback takes named arguments, e.g. bridgeRollback app: 'portal', environment: 'prod'"
}
