import io.pipelinebridge.Ask
import io.pipelinebridge.Body

Map call(Map args = [:]) {
    def ask = new Ask(this, 'bridgeNotify')
    Map a = ask.read(args, [app: 'text!', text: 'text!', target: 'text', title: 'text', environment: 'text', mood: 'text'])
    String target = a.target ?: env.BRIDGE_TARGET
    if (!target) {
        error 'bridgeNotify: target is missing. Give target:, or set the variable BRIDGE_TARGET for the folder, to the name of a target of bridge.yaml'
    }
    return ask.send('/v1/notifications', a.app + '/' + target, Body.fields(a, []) + [target: target, title: a.title ?: a.app + ' ' + env.BUILD_DISPLAY_NAME])
}

def call(Object wrong) {
    error "bridgeNotify takes named arguments, e.g. bridgeNotify app: 'portal', target: 'team', text: 'the build failed'"
}
