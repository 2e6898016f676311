#!/bin/sh
# Makes the secrets that are missing, the hashes of the callers' keys, and the broker's users with what each may do.
#
#   init.sh SECRETS BRIDGE_YAML
#
# SECRETS is a directory with one directory for each process that reads secrets. What is there stays as it is, so that
# this may run at each start. Its owner owns what is made; the group READERS, that of the containers' user, may read it.
# Nothing secret is an argument of a program or is written to the output.
set -eu
umask 077

secrets=$1
configuration=$2
program=${PROGRAM:-/app/pipelinebridge}
readers=${READERS:-10001}
stages='registry cluster notifications'

# Writes standard input to a file. It is there in full or not at all.
put() {
    cat >"$secrets/$1.new"
    mv "$secrets/$1.new" "$secrets/$1"
}

# A secret of 64 hexadecimal digits, unless there is one.
secret() {
    [ -s "$secrets/$1" ] && return
    od -An -N32 -tx1 /dev/urandom | tr -d ' \n' | put "$1"
    echo "made $1"
}

# The hash of a key, as bridge.yaml takes it. Everybody may read it at each moment: containers run while this does.
hash() {
    sha256sum <"$secrets/$1" | cut -d ' ' -f 1 | tr -d '\n' | (umask 022 && put "hashes/$2")
}

for directory in operator hashes rabbitmq bridge subscriber $stages; do
    mkdir -p "$secrets/$directory"
done
for process in bridge subscriber $stages; do
    secret "$process/broker"
done
for stage in $stages; do
    secret "$stage/bridge-key"
    hash "$stage/bridge-key" "$stage"
done
secret operator/key
hash operator/key operator
# The simulator's, which is no secret. Put your own there.
if [ ! -s "$secrets/notifications/slack" ]; then
    printf 'xoxb-simulator' | put notifications/slack
    echo "made notifications/slack for the simulator of Slack"
fi

set --
for process in bridge subscriber $stages; do
    set -- "$@" --password "pipelinebridge-$process=$secrets/$process/broker"
done
(umask 022 && "$program" broker definitions --file "$configuration" "$@" >"$secrets/rabbitmq/definitions.json.new")
mv "$secrets/rabbitmq/definitions.json.new" "$secrets/rabbitmq/definitions.json"

# The host's owner of the directory keeps the files, the containers read them. Hashes may be read by everybody: the
# broker runs as a user of its own.
owner=$(stat -c %u "$secrets")
for directory in operator hashes rabbitmq bridge subscriber $stages; do
    case $directory in
        hashes | rabbitmq) directories=755 files=644 group=$readers ;;
        # No container of compose.yml: somebody's service is given it.
        subscriber) directories=700 files=600 group=$(stat -c %g "$secrets") ;;
        *) directories=750 files=640 group=$readers ;;
    esac
    chown -R "$owner:$group" "$secrets/$directory"
    chmod "$directories" "$secrets/$directory"
    find "$secrets/$directory" -type f -exec chmod "$files" {} +
done
echo "The secrets are in place."
