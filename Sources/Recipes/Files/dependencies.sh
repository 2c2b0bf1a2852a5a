# Installs the model's Python packages: into the base image's Python, or into /opt/slipway/venv.
#
#   SLIPWAY_PYTHON       the model's Python, such as 3.11
#   SLIPWAY_ENV_MANAGER  local: whatever Python the base image has; virtualenv: that very Python, apart from the base
#                        image's packages; conda: the environment is there already
#   SLIPWAY_INSTALLER    uv, or pip for Pythons that uv does not know
#   SLIPWAY_MACHINE      what `uname -m` must say, if that was asked for
#   SLIPWAY_TARGET       venv: only /opt/slipway will be kept of this stage; else empty
set -eu
here=$(dirname "$0")
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

# Any Python with pip can fetch uv, which is a program of its own.
get_uv() {
    uv="$scratch/uv/bin/uv"
    pip="$python -m pip"
    if ! $pip --version >/dev/null 2>&1; then
        "$python" -m venv "$scratch/begin"
        pip="$scratch/begin/bin/python3 -m pip"
    fi
    $pip install --no-deps --no-compile --target "$scratch/uv" "uv==$SLIPWAY_UV"
}

if [ "$SLIPWAY_INSTALLER" = uv ]; then
    get_uv
    if [ -n "$fetch" ]; then
        echo "note: the base image has no Python $SLIPWAY_PYTHON, and its distribution neither: uv fetches it"
        "$uv" python install --no-bin "$SLIPWAY_PYTHON"
        python=$("$uv" python find --managed-python "$SLIPWAY_PYTHON")
        rm -rf /opt/slipway/begin-only
    fi
    case $isolation in
    alone) "$uv" venv --no-project --python "$python" "$venv" ;;
    ?*) "$uv" venv --no-project --python "$python" "$isolation" "$venv" ;;
    esac
else
    if [ -n "$fetch" ]; then
        echo "error: the base image has Python $(minor "$python"), the model asks for $SLIPWAY_PYTHON" >&2
        exit 1
    fi
    case $isolation in
    alone) "$python" -m venv "$venv" ;;
    ?*) "$python" -m venv "$isolation" "$venv" ;;
    esac
fi
[ -z "$isolation" ] || python="$venv/bin/python3"

add() {
    if [ "$SLIPWAY_INSTALLER" = pip ]; then
        "$python" -m pip install --no-compile --requirement "$here/requirements.txt"
        return
    fi
    if [ -f "$here/uv.lock" ]; then
        # `uv sync` would fetch from the addresses that the lock file was made with, whatever the site's index is.
        grep -E '^--(index-url|extra-index-url|find-links) ' "$here/requirements.txt" >"$scratch/locked.txt" || true
        "$uv" export --project "$here" --frozen --no-dev --no-emit-project --quiet >>"$scratch/locked.txt" || return
        add_with_uv "$scratch/locked.txt" || return
    fi
    add_with_uv "$here/requirements.txt"
}
# Every index counts, as for pip: what a requirements file says was tried out with pip.
add_with_uv() {
    "$uv" pip install --python "$python" --break-system-packages --no-compile \
        --index-strategy unsafe-best-match --requirement "$1"
}

# add, with its words in $scratch/said too.
try() {
    { add 2>&1 && : >"$scratch/added"; } | tee "$scratch/said"
    [ -e "$scratch/added" ]
}

# Tools for building leave the image again; what compiled code needs to run stays.
case $(manager) in
apt-get) compilers="gcc g++ make pkg-config libc6-dev" libraries="libstdc++6 libgomp1 libgfortran5" headers="libpython$(minor "$python")-dev" ;;
apk) compilers="build-base linux-headers" libraries="libstdc++ libgomp" headers=python3-dev ;;
*) compilers="gcc gcc-c++ make" libraries="libstdc++ libgomp" headers="python$(minor "$python")-devel" ;;
esac
# What is installed, one name a line.
installed() {
    case $(manager) in
    apt-get) dpkg-query -W -f '${Package}\n' ;;
    apk) apk info -q ;;
    *) rpm -qa --qf '%{NAME}\n' ;;
    esac | sort
}
# keep PACKAGE...: install to stay. What is new then is not given back.
keep() {
    installed >"$scratch/earlier"
    install "$@"
    installed | grep -Fvx -f "$scratch/earlier" >>"$scratch/kept" || true
}
borrowed=
borrow() {
    [ -n "$borrowed" ] || installed >>"$scratch/kept"
    borrowed=yes
    install "$@"
}
give_back() {
    installed | grep -Fvx -f "$scratch/kept" >"$scratch/given" || true
    [ -s "$scratch/given" ] || return 0
    case $(manager) in
    apt-get) xargs dpkg --purge --force-depends <"$scratch/given" >/dev/null ;;
    # A world file names what was asked for: without it the rest goes by itself.
    apk) xargs apk del <"$scratch/given" ;;
    *) xargs rpm -e --nodeps <"$scratch/given" ;;
    esac
    tidy
}

if [ -s "$here/tools" ] && ! command -v git >/dev/null 2>&1; then
    # shellcheck disable=SC2046
    borrow $(cat "$here/tools")
fi
if ! try; then
    # Most packages have wheels. For one that has none, its own build says that a compiler is missing.
    if [ -z "$(manager)" ] || command -v cc >/dev/null 2>&1 ||
        ! grep -Eqi "failed to build|failed building wheel|unable to execute|command '?[a-z0-9_-]*(gcc|cc|g\+\+)" "$scratch/said"; then
        exit 1
    fi
    echo "note: a package has no wheel for this Python: compilers are installed, and removed when it is built"
    # shellcheck disable=SC2086
    keep $libraries
    # shellcheck disable=SC2086
    borrow $compilers
    include=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
    [ -e "$include/Python.h" ] || borrow "$headers"
    try || exit 1
fi
[ -z "$borrowed" ] || give_back

# Byte code that cannot be made is no reason to fail: the server's own start shows what is wrong.
"$python" "$here/warm.py" || true
rm -rf "${scratch:?}"/*
