#!/bin/sh
# One call to the bridge by curl. In: BRIDGE_METHOD, BRIDGE_ADDRESS, BRIDGE_KEY, BRIDGE_BODY (a file), BRIDGE_SECONDS, BRIDGE_TOKEN.
# Out: the status (000 when there was none), the header Retry-After, then the body or what went wrong.
# The token reaches curl by its standard input alone: a command line can be read by everybody on the machine.
umask 077
headers=$BRIDGE_BODY.headers answer=$BRIDGE_BODY.answer wrong=$BRIDGE_BODY.wrong
trap 'rm -f "$BRIDGE_BODY" "$headers" "$answer" "$wrong"' EXIT
if ! command -v curl >/dev/null; then
    printf '000\n\nthe agent has no curl'
    exit 0
fi
quoted() { printf %s "$1" | tr -d '\r\n' | sed 's/[\\"]/\\&/g'; }
status=$({
    printf 'header = "Authorization: Bearer %s"\n' "$(quoted "$BRIDGE_TOKEN")"
    if [ "$BRIDGE_METHOD" != GET ]; then
        printf 'header = "Content-Type: application/json; charset=utf-8"\n'
        printf 'header = "Idempotency-Key: %s"\n' "$(quoted "$BRIDGE_KEY")"
        printf 'data-binary = "@%s"\n' "$(quoted "$BRIDGE_BODY")"
    fi
} | curl --config - --silent --show-error --request "$BRIDGE_METHOD" --connect-timeout "$BRIDGE_SECONDS" --max-time "$BRIDGE_SECONDS" \
    --dump-header "$headers" --output "$answer" --write-out '%{http_code}' --url "$BRIDGE_ADDRESS" 2>"$wrong")
ended=$?
if [ "$ended" -ne 0 ]; then
    printf '000\n\n'
    cat "$wrong"
    exit 0
fi
printf '%s\n' "$status"
printf '%s\n' "$(sed -n 's/^[Rr][Ee][Tt][Rr][Yy]-[Aa][Ff][Tt][Ee][Rr]: *\([0-9]*\).*/\1/p' "$headers" | head -n 1)"
cat "$answer"
