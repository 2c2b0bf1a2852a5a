# Which Python gets the model's packages, and what pip and uv have to know; sourced by install.sh and lock.sh in $here.
#
#   SLIPWAY_PYTHON       the model's Python, such as 3.11
#   SLIPWAY_ENV_MANAGER  local: whatever Python the base image has; virtualenv: that very Python, apart from the base
#                        image's packages; conda: the environment is there already
#   SLIPWAY_MACHINE      what `uname -m` must say, if that was asked for
#   SLIPWAY_TARGET       venv: only /opt/slipway will be kept of this stage; else empty

here=${here:?}
scratch=/run/slipway/tmp
. "$here/packages.sh"

cache=/run/slipway/cache
venv=/opt/slipway/venv
export HOME="$scratch" TMPDIR="$scratch" NO_COLOR=1 PYTHONDONTWRITEBYTECODE=
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_BREAK_SYSTEM_PACKAGES=1 PIP_RETRIES=8
export UV_NO_PROGRESS=1 UV_HTTP_RETRIES=8 UV_LINK_MODE=copy UV_PYTHON_INSTALL_DIR=/opt/slipway/python
if [ -d "$cache" ]; then
    export PIP_CACHE_DIR="$cache/pip" UV_CACHE_DIR="$cache/uv"
fi
if [ -n "$certificates" ]; then
    export PIP_CERT="$certificates" SSL_CERT_FILE="$certificates" GIT_SSL_CAINFO="$certificates"
fi
[ ! -f /run/slipway/secrets/netrc ] || export NETRC=/run/slipway/secrets/netrc
[ ! -f "$here/pip.conf" ] || export PIP_CONFIG_FILE="$here/pip.conf"
[ ! -f "$here/uv.toml" ] || export UV_CONFIG_FILE="$here/uv.toml"

# Some engines take a base image of another processor without a word.
if [ -n "${SLIPWAY_MACHINE:-}" ] && [ "$(uname -m)" != "$SLIPWAY_MACHINE" ]; then
    echo "error: the base image is for $(uname -m), and the platform that was asked for is $SLIPWAY_MACHINE" >&2
    exit 1
fi

python=$(command -v python3 || true)
isolation=""
fetch=""
if [ "$SLIPWAY_ENV_MANAGER" = conda ]; then
    python="$venv/bin/python3"
elif [ "$SLIPWAY_ENV_MANAGER" = local ] && [ -n "$python" ] && [ ! -e /opt/slipway/begin-only ]; then
    if [ "$(minor "$python")" != "$SLIPWAY_PYTHON" ]; then
        echo "note: the model asks for Python $SLIPWAY_PYTHON, the base image has $(minor "$python"), which is used"
    fi
    [ "${SLIPWAY_TARGET:-}" != venv ] || isolation=--system-site-packages
elif [ "$(minor "python$SLIPWAY_PYTHON")" = "$SLIPWAY_PYTHON" ]; then
    python=$(command -v "python$SLIPWAY_PYTHON")
    isolation=alone
elif [ -n "$python" ] && [ "$(minor "$python")" = "$SLIPWAY_PYTHON" ]; then
    isolation=alone
else
    fetch=yes
    isolation=alone
fi
if [ -z "$python" ]; then
    echo "error: python3: not found" >&2
    exit 1
fi

# Any Python with pip can fetch uv, which is a program of its own; the cache keeps it for what runs the same programs.
get_uv() {
    uv="$scratch/uv/bin/uv"
    kept="$cache/uv-$SLIPWAY_UV-$("$python" -c 'import sysconfig; print(sysconfig.get_config_var("SOABI"))')"
    if [ -x "$kept" ]; then
        uv="$kept"
        return
    fi
    pip="$python -m pip"
    if ! $pip --version >/dev/null 2>&1; then
        "$python" -m venv "$scratch/begin"
        pip="$scratch/begin/bin/python3 -m pip"
    fi
    $pip install --no-deps --no-compile --target "$scratch/uv" "uv==$SLIPWAY_UV"
    if [ -d "$cache" ]; then
        cp "$uv" "$kept.$$" && mv "$kept.$$" "$kept"
    fi
}
