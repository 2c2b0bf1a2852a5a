"""Runners that a site's scheduler starts: a real Slurm, and Kubernetes behind a stand-in for kubectl."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import pytest

from support.processes import PROJECT, kill, wait_until
from support.registry import MODEL
from support.slipway import BASE, ENDED
from support.slurm import Slurm

# Short enough for a test; on one machine the lease is seen by everybody.
PATIENCE = {"poll_seconds": 1, "grace_seconds": 2, "command_seconds": 2}


class Engine:
    """Docker, whose builds wait as long as the test holds them; it gets no environment from Slipway."""

    def __init__(self, folder, docker):
        folder.mkdir()
        self.hold = folder / "hold"
        self.path = folder / "docker"
        variables = " ".join(f"{name}={value}" for name, value in docker.environment.items())
        # Slipway's own question to an engine is a build too, and writes to /dev/null.
        self.path.write_text(
            f"""#!/bin/sh
case "$*" in *dest=/dev/null*) ;; build*) echo RUN; while [ -e {self.hold} ]; do sleep 0.1; done ;; esac
exec env {variables} docker "$@"
""")
        self.path.chmod(0o755)

    def release(self):
        self.hold.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def engine(work, docker, base_image):
    return Engine(work / "held-engine", docker)


@pytest.fixture
def held(engine):
    """Builds wait until the test ends, or says release()."""
    engine.hold.touch()
    yield engine
    engine.release()


@pytest.fixture(scope="module")
def cluster(work):
    slurm = Slurm(work / "slurm", ("n1", "n2", "n3"))
    try:
        slurm.start()
        yield slurm
    finally:
        slurm.stop()


@pytest.fixture(scope="module")
def slurm(cluster, new_slipway, registry_settings, engine, work):
    """A Slipway whose builds are Slurm's; the database is not where the nodes look."""
    slipway = new_slipway(
        "slurm", registry_settings, engine.path, {"SLURM_CONF": str(cluster.configuration)},
        server={"state": str(work / "slipways" / "slurm"), "responders": 3, "database": str(work / "slurm-database")},
        builds={"max_parallel": 4, "smoke_test": False}, launcher={"kind": "slurm", **PATIENCE})
    yield slipway.start()
    for build_id in unfinished(slipway):
        slipway.call("POST", f"{BASE}/{build_id}/cancel")
    engine.release()
    wait_until(lambda: not unfinished(slipway), "the end of all builds", 30)
    slipway.stop()


def unfinished(slipway):
    return [build["build_id"] for build in slipway.get().json()["builds"] if build["state"] not in ENDED]


def submit(slipway, name):
    return slipway.submit(model_name=MODEL, model_version="1", image_name=f"slipway/launchers:{name}")["build_id"]


def working(slipway, *names):
    """Builds that the engine works on."""
    builds = [submit(slipway, name) for name in names]
    for build_id in builds:
        slipway.wait_building(build_id)
    return builds


def cancel(slipway, build_id):
    answer = slipway.call("POST", f"{BASE}/{build_id}/cancel")
    assert answer.status_code == 200, answer.text
    return answer.json()["build"]


def job(slipway, build_id):
    """What is known of a build's job; nothing until dispatch wants one."""
    path = slipway.folder(build_id) / "job.json"
    return json.loads(path.read_text()) if path.exists() else {}


def lost(build, words):
    """A build that ended without a word of its runner's, for a cause that is named."""
    assert build["state"] == "failed" and build["error"]["error_code"] == "RUNNER_LOST", build
    assert words in build["error"]["message"], build["error"]
    assert build["error"]["hint"]
    return True


def stepd(runner):
    """The daemon that a job's node has beside it."""
    return int(pathlib.Path(f"/proc/{runner}/stat").read_text().rpartition(")")[2].split()[1])


# Slurm


def test_a_build_is_a_job_of_slurms(slurm, cluster, measure):
    began = time.monotonic()
    build_id = submit(slurm, "first")
    build = slurm.wait(build_id)
    assert build["state"] == "succeeded", f"{build.get('error')}\n{slurm.log(build_id)[-3000:]}"
    measure(f"a build by Slurm took {time.monotonic() - began:.1f} s, {build['duration_seconds']:.1f} s of it the runner's")
    number = job(slurm, build_id)["number"]
    said = cluster.command("squeue", "--noheader", f"--jobs={number}", "--states=all", "--format=%j %T")
    assert said.split()[0] == f"slipway-{build_id}"
    log = slurm.log(build_id)
    assert log.startswith("[slipway ") and "runner.sh" not in log
    # What ended is let alone, and is no failure of a job that comes too late.
    slurm.command("build", build_id)
    assert slurm.build(build_id) == build


