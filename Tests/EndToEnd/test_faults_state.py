"""What can happen to the state folder, the clock and the program: nothing is lost, and the next build works."""

import contextlib
import errno
import json
import os
import sqlite3
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.faults_disk import EVER, Harm, Trial, check
from support.load import Load
from support.processes import kill, resident_bytes, run, wait_until
from support.slipway import BASE, ENDED, Slipway


@pytest.fixture
def trial(site):
    with Trial(site) as trial:
        yield trial


class SmallDisk:
    """A file system of its own as state folder, which can be filled to the last pages."""

    def __init__(self, trial):
        self.path = trial.state
        saved = trial.folder / "saved"
        self.path.rename(saved)
        self.path.mkdir()
        run("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", self.path)
        run("cp", "-r", f"{saved}/.", self.path)

    def fill(self, leaving):
        """Leaves so many bytes."""
        filler = os.open(self.path / "filler", os.O_WRONLY | os.O_CREAT)
        size = 0
        try:
            while True:
                size += os.write(filler, bytes(65536))
        except OSError as error:
            assert error.errno == errno.ENOSPC
        free = os.statvfs(self.path)
        os.ftruncate(filler, size + free.f_bavail * free.f_frsize - leaving)
        os.close(filler)

    def empty(self):
        (self.path / "filler").unlink()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        run("umount", "-l", self.path)


def full_disk(site, leaving):
    with Trial(site) as trial, SmallDisk(trial) as disk:
        trial.respond()
        disk.fill(leaving)
        answers = [trial.submit()]
        trial.wait_quiet()
        full = os.statvfs(disk.path)
        disk.empty()
        trial.harm.heal()
        trial.serve()
        check(trial, answers)
        states = [build["state"] for build in trial.builds()[1:]]
        trial.stop()
        return answers[0][0] == 200 and states == ["succeeded"] and full.f_bavail > 0


def test_a_disk_that_is_full_at_any_write(site, faults):
    tries = 0
    for start in range(0, 1 << 20, 6 * 4096):
        with ThreadPoolExecutor(3) as pool:
            clean = list(pool.map(lambda leaving: full_disk(site, leaving), range(start, start + 6 * 4096, 4096)))
        tries += clean.count(False)
        if clean[-1]:
            break
    assert tries > 5
    faults.note("full disk (tmpfs), a page more each time", tries)


def test_a_state_folder_that_is_read_only_from_the_start(trial, faults):
    with SmallDisk(trial) as disk:
        run("mount", "-o", "remount,ro", disk.path)
        for command in (["serve"], ["submit", "tiny", "1"]):
            done = subprocess.run(
                [trial.program, *command, "--config", trial.config], env=trial.environment, capture_output=True,
                text=True, timeout=30, check=False)
            assert done.returncode == 1 and str(disk.path) in done.stderr, done.stderr
        run("mount", "-o", "remount,rw", disk.path)
        trial.serve()
        check(trial, [])
        trial.stop()
    faults.note("state folder read-only from the start")


def test_a_state_folder_that_becomes_read_only(trial, faults):
    """As disks with errors do."""
    trial.serve()
    (trial.folder / "hold").touch()
    before = trial.submit()
    build_id = before[1]["build"]["build_id"]
    wait_until(lambda: trial.build(build_id)["state"] == "building", "the engine", 10)
    trial.harm.strike(1, errno.EROFS, EVER)
    (trial.folder / "hold").unlink()
    trial.wait_quiet()
    refused = trial.submit()
    assert refused[0] in (500, 503) and refused[1]["message"], refused
    # Reading goes on.
    assert trial.call("GET", "/slipway/healthz")[0] == 200
    assert trial.call("GET", f"{BASE}/{build_id}")[0] in (200, 500, 503)
    trial.harm.heal()
    check(trial, [before, refused])
    faults.note("state folder becomes read-only during a build")


def lock_for(trial, seconds):
    """Submits and reads while somebody holds the database's lock."""
    trial.serve()
    answers = [trial.submit()]
    trial.settle()
    with sqlite3.connect(trial.state / "slipway.db", isolation_level=None, check_same_thread=False) as database:
        database.execute("BEGIN IMMEDIATE")
        submits = [threading.Thread(target=lambda: answers.append(trial.submit())) for _ in range(2)]
        for submit in submits:
            submit.start()
        end = time.monotonic() + seconds
        time.sleep(seconds)
        assert time.monotonic() >= end
        database.execute("ROLLBACK")
    for submit in submits:
        submit.join()
    return answers


