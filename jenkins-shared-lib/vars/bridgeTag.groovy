import io.pipelinebridge.Ask
import io.pipelinebridge.Body

Map call(Map args = [:]) {
    def ask = new Ask(this, 'bridgeTag')
    Map a = ask.read(args, [app: 'text!', from: 'text!', tags: 'texts!'])
    return ask.send('/v1/tags', a.from + ' ' + a.tags.join(','), Body.fields(a, []))
}

def call(Object wrong) {
    error "bridgeTag takes named arguments, e.g. bridgeTag app: 'portal', from: 'registry.internal/portal:412', tags: ['stable']"
}