def test_builds_wait_are_cancelled_and_outlive_the_dispatcher(slurm, cluster, held):
    running, other, third = working(slurm, "running", "other", "third")
    pending, queued = submit(slurm, "pending"), submit(slurm, "queued")
    shown = wait_until(
        lambda: (place := slurm.build(pending).get("scheduler", {})).get("state") and place, "a job that waits", 10)
    assert slurm.build(pending)["state"] == "queued" and "queue_position" not in slurm.build(pending)
    assert shown["job"].isdigit() and shown["state"].startswith("PENDING"), shown
    # More than max_parallel wait in Slipway's own queue.
    assert slurm.build(queued)["queue_position"] == 1 and "scheduler" not in slurm.build(queued)

    # The dispatcher dies between handing a job over and noting its number.
    kill(slurm.pool.pid)
    slurm.pool.process.wait()
    (slurm.folder(pending) / "job.json").write_text('{"tried":true,"given_up":false}')
    slurm.start_pool()
    wait_until(lambda: job(slurm, pending).get("number") == shown["job"], "the job to be found again", 10)
    names = cluster.command("squeue", "--noheader", "--states=all", "--format=%j").split()
    assert names.count(f"slipway-{pending}") == 1

    assert cancel(slurm, queued)["state"] == "cancelled"
    for build_id in (pending, running):
        began = time.monotonic()
        cancel(slurm, build_id)
        assert slurm.wait(build_id, 20)["state"] == "cancelled"
        assert time.monotonic() - began < 6
    assert not (slurm.folder(running) / "context").exists()
    wait_until(lambda: not slurm.runners(running), "the runner's end", 5)
    held.release()
    assert {slurm.wait(build_id)["state"] for build_id in (other, third)} == {"succeeded"}


def test_a_killed_runner_is_told_by_its_job(slurm, held):
    [build_id] = working(slurm, "killed")
    [runner] = slurm.runners(build_id)
    kill(runner)
    build = slurm.wait(build_id, 20)
    assert lost(build, "came to no end: the scheduler says FAILED")
    assert not (slurm.folder(build_id) / "context").exists()


def test_a_job_that_cannot_begin_says_so(slurm, cluster):
    cluster.command("scontrol", "update", "PartitionName=builds", "State=DOWN")
    build_id = submit(slurm, "unbegun")
    waiting = wait_until(lambda: job(slurm, build_id).get("state"), "a job that waits", 10)
    assert waiting["phase"] == "pending", waiting
    # Slurm will not find where the job's output goes.
    log = slurm.folder(build_id) / "build.log"
    log.unlink()
    log.mkdir()
    cluster.command("scontrol", "update", "PartitionName=builds", "State=UP")
    build = slurm.wait(build_id, 30)
    assert lost(build, "never began: the scheduler says FAILED")


def test_a_controller_that_is_away_loses_nothing(slurm, cluster, held):
    [build_id] = working(slurm, "away")
    cluster.stop_controller()
    try:
        later = submit(slurm, "later")
        place = wait_until(lambda: slurm.build(later).get("scheduler", {}).get("message"), "a complaint", 15)
        assert "sbatch" in place or "squeue" in place, place
        # Nobody waits for the scheduler but the thread that talks with it.
        began = time.monotonic()
        for _ in range(20):
            assert slurm.build(later)["state"] == "queued"
        assert time.monotonic() - began < 3
        time.sleep(PATIENCE["grace_seconds"] + 2)
        assert slurm.build(build_id)["state"] == "building"
        held.release()
        assert slurm.wait(build_id, 60)["state"] == "succeeded"
    finally:
        cluster.start_controller()
    cluster.wait_idle()
    assert slurm.wait(later, 60)["state"] == "succeeded"
    names = cluster.command("squeue", "--noheader", "--states=all", "--format=%j").split()
    assert names.count(f"slipway-{later}") == 1


def test_time_limits_and_nodes_that_die(slurm, cluster, held):
    late, dead, cut_off = working(slurm, "late", "dead", "cut-off")
    number = job(slurm, late)["number"]
    cluster.command("scontrol", "update", f"JobId={number}", "TimeLimit=1")
    # A limit is whole minutes; its end can be moved.
    cluster.command("scontrol", "update", f"JobId={number}", "EndTime=now+2")
    nodes = {build_id: cluster.node_of(job(slurm, build_id)["number"]) for build_id in (dead, cut_off)}
    for build_id in (dead, cut_off):
        cluster.kill_node(nodes[build_id])
    [runner] = slurm.runners(dead)
    kill(stepd(runner))
    kill(runner)
    assert lost(slurm.wait(late, 90), f"came to no end: the scheduler says TIMEOUT (TimeLimit) of job {number}")
    assert lost(slurm.wait(dead, 90), "came to no end: the scheduler says NODE_FAIL")
    # Slurm gave up this one too, but its runner lives, and tells the end itself.
    wait_until(lambda: (job(slurm, cut_off).get("state") or {}).get("word") == "NODE_FAIL", "the node's failure", 30)
    time.sleep(PATIENCE["grace_seconds"] + 2)
    assert slurm.build(cut_off)["state"] == "building"
    held.release()
    assert slurm.wait(cut_off, 60)["state"] == "succeeded"
    for node in nodes.values():
        cluster.start_node(node)
    cluster.wait_idle()


