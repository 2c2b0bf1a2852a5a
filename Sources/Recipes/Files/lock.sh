# Resolves the requirements before anything is installed, and parts what they come to in two: a first layer of packages
# that are large and seldom change, and the rest. A stage of its own does this, and nothing of it is left in the image:
# a layer that is made from its files is made again only where their content differs, so that one more requirement does
# not cost all the others again.
#
#   /opt/slipway/lock/first  all that makes the first layer
#   /opt/slipway/lock/rest   requirements.txt: everything, resolved; nothing where that could not be done beforehand:
#                            then the requirements are installed as they stand, in one layer
#
# Its variables: see python.sh and install.sh
set -eu
here=$(dirname "$0")
. "$here/python.sh"

first=/opt/slipway/lock/first
rest=/opt/slipway/lock/rest
mkdir -p "$first" "$rest"
for file in install.sh python.sh packages.sh warm.py pip.conf uv.toml apt-mirror ca.pem; do
    [ ! -f "$here/$file" ] || cp "$here/$file" "$first/"
done
: >"$first/requirements.txt"

compile() {
    "$uv" pip compile --quiet --python "$python" --no-header --no-annotate --index-strategy unsafe-best-match \
        --emit-index-url --emit-find-links --emit-build-options "$@"
}
# Whether Python has packages of its own, which might answer requirements.
is_used() {
    "$python" -c '
import importlib.metadata as metadata, sys
names = {(d.metadata["Name"] or "").lower() for d in metadata.distributions()}
sys.exit(not names - {"pip", "setuptools", "wheel", "uv"})'
}
lock() {
    if [ -n "$fetch" ] || { [ -z "$isolation" ] && is_used; }; then return 1; fi
    get_uv
    compile "$here/requirements.txt" >"$scratch/all.txt" || return 1
    # A path or an address is not what the first layer can be made from.
    grep -E "^($(paste -sd '|' "$here/first"))==" "$scratch/all.txt" >"$scratch/begin.txt" || return 1
    compile --constraint "$scratch/all.txt" "$scratch/begin.txt" >"$scratch/first.txt" || return 1
    if grep -Eq '^-e| @ ' "$scratch/first.txt"; then return 1; fi
}

if lock 2>"$scratch/why"; then
    cp "$scratch/all.txt" "$rest/requirements.txt"
    cp "$scratch/begin.txt" "$rest/warmed"
    cp "$scratch/first.txt" "$first/requirements.txt"
    cp "$scratch/begin.txt" "$first/warm"
else
    cat "$scratch/why"
    echo "note: the requirements are installed in one layer"
fi
