"""What `micromamba create` does, by the solver, fetcher and linker of rattler: for tests only.

    micromamba create --yes --prefix P --override-channels --channel C ... [--file env.yaml] [SPEC ...]
    micromamba --version | micromamba list --prefix P | micromamba clean ...
"""
import argparse, asyncio, json, os, re, sys, tempfile


def requested(path):
    """Channels and specs of an environment file; its pip part is refused, as the caller installs it by uv."""
    import yaml
    with open(path) as f:
        content = yaml.safe_load(f) or {}
    specs = []
    for item in content.get("dependencies") or []:
        if not isinstance(item, str):
            sys.exit("critical libmamba stand-in: no pip section: %r" % item)
        specs.append(item)
    return content.get("channels") or [], specs


async def create(options):
    from rattler import Channel, ChannelPriority, Client, Gateway, VirtualPackage, install, solve
    channels, specs = list(options.channel), list(options.specs)
    for path in options.file:
        named, wanted = requested(path)
        specs += wanted
        channels += [c for c in named if c not in channels]       # as micromamba does, even with --override-channels
    if not channels:
        sys.exit("critical libmamba No channels given")
    print("Channels:", *["\n - " + c for c in channels], flush=True)
    cache = os.environ.get("CONDA_PKGS_DIRS") or os.path.join(os.environ.get("MAMBA_ROOT_PREFIX", os.path.expanduser("~/.mamba")), "pkgs")
    client = Client.authenticated_client()
    records = await solve(sources=[Channel(c) for c in channels], specs=specs,
                          gateway=Gateway(cache_dir=os.path.join(cache, "repodata"), client=client),
                          platforms=[options.platform, "noarch"], virtual_packages=VirtualPackage.detect(),
                          channel_priority={"strict": ChannelPriority.Strict}.get(options.channel_priority, ChannelPriority.Disabled))
    for r in records:
        print("  + %-20s %-12s %-12s %s" % (r.name.normalized, r.version, r.build, re.sub("//[^/]*@", "//", r.url)))
    if options.dry_run:
        return
    await install(records=records, target_prefix=options.prefix, cache_dir=cache, client=client, show_progress=False,
                  execute_link_scripts=False)
    print("Transaction finished", flush=True)


def main():
    if sys.argv[1:] == ["--version"]:
        return print("2.3.0 (stand-in: py-rattler)")
    parser = argparse.ArgumentParser("micromamba")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("create", "install"):
        p = commands.add_parser(name)
        p.add_argument("-y", "--yes", action="store_true")
        p.add_argument("-q", "--quiet", action="store_true")
        p.add_argument("-p", "--prefix", required=True)
        p.add_argument("-c", "--channel", action="append", default=[])
        p.add_argument("-f", "--file", action="append", default=[])
        p.add_argument("--platform", default="linux-64")
        p.add_argument("--channel-priority", default="strict")
        for flag in ("--override-channels", "--no-rc", "--no-env", "--dry-run", "--strict-channel-priority", "--no-pyc", "--always-copy"):
            p.add_argument(flag, action="store_true")
        p.add_argument("specs", nargs="*")
    p = commands.add_parser("list")
    p.add_argument("-p", "--prefix", required=True)
    commands.add_parser("clean").add_argument("rest", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if options.command == "clean":
        return
    if options.command == "list":
        folder = os.path.join(options.prefix, "conda-meta")
        for name in sorted(os.listdir(folder)):
            if name.endswith(".json"):
                with open(os.path.join(folder, name)) as f:
                    r = json.load(f)
                print("  %-20s %-12s %-12s %s" % (r["name"], r["version"], r["build"], r["channel"]))
        return
    if not options.yes:
        sys.exit("Confirm changes: [Y/n] (stand-in: --yes is needed)")
    status = 0
    try:
        asyncio.run(create(options))
    except Exception as error:
        print("error    libmamba %s: %s" % (type(error).__name__, error), file=sys.stderr)
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    # Not by the interpreter's own end: threads of rattler's may still run then, and break it.
    os._exit(status)


main()
