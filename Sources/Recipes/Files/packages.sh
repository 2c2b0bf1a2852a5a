# What the base image's distribution can install, by any of apt, apk and dnf; sourced by the install.sh files in $here.

here=${here:?}
scratch=/run/slipway/tmp
lists=
mkdir -p "$scratch"

# Certificates and credentials are mounts; without mounts, certificates stand beside the script.
for certificates in /run/slipway/secrets/ca.pem "$here/ca.pem"; do
    [ -f "$certificates" ] && break
done
[ -f "$certificates" ] || certificates=

manager() {
    for name in apt-get apk microdnf dnf yum; do
        if command -v "$name" >/dev/null 2>&1; then
            echo "$name"
            return
        fi
    done
}

# Runs apt with answers to everything, limits to its patience, and the site's mirror if there is one.
apt() {
    set -- -o Acquire::Retries=3 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 \
        -o APT::Sandbox::User=root -o Dpkg::Options::=--force-confold "$@"
    [ -z "$certificates" ] || set -- -o "Acquire::https::CAInfo=$certificates" "$@"
    if [ -s "$here/apt-mirror" ]; then
        parts="$scratch/sources"
        if [ ! -d "$parts" ]; then
            mkdir -p "$parts"
            for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
                [ ! -f "$file" ] || sed -E \
                    "s#https?://[^/ ]+/(debian-security|debian|ubuntu)/?#$(cat "$here/apt-mirror")/\1#g" \
                    "$file" >"$parts/${file##*/}"
            done
        fi
        set -- -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$parts" "$@"
    fi
    DEBIAN_FRONTEND=noninteractive apt-get "$@" </dev/null
}

# install PACKAGE...
install() {
    case $(manager) in
    apt-get)
        [ -n "$lists" ] || apt update
        lists=here
        apt install --yes --no-install-recommends "$@"
        ;;
    apk) apk add --no-cache "$@" ;;
    microdnf) microdnf install -y --nodocs --setopt=install_weak_deps=0 "$@" ;;
    dnf | yum) "$(manager)" install -y "$@" ;;
    *)
        echo "error: the base image has no package manager that is known here (apt, apk, dnf) to install $*" >&2
        return 1
        ;;
    esac
}

# Whether the distribution has PACKAGE.
has() {
    case $(manager) in
    apt-get)
        [ -n "$lists" ] || apt update
        lists=here
        apt-cache show "$1" >/dev/null 2>&1
        ;;
    apk) apk search --no-cache --exact "$1" | grep -q . ;;
    microdnf) microdnf repoquery "$1" 2>/dev/null | grep -q . ;;
    dnf | yum) "$(manager)" list --quiet "$1" >/dev/null 2>&1 ;;
    *) return 1 ;;
    esac
}

# Removes what package managers keep for later.
tidy() {
    rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/dnf /var/cache/yum
    rm -f /var/log/apt/* /var/log/dpkg.log /var/log/alternatives.log
}

# The minor version of a Python, such as 3.11; nothing where it does not run.
minor() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true
}