def test_a_locked_database_is_waited_for(trial, faults):
    answers = lock_for(trial, 3)
    check(trial, answers)
    faults.note("SQLite locked for 3 s")


@pytest.mark.soak
def test_a_database_that_is_locked_for_long_is_told_of(trial, faults):
    answers = lock_for(trial, 30)
    check(trial, answers)
    faults.note("SQLite locked for 30 s")


@pytest.mark.parametrize("hours", [-24, 24])
def test_the_clock_steps(trial, faults, hours):
    """While one build works and another waits, and then the runner dies."""
    trial.serve()
    (trial.folder / "hold").touch()
    answers = [trial.submit(), trial.submit()]
    first, second = [answer["build"]["build_id"] for _, answer in answers]
    wait_until(lambda: trial.build(first)["state"] == "building", "the engine", 10)
    trial.harm["clock"] += hours * 3_600_000
    time.sleep(1.5)
    assert trial.build(first)["state"] == "building" and trial.build(second)["queue_position"] == 1
    assert trial.submit()[0] == 200
    kill(trial.runners()[0])
    wait_until(lambda: trial.build(first)["state"] == "failed", "the loss to be noticed", 10)
    wait_until(lambda: trial.build(second)["state"] == "building", "the next to start", 10)
    trial.harm["clock"] -= hours * 3_600_000
    (trial.folder / "hold").unlink()
    ended = trial.settle()
    for build in ended:
        assert build["duration_seconds"] >= 0, build
        for step in build["steps"]:
            assert step["seconds"] >= 0, step
    trial.harm.heal()
    check(trial, answers, extra=1)
    faults.note(f"clock steps by {hours:+} h while a build runs")


def test_a_runner_that_cannot_be_started(trial, faults):
    """The program is away for a while, as in an upgrade."""
    trial.use_own_program()
    trial.serve()
    away = trial.program.with_name("away")
    trial.program.rename(away)
    answers = [trial.submit()]
    assert answers[0][1]["build"]["state"] == "queued"
    time.sleep(1.5)
    assert trial.build(answers[0][1]["build"]["build_id"])["queue_position"] == 1
    away.rename(trial.program)
    trial.settle()
    check(trial, answers)
    faults.note("runner cannot be started")


def test_a_runner_that_ends_before_it_begins(trial, faults):
    """Its settings became wrong."""
    trial.serve()
    right = trial.config.read_text()
    trial.config.write_text("nonsense")
    answers = [trial.submit()]
    build_id = answers[0][1]["build"]["build_id"]
    build = wait_until(lambda: (build := trial.build(build_id))["state"] == "failed" and build, "the loss", 10)
    assert build["error"]["error_code"] == "RUNNER_LOST" and "slipway.yaml:1" in build["error"]["message"], build
    trial.config.write_text(right)
    check(trial, answers)
    faults.note("runner ends before it takes its build")


def test_many_dispatch_at_once(trial, faults):
    """Two supervisors by mistake, and command lines beside them."""
    trial.serve()
    second = subprocess.run(
        [trial.site.binary, "serve", "--config", trial.config], env=trial.environment, capture_output=True, text=True,
        timeout=20, check=False)
    assert second.returncode == 1 and "another slipway serve" in second.stderr
    assert trial.call("GET", "/slipway/healthz")[0] == 200
    answers = []

    def work(_):
        answers.append(trial.submit())
        run(trial.site.binary, "builds", "list", "--config", trial.config, env=trial.environment)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(12)))
    trial.settle(30)
    assert all(build["state"] == "succeeded" for build in trial.builds())
    check(trial, answers)
    faults.note("two supervisors, and six who dispatch beside them")


