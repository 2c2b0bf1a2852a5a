# Makes the conda environment at /opt/slipway/venv, from the channels that environment.yaml names and no others.
set -eu
here=$(dirname "$0")
scratch=/run/slipway/tmp
. "$here/packages.sh"

export MAMBA_ROOT_PREFIX="$scratch/mamba" MAMBA_NO_BANNER=1 HOME="$scratch" TMPDIR="$scratch"
if [ -d /run/slipway/cache ]; then
    export MAMBA_PKGS_DIRS=/run/slipway/cache/conda
else
    export MAMBA_PKGS_DIRS="$scratch/conda"
fi
if [ -s "$here/channel-alias" ]; then
    MAMBA_CHANNEL_ALIAS=$(cat "$here/channel-alias")
    export MAMBA_CHANNEL_ALIAS
fi
[ -z "$certificates" ] || export MAMBA_SSL_VERIFY="$certificates"
[ ! -f /run/slipway/secrets/netrc ] || ln -s /run/slipway/secrets/netrc "$HOME/.netrc"
set -- create --yes --no-rc --always-copy --prefix /opt/slipway/venv --override-channels \
    --channel-priority strict --file "$here/environment.yaml"
while read -r channel; do
    set -- "$@" --channel "$channel"
done <"$here/channels"
chmod +x /run/slipway/micromamba
/run/slipway/micromamba "$@" </dev/null
if ! /opt/slipway/venv/bin/python3 -m pip --version >/dev/null 2>&1; then
    /opt/slipway/venv/bin/python3 -m ensurepip
fi
rm -rf "${scratch:?}"/*
