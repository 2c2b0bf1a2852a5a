"""Faults of all kinds: what came of each, as a table, and what has to hold after any of them."""

import fcntl
import os
import socket
import sqlite3
import threading

from support.processes import command_lines, run, states, wait_until
from support.slipway import ENDED


class Lost(AssertionError):
    """A build that was accepted is gone."""


class FaultTable:
    """What came of every fault: how often it was tried, how many builds were lost, and how often all was well after."""

    def __init__(self):
        self._rows = {}

    def note(self, fault, tries=1, wrong=()):
        """`wrong` are errors, one a try after which something was not as it has to be."""
        row = self._rows.setdefault(fault, [0, 0, 0])
        row[0] += tries
        row[1] += sum(isinstance(error, Lost) for error in wrong)
        row[2] += tries - len(wrong)

    def lines(self):
        if not self._rows:
            return []
        width = max(map(len, self._rows))
        return [f"{'fault':{width}}  tries  lost  recovered"] + [
            f"{fault:{width}}  {tries:5}  {lost:4}  {recovered:9}"
            for fault, (tries, lost, recovered) in self._rows.items()]


class Silence:
    """A server that takes connections and never says a word."""

    def __init__(self, host):
        self._listener = socket.create_server((host, 0), backlog=64)
        self.address = f"{host}:{self._listener.getsockname()[1]}"
        self._connections = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                self._connections.append(self._listener.accept()[0])
            except OSError:
                return

    def callers(self):
        """How many hold a connection now."""
        def is_open(connection):
            try:
                connection.setblocking(False)
                while (data := connection.recv(65536)):
                    pass
                return data != b""
            except BlockingIOError:
                return True
            except OSError:
                return False
        return sum(map(is_open, self._connections))

    def stop(self):
        self._listener.close()
        for connection in self._connections:
            connection.close()


class Witness:
    """Knows every build that was accepted, and looks whether all is as it has to be."""

    def __init__(self, slipway, docker, silence):
        self.slipway, self.docker, self.silence = slipway, docker, silence
        self.accepted = set()

    def submit(self, **fields):
        build_id = self.slipway.submit(**fields)["build_id"]
        self.accepted.add(build_id)
        return build_id

    def look(self, **next_build):
        """The invariants, once all builds have ended; then `next_build` has to succeed."""
        slipway = self.slipway
        builds = {build["build_id"]: build for build in wait_until(self._all_ended, "the end of all builds", 60)}
        if not self.accepted <= set(builds):
            raise Lost(f"{self.accepted - set(builds)} are gone")
        folders, accepted, self.accepted = set(slipway.build_folders()), self.accepted, set(builds)
        assert set(builds) == folders == accepted, (
            f"history {set(builds) - accepted}, folders {folders - accepted}, not among the folders {accepted - folders}")
        for build_id, build in builds.items():
            assert build == slipway.status_file(build_id)
            assert ("error" in build) == (build["state"] == "failed"), build
            assert "image" in build or build["state"] != "succeeded", build
            assert sorted(path.name for path in slipway.folder(build_id).iterdir() if path.name.endswith(".tmp")) == []
            wait_until(lambda folder=slipway.folder(build_id): not (folder / "context").exists(), "no context", 5)
            assert is_free(slipway.folder(build_id) / "lease")
        with sqlite3.connect(slipway.state / "slipway.db") as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert dict(database.execute("SELECT id, state FROM builds")) == {
                build_id: build["state"] for build_id, build in builds.items()}
        wait_until(lambda: not self.strangers(), f"no process but the pool's: {self.strangers()}", 10)
        wait_until(lambda: not zombies([slipway.pool.pid, *slipway.responders()]), "no zombies", 5)
        environment = os.environ | self.docker.environment
        wait_until(lambda: not run("docker", "ps", "-aq", env=environment), "no containers", 10)
        wait_until(lambda: self.silence.callers() == 0, "the engine to work on nothing", 20)
        build_id = self.submit(**next_build)
        assert slipway.wait(build_id, 60)["state"] == "succeeded", slipway.build(build_id)

    def _all_ended(self):
        builds = self.slipway.get("?max_results=1000").json()["builds"]
        return builds if all(build["state"] in ENDED for build in builds) else None

    def strangers(self):
        """Processes that have to do with this state folder, and are neither the pool's nor nginx's nor the test's."""
        known = {self.slipway.pool.pid, self.slipway.nginx.pid, *self.slipway.responders()}
        return [
            (pid, words) for pid, words in command_lines()
            if pid not in known and pid != os.getpid() and words[:1] != ["nginx:"]
            and any(str(self.slipway.state) in word for word in words) and not words[0].startswith("nginx")]


def is_free(lease):
    """Whether nobody holds the lock on a file."""
    if not lease.exists():
        return True
    with lease.open("rb") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def zombies(parents):
    """Dead children that some processes have not taken note of."""
    return [child for child, state, parent in states() if state == "Z" and parent in parents]