GARBAGE = {
    "empty": lambda content: b"",
    "cut in half": lambda content: content[:len(content) // 2],
    "cut at its end": lambda content: content[:-1],
    "no text": lambda content: bytes(range(256)) * 4,
    "other JSON": lambda content: b'{"state":"succeeded"}',
    "no object": lambda content: b"[]",
}


@pytest.mark.parametrize("garbage", GARBAGE)
def test_a_status_file_that_somebody_spoiled(site, garbage, faults):
    """Of a build that ended, one that works, and one that waits."""
    with Trial(site) as trial:
        trial.serve()
        answers = [trial.submit()]
        trial.settle()
        (trial.folder / "hold").touch()
        answers += [trial.submit(), trial.submit()]
        ended, works, waits = [answer["build"]["build_id"] for _, answer in answers]
        wait_until(lambda: trial.build(works)["state"] == "building", "the engine", 10)
        for build_id in (ended, works, waits):
            path = trial.state / "builds" / build_id / "status.json"
            path.write_bytes(GARBAGE[garbage](path.read_bytes()))
        for build_id in (ended, works, waits):
            assert trial.build(build_id)["build_id"] == build_id
        assert {build["build_id"] for build in trial.builds()} == {ended, works, waits}
        assert trial.build(waits)["queue_position"] == 1
        (trial.folder / "hold").unlink()
        builds = {build["build_id"]: build for build in trial.settle()}
        assert [builds[build_id]["state"] for build_id in (ended, works, waits)] == ["succeeded"] * 3, builds
        assert "damaged" in builds[ended]["warnings"][0]
        # The next: that this one's state is known from the index alone is no reason to build it again.
        check(trial, answers, damaged={ended})
    faults.note("status.json spoiled by hand, three builds each")


@pytest.fixture
def counted(binary, work, environment, sample_store, site):
    """A Slipway behind nginx with the stand-in for an engine, and what counts the programs that it starts."""
    folder = work / "faults-gets"
    folder.mkdir()
    harm = Harm(site.library, folder, folder)
    slipway = Slipway(
        binary, folder / "state", site.settings | {"registry": {"uri": str(sample_store)}, "auth": {}, "server": {}},
        environment | harm.environment | {"DOCKER_BUILT": str(folder / "built")})
    try:
        yield slipway.start(), harm, folder / "hold"
    finally:
        slipway.stop()


def test_any_get_repeated_1000_times_starts_nothing(counted, faults):
    slipway, harm, hold = counted
    hold.touch()
    works, waits = [
        slipway.submit(model_name="iris", model_version="1", smoke_test=False, force=True)["build_id"]
        for _ in range(2)]
    wait_until(lambda: slipway.build(works)["state"] == "building", "the engine", 20)
    slipway.all_responders()
    before = harm["started"], slipway.build_folders(), slipway.responders()
    assert before[0] > 3, "programs that are started are not counted"
    paths = [BASE + path for path in (
        "", "?state=queued", f"/{works}", f"/{waits}", f"/{works}/log", "/audit",
        "/defaults?model_name=iris&model_version=1", "/no-such-build")]
    paths += ["/slipway/healthz", "/slipway/me", "/slipway/sessions", "/slipway/metrics"]
    for path in paths:
        assert Load(slipway, path, 1000).result()["answered"] >= 1000
    assert (harm["started"], slipway.build_folders(), slipway.responders()) == before
    assert slipway.build(waits)["queue_position"] == 1
    hold.unlink()
    for build_id in (works, waits):
        assert slipway.wait(build_id, 20)["state"] == "succeeded"
    faults.note("any GET, 1,000 times", len(paths) * 1000)


def peak_memory(trial, script):
    """Runs a build whose step is this script; how much memory its runner took, and the size of its log."""
    (trial.folder / "step").write_text(script)
    trial.serve()
    answer = trial.submit()
    build_id = answer[1]["build"]["build_id"]
    peak = 0
    while trial.build(build_id)["state"] not in ENDED:
        for pid in trial.runners():
            with contextlib.suppress(OSError):
                peak = max(peak, resident_bytes(pid))
    assert trial.build(build_id)["state"] == "succeeded", trial.build(build_id)
    (trial.folder / "step").unlink()
    check(trial, [answer])
    return peak, (trial.state / "builds" / build_id / "build.log").stat().st_size


def test_a_line_of_50_mb(trial, faults, measure):
    peak, size = peak_memory(trial, "head -c 50000000 /dev/zero | tr '\\0' x; echo\n")
    assert size > 50_000_000
    measure(f"a line of 50 MB: the runner took {peak >> 20} MiB")
    assert peak < 100 << 20
    faults.note("a line of 50 MB")


@pytest.mark.soak
def test_a_log_of_1_gb(trial, faults, measure):
    peak, size = peak_memory(trial, "yes 'a line of forty characters and no more' | head -c 1000000000\n")
    measure(f"a log of 1 GB: {size >> 20} MiB are kept, the runner took {peak >> 20} MiB")
    assert size < 257 << 20 and peak < 100 << 20
    faults.note("a log of 1 GB")


@pytest.mark.soak
def test_1000_builds_at_once(trial, faults):
    settings = json.loads(trial.config.read_text())
    settings["builds"] |= {"max_parallel": 4, "max_queued": 2000}
    trial.config.write_text(json.dumps(settings))
    trial.serve()
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: trial.submit(), range(1000)))
    assert {status for status, _ in answers} == {200}
    assert {build["state"] for build in trial.settle(600)} == {"succeeded"}
    check(trial, answers)
    faults.note("1,000 builds at once", 1000)
