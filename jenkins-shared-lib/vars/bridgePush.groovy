import io.pipelinebridge.Ask
import io.pipelinebridge.Body

Map call(Map args = [:]) {
    def ask = new Ask(this, 'bridgePush')
    Map a = ask.read(args, [app: 'text!', image: 'text!', tags: 'texts', source: 'text', imageId: 'text'])
    return ask.send('/v1/pushes', a.image, Body.fields(a, []))
}

def call(Object wrong) {
    error "bridgePush takes named arguments, e.g. bridgePush app: 'portal', image: 'registry.internal/portal:412'"
}
