"""Processes that the suite starts and ends, each by its own id."""

import os
import pathlib
import signal
import socket
import subprocess
import time

PROJECT = pathlib.Path(__file__).resolve().parents[3]


def wait_until(check, what, seconds=60, pause=0.05):
    """Polls until `check` returns something true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(pause)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(*argv, **options):
    """Runs a command to its end and returns its standard output; a failure shows what the command said."""
    done = subprocess.run([str(word) for word in argv], text=True, capture_output=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"{argv} ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


class Background:
    """A process in a session of its own, its output in a file."""

    def __init__(self, argv, log, environment, group=False):
        """With `group`, signals go to the children too that stay in its process group."""
        self.group = group
        self.log = pathlib.Path(log)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=environment, start_new_session=True)
        self.pid = self.process.pid

    def runs(self):
        return self.process.poll() is None

    def send(self, number):
        if self.runs():
            (os.killpg if self.group else os.kill)(self.pid, number)

    def stop(self, number=signal.SIGTERM, seconds=30):
        """Asks it to end, and kills it where it does not."""
        self.send(number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            return self.process.wait()

    def wait_ready(self, check, what, seconds=90):
        def ready():
            assert self.runs(), f"{what} ended: {self.tail()}"
            return check()
        return wait_until(ready, what, seconds)

    def tail(self, characters=3000):
        return self.log.read_text(errors="replace")[-characters:]


def command_lines():
    """Every process's id and arguments."""
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")[:-1]
            except OSError:
                continue
            yield int(entry.name), [word.decode(errors="replace") for word in words]


def states():
    """Yields the id, the state and the parent's id of every process; Z is one that is dead and not taken note of."""
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                after_name = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            yield int(entry.name), after_name[0], int(after_name[1])


def children(pid):
    """Ids of the living children of a process."""
    return sorted(child for child, state, parent in states() if parent == pid and state != "Z")


def kill(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def resident_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
