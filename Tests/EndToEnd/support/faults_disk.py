"""Writing that fails at a chosen call, or a process that ends there: what a real disk does not do on demand."""

import base64
import errno
import json
import mmap
import pathlib
import shutil
import socket
import sqlite3
import struct
import subprocess
import tempfile

from support.faults import Lost
from support.processes import PROJECT, Background, command_lines, kill, run, wait_until
from support.slipway import BASE, ENDED

EVER = 1 << 60
DIE, DIE_AFTER = -1, -2
FULL, BROKEN = errno.ENOSPC, errno.EIO

# As docker answers; it notes what it was given to build.
ENGINE = """#!/bin/sh
case "$1 $2" in
"--version "*) echo "Docker version 99.0, build 0" ;;
"version "*) echo 99.0 ;;
"build --progress")
    while [ $# -gt 1 ]; do
        case $1 in
        --iidfile) id=$2 ;;
        --file) recipe=$(grep -v -e created -e build.id "$2") ;;
        esac
        shift
    done
    digest=$( (cd "$1" && find . -type f | LC_ALL=C sort | xargs cat; echo "$recipe") | sha256sum | cut -c 1-64)
    echo "$1 $digest" >>"$DOCKER_BUILT"
    echo "#1 building"
    while [ -e "${DOCKER_BUILT%/*}/hold" ]; do sleep 0.05; done
    [ ! -e "${DOCKER_BUILT%/*}/step" ] || . "${DOCKER_BUILT%/*}/step"
    echo "sha256:$digest" >"$id" ;;
"image inspect") echo "[{\\"Id\\": \\"$3\\", \\"Size\\": 1}]" ;;
esac
"""


