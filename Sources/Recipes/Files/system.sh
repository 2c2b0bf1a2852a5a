# Installs what a model needs of the base image's own distribution: packages, and Python where there is none.
set -eu
here=$(dirname "$0")
scratch=/run/slipway/tmp
. "$here/packages.sh"

# With SLIPWAY_PYTHON the base image may lack Python. One of any version is enough to begin with: where it is not the
# model's, /opt/slipway/begin-only tells so, and the model's own is fetched.
can_begin=
if [ -n "${SLIPWAY_PYTHON:-}" ]; then
    present=$(command -v python3 || true)
    if [ -n "$present" ] && { "$present" -m pip --version || "$present" -c 'import ensurepip'; } >/dev/null 2>&1; then
        can_begin=yes
    fi
    if [ -z "$present" ] || { [ "$SLIPWAY_ENV_MANAGER" = virtualenv ] && [ "$(minor "$present")" != "$SLIPWAY_PYTHON" ]; }; then
        case $(manager) in
        apt-get) own="python$SLIPWAY_PYTHON" venv="python$SLIPWAY_PYTHON-venv" ;;
        *) own="python$SLIPWAY_PYTHON" venv="python$SLIPWAY_PYTHON-pip" ;;
        esac
        if has "$own" && has "$venv"; then
            install "$own" "$venv"
            can_begin=yes
        elif [ -z "$present" ]; then
            mkdir -p /opt/slipway
            : >/opt/slipway/begin-only
        fi
    fi
    if [ -z "$can_begin" ]; then
        case $(manager) in
        apt-get) install python3 python3-venv ;;
        apk) install python3 py3-pip ;;
        *) install python3 python3-pip ;;
        esac
        if [ -e /opt/slipway/begin-only ] && [ "$(minor python3)" = "$SLIPWAY_PYTHON" ]; then
            rm -r /opt/slipway/begin-only
        fi
    fi
    # Models ask for local time: the zones' data are small.
    [ -d /usr/share/zoneinfo ] || install tzdata
fi

case $(manager) in
apt-get) list=apt ;;
apk) list=apk ;;
*) list=dnf ;;
esac
if [ -s "$here/packages.asked" ]; then
    if [ "$list" != apt ]; then
        echo "error: apt_packages needs a Debian or Ubuntu base image, and this one has no apt" >&2
        exit 1
    fi
    # One name a line, none with anything that a shell would look at twice.
    # shellcheck disable=SC2046
    install $(cat "$here/packages.asked")
fi
if [ -s "$here/packages.$list" ]; then
    # shellcheck disable=SC2046
    install $(cat "$here/packages.$list")
fi
tidy
rm -rf "${scratch:?}"/*
