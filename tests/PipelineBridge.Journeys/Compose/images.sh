#!/usr/bin/env bash
# Archives of the roots of images, made of this machine's own files, since no image can be pulled where tests run:
#
#   images.sh DIRECTORY
#
# base.tar has the ASP.NET runtime, rabbitmq.tar Debian's RabbitMQ, registry.tar Debian's docker-registry; each a shell.
set -euo pipefail

cd "$1"
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")

# The libraries of programs and of libraries.
libraries() {
    { ldd "$@" 2>/dev/null || true; } | grep -oE '/[^ :]+\.so[^ :]*' | sort -u
}

# A root with BusyBox; the further arguments are what is copied into it from this machine's root.
root() {
    local root=$1 applet
    shift
    mkdir -p "$root"/{bin,dev,etc,proc,root,run,sys,tmp,var/lib}
    chmod 1777 "$root/tmp"
    cp /bin/busybox "$root/bin/"
    for applet in $(/bin/busybox --list); do
        [[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"
    done
    printf 'root:x:0:0::/root:/bin/sh\nrabbitmq:x:999:999::/var/lib/rabbitmq:/bin/sh\n' >"$root/etc/passwd"
    printf 'root:x:0:\nrabbitmq:x:999:\n' >"$root/etc/group"
    tar -C / --dereference -c -f - "${@#/}" | tar -C "$root" -x -f -
}

mapfile -t needed < <(libraries "$dotnet"/shared/Microsoft.NETCore.App/*/*.so "$dotnet"/host/fxr/*/libhostfxr.so)
# .NET loads OpenSSL by its name.
mapfile -t openssl < <(ldconfig -p | grep -oE '/[^ ]+/lib(ssl|crypto)\.so\.3$' | sort -u)
root base "$dotnet/host" "$dotnet/shared" "${needed[@]}" "${openssl[@]}"
if [[ $dotnet != /usr/share/dotnet ]]; then
    mkdir -p base/usr/share && ln -s "$dotnet" base/usr/share/dotnet
fi

mapfile -t binaries < <(find /usr/lib/erlang -type f \( -name '*.so' -o -path '*/bin/*' \))
mapfile -t needed < <(libraries "${binaries[@]}")
root rabbitmq /usr/lib/erlang /usr/lib/rabbitmq/lib "${needed[@]}"
mkdir -p rabbitmq/var/{lib,log}/rabbitmq rabbitmq/etc/rabbitmq/conf.d
printf '[].\n' >rabbitmq/etc/rabbitmq/enabled_plugins
chown -R 999:999 rabbitmq/var/lib/rabbitmq rabbitmq/var/log/rabbitmq

mapfile -t needed < <(libraries /usr/bin/docker-registry)
root registry /usr/bin/docker-registry "${needed[@]}"
mkdir -p registry/etc/docker/registry
cat >registry/etc/docker/registry/config.yml <<'EOF'
version: 0.1
log: { level: warn }
storage: { filesystem: { rootdirectory: /var/lib/registry } }
http: { addr: ":5000" }
EOF

for image in base rabbitmq registry; do
    tar -C "$image" -c -f "$image.tar" .
    rm -r "$image"
done