class Harm:
    """What the preloaded library is told, and tells."""

    _fields = ("calls", "first", "last", "error", "clock", "hits", "started")

    def __init__(self, library, folder, root):
        file = folder / "harm"
        file.write_bytes(bytes(4096))
        self.environment = {"LD_PRELOAD": str(library), "HARM_FILE": str(file), "HARM_ROOT": str(root)}
        with file.open("r+b") as opened:
            self._memory = mmap.mmap(opened.fileno(), 4096)

    @staticmethod
    def compile(folder):
        path = folder / "harm.so"
        source = pathlib.Path(__file__).with_name("faults.c")
        run("cc", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", path, source)
        return path

    def __getitem__(self, name):
        return struct.unpack_from("q", self._memory, 8 * self._fields.index(name))[0]

    def __setitem__(self, name, value):
        struct.pack_into("q", self._memory, 8 * self._fields.index(name), value)

    def strike(self, number, error, times=1):
        """Lets the call of this number fail, and more after it."""
        for name, value in {"calls": 0, "hits": 0, "error": error, "last": number + times - 1}.items():
            self[name] = value
        self["first"] = number

    def heal(self):
        """All calls work again, and a while is over."""
        self["first"] = 0
        self["clock"] += 70_000

    @property
    def where(self):
        return self._memory[56:312].split(b"\0")[0].decode()


class Site:
    """What all trials have in common: settings, a model, a stand-in for docker."""

    login = ("admin", "harmless words")

    def __init__(self, binary, folder, environment):
        self.binary, self.folder, self.environment = binary, folder, environment
        folder.mkdir(parents=True)
        self.library = Harm.compile(folder)
        model = folder / "model"
        model.mkdir()
        (model / "MLmodel").write_text(
            "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    python_version: 3.11.7\n"
            "mlflow_version: 3.1.0\n")
        (model / "requirements.txt").write_text("mlflow==3.1.0\n")
        run(PROJECT / "dev" / "sample-store", model, folder / "mlruns", "tiny")
        run("htpasswd", "-icB", "-C", "4", folder / "htpasswd", self.login[0], input=self.login[1])
        self.engine = folder / "docker"
        self.engine.write_text(ENGINE)
        self.engine.chmod(0o755)
        self.settings = {
            "server": {"responders": 1, "threads": 2}, "registry": {"uri": str(folder / "mlruns")},
            "images": {"engine": str(self.engine), "base_images": {"3.11": "localhost/base:1"}},
            "builds": {"max_parallel": 1, "smoke_test": False, "min_free_mb": 0},
            "auth": {"htpasswd": str(folder / "htpasswd"), "administrators": [self.login[0]]}}
        # Without any harm: a state folder to begin with, and what a build is made of.
        self.template = folder / "template"
        with Trial(self) as trial:
            trial.serve()
            assert trial.submit()[0] == 200
            trial.settle()
            self.digest = trial.built.read_text().split()[1]
            run(binary, "builds", "prune", "--keep", "0", "--config", trial.config, env=trial.environment)
            trial.stop()
            trial.state.rename(self.template)
        self.cut_off = {}
        self.wreck = folder / "wreck"
        self._make_wreck()

    def _make_wreck(self):
        """A state folder in which everything was cut off that can be; the builds by what happened to them."""
        with Trial(self) as trial:
            trial.respond()
            names = ("ended", "lost", "stray", "accepted")
            ids = {name: trial.submit()[1]["build"]["build_id"] for name in names}
            trial.settle()
            trial.wait_quiet()
            trial.stop()
            trial.state.rename(self.wreck)
        builds = self.wreck / "builds"
        cut = {name: builds / build_id / "status.json" for name, build_id in ids.items()}
        for name, state in {"lost": "building", "stray": "queued", "accepted": "queued"}.items():
            status = json.loads(cut[name].read_text())
            begun = status["steps"][:3] if state == "building" else []
            for key in ("finished_at", "duration_seconds", "image"):
                del status[key]
            cut[name].write_text(json.dumps(status | {"state": state, "steps": begun}, separators=(",", ":")))
        for name in ("ended", "lost"):
            (builds / ids[name] / "context" / "model").mkdir(parents=True)
        with sqlite3.connect(self.wreck / "slipway.db") as database:
            database.execute("UPDATE builds SET state = 'building' WHERE id = ?", (ids["lost"],))
            database.execute(
                "UPDATE builds SET state = 'queued', launched_at = NULL WHERE id = ?", (ids["accepted"],))
            database.execute("DELETE FROM builds WHERE id = ?", (ids["stray"],))
        (builds / ids["accepted"]).rename(builds / f".{ids['accepted']}.draft")
        run("cp", "-r", builds / ids["ended"], builds / ".01234567.removed")
        run("cp", "-r", builds / ids["ended"], builds / ".89abcdef.draft")
        self.cut_off = ids


class Trial:
    """One state folder, whose Slipway comes to harm once."""

    def __init__(self, site, state=None, command=None):
        """It begins with a copy of `state`, else with an empty history; harm comes to those alone who run `command`."""
        self.site = site
        self.folder = folder = pathlib.Path(tempfile.mkdtemp(dir=site.folder))
        self.state = folder / "state"
        # By its path a process is known as this trial's.
        self.config = folder / "slipway.yaml"
        server = site.settings["server"] | {"state": str(self.state)}
        self.config.write_text(json.dumps(site.settings | {"server": server}))
        state = state or site.template
        if state.exists():
            run("cp", "-r", state, self.state)
        else:
            self.state.mkdir()
        self.harm = Harm(site.library, folder, self.state)
        self.built = folder / "built"
        self.built.touch()
        self.environment = site.environment | self.harm.environment | {"DOCKER_BUILT": str(self.built)}
        if command:
            self.environment["HARM_COMMAND"] = command
        self.program = site.binary
        self._processes = []

    def use_own_program(self):
        """A copy, which can be taken away."""
        self.program = self.folder / "bin" / "slipway"
        self.program.parent.mkdir()
        shutil.copy(self.site.binary, self.program)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.stop()
        if kind is None:
            shutil.rmtree(self.folder)

    def stop(self):
        for process in self._processes:
            process.terminate()
            process.wait(30)
        for pid in self.runners():
            kill(pid)

    def respond(self):
        """A responder without a supervisor."""
        self.socket = self.folder / "socket"
        with socket.socket(socket.AF_UNIX) as listener, (self.folder / "respond.log").open("ab") as log:
            listener.bind(str(self.socket))
            listener.listen(64)
            self._processes.append(subprocess.Popen(
                [self.program, "respond", "--config", self.config], stdin=listener, stdout=log, stderr=log,
                env=self.environment))
        # Its first answer comes after everything that its start writes.
        assert self.call("GET", "/slipway/healthz")[0] == 200

    def serve(self):
        """A supervisor that answers."""
        serve = self.begin_to_serve()
        serve.wait_ready(lambda: self.call("GET", "/slipway/healthz")[0] == 200, "slipway serve", 20)

    def begin_to_serve(self):
        self.socket = self.state / "responder.sock"
        serve = Background([self.program, "serve", "--config", self.config], self.folder / "serve.log",
                           self.environment)
        self._processes.append(serve.process)
        return serve

    def call(self, method, path, body=""):
        """Status and body of an answer; 0 where none came."""
        login = base64.b64encode(":".join(self.site.login).encode()).decode()
        done = subprocess.run(
            ["cgi-fcgi", "-bind", "-connect", str(self.socket)], input=body, text=True, capture_output=True,
            check=False, env={
                "REQUEST_METHOD": method, "REQUEST_URI": path, "REMOTE_ADDR": "127.0.0.1",
                "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)),
                "HTTP_AUTHORIZATION": f"Basic {login}"})
        head, _, content = done.stdout.partition("\n\n")
        if not content:
            return 0, None
        return int(head.partition("Status: ")[2].split()[0]), json.loads(content)

    def submit(self):
        return self.call("POST", BASE, json.dumps({"model_name": "tiny", "model_version": "1", "force": True}))

    def build(self, build_id):
        status, answer = self.call("GET", f"{BASE}/{build_id}")
        assert status == 200, answer
        return answer["build"]

    def builds(self):
        status, answer = self.call("GET", f"{BASE}?max_results=1000")
        assert status == 200, answer
        return answer["builds"]

    def runners(self):
        return [pid for pid, words in command_lines() if words[1:2] == ["build"] and str(self.config) in words]

    def wait_quiet(self):
        """Until nobody builds any more, well or not."""
        quiet = 0
        def still():
            nonlocal quiet
            # One that was just started shows its arguments a moment later.
            quiet = 0 if self.runners() else quiet + 1
            return quiet > 2
        wait_until(still, "the runners' end", 20, pause=0.02)

    def settle(self, seconds=10):
        """Until every build has ended; the builds."""
        def ended():
            builds = self.builds()
            return (builds,) if all(build["state"] in ENDED for build in builds) else None
        return wait_until(ended, "the end of all builds", seconds, pause=0.02)[0]


def check(trial, answers, found=frozenset(), damaged=frozenset(), extra=0):
    """What has to hold once the disk is well again and a supervisor has begun; builds that it `found` are there still.

    `damaged` are those of which only the state is known; `extra` builds were accepted besides.
    """
    already = {trial.site.cut_off["ended"]} & found
    builds = {build["build_id"]: build for build in trial.settle()}
    accepted = {answer["build"]["build_id"] for status, answer in answers if status == 200}
    unanswered = sum(status == 0 for status, _ in answers)
    if not accepted | found <= set(builds):
        raise Lost(f"{(accepted | found) - set(builds)} are gone")
    folders = {build_id: trial.state / "builds" / build_id for build_id in builds}
    # Its first look around is in its first second.
    wait_until(lambda: {path.name for path in (trial.state / "builds").iterdir()} == set(builds),
               f"folders to be those of {list(builds)}", 3)
    wait_until(lambda: not any((folder / "context").exists() for folder in folders.values()), "no context", 3)
    trial.wait_quiet()

    made = [line.split() for line in trial.built.read_text().splitlines()]
    assert len({context for context, _ in made}) == len(made), "a build ran twice"
    assert len(builds) <= len(accepted | found) + unanswered + extra, f"a refused build is there: {builds}"
    for build_id, build in builds.items():
        if build["state"] == "succeeded":
            assert build_id in already or [f"{folders[build_id]}/context", trial.site.digest] in made, \
                f"nobody built this: {build}"
            assert build_id in damaged or build["image"]["id"] == f"sha256:{trial.site.digest}", build
        else:
            assert build["state"] == "failed" and build["error"]["message"] and build["error"]["hint"], build
    with sqlite3.connect(trial.state / "slipway.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = database.execute("SELECT id, state FROM builds ORDER BY id").fetchall()
    assert rows == sorted((build_id, build["state"]) for build_id, build in builds.items())

    status, answer = trial.submit()
    assert status == 200, f"the next one is refused: {answer}"
    builds = {build["build_id"]: build for build in trial.settle()}
    assert builds[answer["build"]["build_id"]]["state"] == "succeeded", builds
