"""One executable file that answers as `micromamba create` does, by rattler's solver and linker.

No test here can fetch micromamba itself. It is a shell script with a gzipped tar behind it: a relocatable python with
py-rattler, PyYAML and standin.py. It needs sh, tail, tar and gzip, and unpacks itself at every run (about a second).
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from support.conda import channel

STUB = b"""#!/bin/sh
at=$(mktemp -d "${TMPDIR:-/tmp}/micromamba.XXXXXX") || exit 1
trap 'rm -rf "$at"' EXIT
trap 'exit 143' TERM INT HUP
tail -n +8 "$0" | tar -xzf - -C "$at" || exit 1
"$at/bin/python3.11" -I -B "$at/micromamba.py" "$@"
exit
"""



def make(out):
    """Writes the program to the file `out`."""
    with tempfile.TemporaryDirectory() as work:
        tree = pathlib.Path(work, "tree")
        channel.relocatable_python(str(tree))
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-compile", "--only-binary=:all:",
             "--python-version", "3.11", "--platform", "manylinux2014_x86_64", "--platform", "manylinux_2_17_x86_64",
             "--target", tree / "lib/python3.11/site-packages", "py-rattler==0.28.0", "pyyaml"], check=True)
        shutil.copy(pathlib.Path(__file__).with_name("standin.py"), tree / "micromamba.py")
        with open(out, "wb") as file:
            file.write(STUB)
            file.flush()
            subprocess.run(
                ["tar", "-C", tree, "--owner=0", "--group=0", "--sort=name", "-czf", "-", "."], stdout=file, check=True)
    os.chmod(out, 0o755)