# A site's own commands


def test_a_runner_needs_no_database(new_slipway, registry_settings, engine, work):
    """The test is the scheduler, and its node has no way to the database."""
    database = work / "hand-database"
    slipway = new_slipway(
        "by-hand", registry_settings, engine.path, {"PATH": os.environ["PATH"]},
        server={"state": str(work / "slipways" / "by-hand"), "responders": 1, "database": str(database)},
        builds={"smoke_test": False},
        launcher={
            "kind": "command", "submit": ["echo", "{id}"], "status": ["echo", "UP"], "cancel": ["true", "{job}"],
            "states": {"UP": "running"}, **PATIENCE})
    assert "echo" in subprocess.run(
        [slipway.binary, "doctor", "--config", slipway.config], capture_output=True, text=True, check=False,
        env=slipway.environment).stdout
    slipway.start_nginx()
    slipway.start_pool()
    build_id = submit(slipway, "by-hand")
    wait_until(lambda: job(slipway, build_id).get("number") == build_id, "the job's name", 10)
    slipway.pool.stop()
    hidden = database.with_name("hidden")
    database.rename(hidden)
    slipway.command("build", build_id)
    assert not database.exists()
    assert slipway.status_file(build_id)["state"] == "succeeded"
    hidden.rename(database)
    slipway.start_pool()
    assert slipway.build(build_id)["state"] == "succeeded"


# Kubernetes


@pytest.fixture(scope="module")
def pods(work):
    """The folder of the stand-in's jobs."""
    folder = work / "kubectl"
    folder.mkdir()
    program = folder / "kubectl"
    script = PROJECT / "Tests" / "EndToEnd" / "support" / "kubectl.py"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {script} {folder} "$@"\n')
    program.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def kubernetes(pods, new_slipway, registry_settings, engine):
    manifest = pods / "runner.yaml"
    shutil.copy(PROJECT / "packaging" / "kubernetes" / "runner.yaml", manifest)
    slipway = new_slipway(
        "kubernetes", registry_settings, engine.path, {"PATH": f"{pods}:{os.environ['PATH']}"},
        builds={"max_parallel": 2, "smoke_test": False},
        launcher={"kind": "kubernetes", "manifest": str(manifest), "options": ["--namespace", "builds"], **PATIENCE})
    assert "right" in slipway.command("check-config")
    return slipway.start()


def test_a_build_is_a_job_of_kubernetes(kubernetes, pods, held):
    (pods / "lose-answer").touch()
    build_id = submit(kubernetes, "pod")
    # The job was made, and nobody heard of it: it is found, and not made again.
    wait_until(lambda: job(kubernetes, build_id).get("number") == f"slipway-{build_id}", "the job to be found", 10)
    held.release()
    build = kubernetes.wait(build_id)
    assert build["state"] == "succeeded", f"{build.get('error')}\n{kubernetes.log(build_id)[-3000:]}"
    assert (pods / "created").read_text().split().count(f"slipway-{build_id}") == 1
    made = json.loads((pods / "jobs" / f"slipway-{build_id}.json").read_text())
    [container] = made["spec"]["template"]["spec"]["containers"]
    assert container["command"] == [str(kubernetes.binary), "build", build_id, "--config", str(kubernetes.config)]
    assert made["metadata"]["labels"]["slipway.dev/build"] == build_id


def test_jobs_of_kubernetes_are_cancelled_and_lost_for_a_cause(kubernetes, pods, held):
    cancelled, killed = working(kubernetes, "pod-cancelled", "pod-killed")
    (pods / "unreachable").touch()
    time.sleep(PATIENCE["grace_seconds"] + 1)
    assert {kubernetes.build(build_id)["state"] for build_id in (cancelled, killed)} == {"building"}
    (pods / "unreachable").unlink()
    cancel(kubernetes, cancelled)
    [runner] = kubernetes.runners(killed)
    kill(runner)
    assert kubernetes.wait(cancelled, 20)["state"] == "cancelled"
    assert lost(kubernetes.wait(killed, 20), "says Failed (BackoffLimitExceeded) of job slipway-")
    [expired] = working(kubernetes, "pod-expired")
    (pods / "expire").touch()
    assert lost(kubernetes.wait(expired, 20), "says Failed (DeadlineExceeded) of job slipway-")
    (pods / "expire").unlink()
