# Installs the model's Python packages: into the base image's Python, or into /opt/slipway/venv.
#
#   SLIPWAY_INSTALLER    uv, or pip for Pythons that uv does not know
#   the others           see python.sh
set -eu
here=$(dirname "$0")
. "$here/python.sh"

# What lock.sh found, where it came first.
locked=/run/slipway/locked
requirements="$here/requirements.txt"
[ ! -s "$locked/requirements.txt" ] || requirements="$locked/requirements.txt"
# lock.sh may leave nothing to the first layer.
[ -s "$requirements" ] || [ -f "$here/uv.lock" ] || exit 0

if [ "$SLIPWAY_INSTALLER" = uv ]; then
    get_uv
    if [ -n "$fetch" ]; then
        echo "note: the base image has no Python $SLIPWAY_PYTHON, and its distribution neither: uv fetches it"
        "$uv" python install --no-bin "$SLIPWAY_PYTHON"
        python=$("$uv" python find --managed-python "$SLIPWAY_PYTHON")
        rm -rf /opt/slipway/begin-only
    fi
    [ ! -x "$venv/bin/python3" ] || isolation=made
    case $isolation in
    made) ;;
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
        "$python" -m pip install --no-compile --requirement "$requirements"
        return
    fi
    if [ -f "$here/uv.lock" ]; then
        # `uv sync` would fetch from the addresses that the lock file was made with, whatever the site's index is.
        grep -E '^--(index-url|extra-index-url|find-links) ' "$here/requirements.txt" >"$scratch/locked.txt" || true
        "$uv" export --project "$here" --frozen --no-dev --no-emit-project --quiet >>"$scratch/locked.txt" || return
        add_with_uv "$scratch/locked.txt" || return
    fi
    add_with_uv "$requirements"
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
"$python" "$here/warm.py" "$here" "$locked" || true
rm -rf "${scratch:?}"/*
