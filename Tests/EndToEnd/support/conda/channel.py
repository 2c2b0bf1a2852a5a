"""A small conda channel made by hand, since a test may reach no other.

It holds python 3.11 (the machine's own Debian one, made relocatable), pip, hello-tool 1.0 and 2.0 (a tool without
Python), hello-tool-data (its dependency) and greet 0.3 (noarch Python with an entry point). hello-tool is a .tar.bz2, the
others are .conda where the machine has zstd, so that both formats occur.

Debian's python is changed for it: sysconfig.py and a sitecustomize.py lead to site-packages, not dist-packages;
ensurepip is allowed; libraries other than the C library's lie in lib/ and are found by an rpath, where the machine has
patchelf.
"""

import glob
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

PLACEHOLDER = "/opt/placehold" + "_placehold" * 20      # long, so that it fits binaries too
TIMESTAMP = 1700000000                                   # all files, so that a channel is reproducible
LIBC = re.compile(r"^(linux-vdso|ld-linux.*|lib(c|m|dl|rt|pthread|util|resolv|nsl))\.so(\.|$)")


class Package:
    """The files of one package, and what its info/ says."""

    def __init__(self, name, version, build="0", number=0, subdir="linux-64", depends=(), noarch=None,
                 constrains=(), entry_points=(), extra=None):
        self.index = {"name": name, "version": version, "build": build, "build_number": number,
                      "depends": list(depends), "constrains": list(constrains), "subdir": subdir,
                      "license": "test", "timestamp": TIMESTAMP * 1000}
        if subdir == "noarch":
            self.index.update(arch=None, platform=None)
        else:
            self.index.update(arch="x86_64", platform="linux")
        if noarch:
            self.index["noarch"] = noarch
        self.index.update(extra or {})
        self.noarch, self.entry_points = noarch, list(entry_points)
        self.files = {}                                  # path -> (bytes or link target, mode, kind)

    @property
    def stem(self):
        return "{name}-{version}-{build}".format(**self.index)

    def add(self, path, data, mode=0o644):
        if isinstance(data, str):
            data = data.encode()
        self.files[path] = (data, mode, "hardlink")

    def link(self, path, target):
        self.files[path] = (target, 0o777, "softlink")

    def add_tree(self, source, to, skip=lambda path: False):
        for folder, folders, names in os.walk(source):
            folders[:] = sorted(d for d in folders if d != "__pycache__")
            for name in sorted(names):
                full = os.path.join(folder, name)
                path = os.path.relpath(full, source)
                if skip(path) or not os.path.exists(full):
                    continue
                with open(full, "rb") as f:              # a link is followed: the tree must stand alone
                    self.add(os.path.join(to, path), f.read(), 0o755 if os.access(full, os.X_OK) else 0o644)

    def info(self):
        paths = []
        for path, (data, mode, kind) in sorted(self.files.items()):
            content = b"" if kind == "softlink" else data
            entry = {"_path": path, "path_type": kind, "sha256": hashlib.sha256(content).hexdigest(),
                     "size_in_bytes": len(content)}
            if PLACEHOLDER.encode() in content:
                entry.update(prefix_placeholder=PLACEHOLDER, file_mode="text")
            paths.append(entry)
        out = {"info/index.json": self.index,
               "info/paths.json": {"paths": paths, "paths_version": 1},
               "info/about.json": {"summary": "made for tests"}}
        if self.noarch == "python":
            out["info/link.json"] = {"noarch": {"type": "python", "entry_points": self.entry_points},
                                     "package_metadata_version": 1}
        out = {k: json.dumps(v, indent=1, sort_keys=True).encode() for k, v in out.items()}
        out["info/files"] = "".join(p["_path"] + "\n" for p in paths).encode()
        return {k: (v, 0o644, "hardlink") for k, v in out.items()}

    @staticmethod
    def tar(files, mode="w"):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode=mode, format=tarfile.GNU_FORMAT) as tar:
            for path, (data, rights, kind) in sorted(files.items()):
                member = tarfile.TarInfo(path)
                member.mode, member.mtime = rights, TIMESTAMP
                if kind == "softlink":
                    member.type, member.linkname = tarfile.SYMTYPE, data
                    tar.addfile(member)
                else:
                    member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))
        return buffer.getvalue()

    def write(self, channel, new_format):
        """Write the package and return (file name, its repodata record)."""
        folder = os.path.join(channel, self.index["subdir"])
        os.makedirs(folder, exist_ok=True)
        if new_format:
            name = self.stem + ".conda"
            zstd = lambda data: subprocess.run(["zstd", "-q", "-3", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as z:
                for member, data in (("metadata.json", b'{"conda_pkg_format_version": 2}'),
                                     ("pkg-%s.tar.zst" % self.stem, zstd(self.tar(self.files))),
                                     ("info-%s.tar.zst" % self.stem, zstd(self.tar(self.info())))):
                    z.writestr(zipfile.ZipInfo(member, (2023, 11, 14, 0, 0, 0)), data)
            data = buffer.getvalue()
        else:
            name = self.stem + ".tar.bz2"
            data = self.tar({**self.files, **self.info()}, "w:bz2")
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)
        return name, dict(self.index, size=len(data), md5=hashlib.md5(data).hexdigest(),
                          sha256=hashlib.sha256(data).hexdigest())


def write_channel(channel, packages):
    new = shutil.which("zstd") is not None
    data = {s: {"info": {"subdir": s}, "packages": {}, "packages.conda": {}, "removed": [], "repodata_version": 1}
            for s in ("linux-64", "noarch")}
    for package in packages:
        new_format = new and package.index["name"] != "hello-tool"
        name, record = package.write(channel, new_format)
        data[record["subdir"]]["packages.conda" if new_format else "packages"][name] = record
    for subdir, content in data.items():
        os.makedirs(os.path.join(channel, subdir), exist_ok=True)
        with open(os.path.join(channel, subdir, "repodata.json"), "w") as f:
            json.dump(content, f, indent=1, sort_keys=True)


# Debian's python as a relocatable tree

def replace(path, *pairs):
    with open(path) as f:
        text = f.read()
    for old, new in pairs:
        if old not in text:
            sys.exit("%s does not hold %r: not Debian 12's python3.11?" % (path, old))
        text = text.replace(old, new)
    with open(path, "w") as f:
        f.write(text)


def needed_libraries(files):
    """The libraries that the given ELF files need, as `ldd` finds them, without the C library's."""
    found = {}
    for file in files:
        listed = subprocess.run(["ldd", file], capture_output=True, text=True, check=False)
        for line in listed.stdout.splitlines():
            match = re.match(r"\s*(\S+) => (/\S+)", line)
            if match and not LIBC.match(match[1]):
                found[match[1]] = match[2]
    return found


def relocatable_python(out):
    """Packs the machine's python3.11 as OUT/bin and OUT/lib/python3.11; returns its full version."""
    executable, library = "/usr/bin/python3.11", "/usr/lib/python3.11"
    modules = glob.glob(library + "/lib-dynload/*.so")
    unwanted = ("_test", "_ctypes_test", "_xxtestfuzz", "xxlimited", "nis.", "_dbm")
    os.makedirs(out + "/bin")
    shutil.copy(executable, out + "/bin/python3.11")
    for name in ("python3", "python"):
        os.symlink("python3.11", out + "/bin/" + name)
    shutil.copytree(library, out + "/lib/python3.11", ignore=lambda folder, names: [
        n for n in names if n in ("__pycache__", "test", "EXTERNALLY-MANAGED", "sitecustomize.py") or n.startswith(unwanted)])
    os.makedirs(out + "/lib/python3.11/site-packages", exist_ok=True)
    lib = out + "/lib/python3.11/"
    with open(lib + "sitecustomize.py", "w") as f:       # `site` itself is frozen into the executable
        f.write("import site, sys\nsite.addsitedir(sys.prefix + '/lib/python3.11/site-packages')\n")
    replace(lib + "sysconfig.py", ("prefix_scheme = 'posix_local'", "prefix_scheme = 'posix_prefix'"))
    replace(lib + "ensurepip/__init__.py", ("    _ensurepip_is_disabled_in_debian_for_system()\n", ""))
    if shutil.which("patchelf"):
        wanted = [executable] + [m for m in modules if not os.path.basename(m).startswith(unwanted)]
        for name, path in needed_libraries(wanted).items():
            shutil.copy(os.path.realpath(path), out + "/lib/" + name)
        # DT_RPATH, not RUNPATH: it holds for the libraries of the modules in lib-dynload too
        subprocess.run(["patchelf", "--force-rpath", "--set-rpath", "$ORIGIN/../lib", out + "/bin/python3.11"], check=True)
    version = subprocess.run([out + "/bin/python3.11", "-I", "-c", "import platform; print(platform.python_version())"],
                             stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    return version


# The packages

def python_package(work):
    tree = os.path.join(work, "python")
    version = relocatable_python(tree)
    package = Package("python", version, "0_cpython", depends=["pip"],
                      extra={"python_site_packages_path": "lib/python3.11/site-packages"})
    package.add_tree(tree, "", skip=lambda p: p in ("bin/python", "bin/python3"))
    package.link("bin/python", "python3.11")
    package.link("bin/python3", "python3.11")
    package.add("lib/python3.11/site-packages/README.txt", "site-packages\n")
    return package


def wheel_package(wheel, depends=("python",), entry_points=()):
    """A pure-Python wheel as a noarch python package."""
    name, version = os.path.basename(wheel).split("-")[:2]
    package = Package(name.lower().replace("_", "-"), version, "pyh0", subdir="noarch", noarch="python", depends=depends,
                      entry_points=entry_points)
    with zipfile.ZipFile(wheel) as z:
        for member in z.infolist():
            if not member.is_dir() and not member.filename.endswith("/RECORD"):
                package.add("site-packages/" + member.filename, z.read(member))
    dist = next(p for p in package.files if p.endswith(".dist-info/METADATA")).rsplit("/", 1)[0]
    package.add(dist + "/INSTALLER", "conda\n")
    package.add(dist + "/RECORD", "".join(p[len("site-packages/"):] + ",,\n" for p in sorted(package.files)))
    return package


def hello_tool(version):
    package = Package("hello-tool", version, "h0_0", depends=["hello-tool-data >=1"])
    package.add("bin/hello-tool", '#!/bin/sh\nprefix=%s\necho "hello-tool %s: $(cat "$prefix/share/hello-tool/greeting")"\n'
                % (PLACEHOLDER, version), 0o755)
    return package


def hello_tool_data():
    package = Package("hello-tool-data", "1.0", "0", subdir="noarch", noarch="generic")
    package.add("share/hello-tool/greeting", "hello from conda\n")
    return package


def greet():
    package = Package("greet", "0.3", "pyh1", subdir="noarch", noarch="python", depends=["python >=3.9"],
                      entry_points=["greet = greet:main"])
    package.add("site-packages/greet/__init__.py", '__version__ = "0.3"\n\n\ndef main():\n    print("greet", __version__)\n')
    dist = "site-packages/greet-0.3.dist-info/"
    package.add(dist + "METADATA", "Metadata-Version: 2.1\nName: greet\nVersion: 0.3\n")
    package.add(dist + "INSTALLER", "conda\n")
    package.add(dist + "RECORD", "greet/__init__.py,,\ngreet-0.3.dist-info/METADATA,,\ngreet-0.3.dist-info/INSTALLER,,\ngreet-0.3.dist-info/RECORD,,\n")
    return package


def make(out):
    """Writes the channel to the directory `out`."""
    pip = sorted(glob.glob("/usr/share/python-wheels/pip-*.whl"))
    assert pip, "no pip wheel in /usr/share/python-wheels (Debian package python3-pip-whl)"
    with tempfile.TemporaryDirectory() as work:
        entry_points = ["pip = pip._internal.cli.main:main", "pip3 = pip._internal.cli.main:main"]
        write_channel(out, [
            python_package(work), wheel_package(pip[-1], entry_points=entry_points), hello_tool("1.0"), hello_tool("2.0"),
            hello_tool_data(), greet()])
