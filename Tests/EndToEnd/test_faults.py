"""Parts of a running Slipway are killed: every build ends, nothing of it stays, the next one works."""

import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from support.engines import docker_that_can_wait
from support.faults import Silence, Witness
from support.processes import children, kill, wait_until
from support.registry import MODEL
from support.slipway import BASE, ENDED

GOOD = {"model_name": MODEL, "model_version": "1", "smoke_test": False}


@pytest.fixture(scope="module")
def silence(docker):
    silence = Silence(docker.address)
    yield silence
    silence.stop()


@pytest.fixture(scope="module")
def engine(work):
    return docker_that_can_wait(work / "faults-engine")


@pytest.fixture(scope="module")
def fragile(new_slipway, registry_settings, docker, engine, first_build):
    """A Slipway of its own, which builds one at a time."""
    return new_slipway(
        "faults", registry_settings, engine, docker.environment, builds={"max_parallel": 1, "max_queued": 20}).start()


@pytest.fixture(scope="module")
def witness(fragile, docker, silence):
    return Witness(fragile, docker, silence)


@pytest.fixture
def after(witness):
    """Whatever the test did, all has to be well."""
    yield
    witness.look(**GOOD)


def building(witness, silence=None):
    """A build whose engine waits for packages that do not come."""
    silence = silence or witness.silence
    build_id = witness.submit(
        **GOOD, image_name="slipway-test/held:1", no_cache=True,
        pip_index_url=f"http://{silence.address}/simple")
    wait_until(silence.callers, f"packages to be asked for: {witness.slipway.build(build_id)}", 60)
    assert witness.slipway.build(build_id)["state"] == "building"
    return build_id


def kill_runner(slipway, build_id, state):
    wait_until(lambda: slipway.build(build_id)["state"] == state, f"{build_id} to be {state}", 30)
    [runner] = slipway.runners(build_id)
    kill(runner)
    build = lost(slipway, build_id, 10)
    assert build["error"]["error_code"] == "RUNNER_LOST" and build["error"]["hint"], build
    assert build["steps"][-1]["name"] == state, build


def lost(slipway, build_id, seconds):
    def failed():
        build = slipway.build(build_id)
        return build if build["state"] == "failed" else None
    return wait_until(failed, f"{build_id} to fail: {slipway.build(build_id)}", seconds)


def test_a_runner_killed_while_it_builds_and_the_next_while_it_prepares(witness, fragile, engine, after, faults):
    first = building(witness)
    second = witness.submit(**GOOD)
    # The next runner has to ask the engine, which takes its time.
    (fragile.state / "engine.json").unlink()
    engine.with_name("wait").touch()
    try:
        kill_runner(fragile, first, "building")
        kill_runner(fragile, second, "preparing")
    finally:
        engine.with_name("wait").unlink()
    faults.note("runner killed: building")
    faults.note("runner killed: preparing")


def test_an_engine_client_killed_and_then_a_runner_while_it_downloads(witness, fragile, registry, after, faults):
    first = building(witness)
    second = witness.submit(**GOOD)
    registry.server.send(signal.SIGSTOP)
    try:
        [runner] = fragile.runners(first)
        [client] = children(runner)
        kill(client)
        build = lost(fragile, first, 10)
        assert build["error"]["error_code"] == "BUILD_FAILED", build
        kill_runner(fragile, second, "downloading")
    finally:
        registry.server.send(signal.SIGCONT)
    faults.note("engine client killed")
    faults.note("runner killed: downloading")


def test_a_runner_killed_while_it_pushes(witness, fragile, after, faults):
    with_registry = Silence("127.0.0.1")
    try:
        build_id = witness.submit(**GOOD, image_name=f"{with_registry.address}/held:1", push=True)
        wait_until(with_registry.callers, "the push", 60)
        kill_runner(fragile, build_id, "pushing")
    finally:
        with_registry.stop()
    faults.note("runner killed: pushing")


def test_nginx_killed_while_a_build_runs(witness, fragile, after, faults):
    build_id = witness.submit(**GOOD)
    for pid in [fragile.nginx.pid, *children(fragile.nginx.pid)]:
        kill(pid)
    fragile.nginx.process.wait()
    wait_until(lambda: fragile.status_file(build_id)["state"] in ENDED, "the build's end", 60)
    assert fragile.status_file(build_id)["state"] == "succeeded"
    fragile.start_nginx()
    wait_until(fragile.answers, "nginx")
    faults.note("nginx killed")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_the_pool_ended_during_dispatch(witness, fragile, number, after, faults):
    tries = 3
    for _ in range(tries):
        answers = []
        submits = [threading.Thread(target=lambda: answers.append(fragile.post(**GOOD, force=True))) for _ in range(2)]
        for submit in submits:
            submit.start()
        time.sleep(random.uniform(0, 0.15))
        pids = [fragile.pool.pid] + (fragile.responders() if number == signal.SIGKILL else [])
        for pid in pids:
            kill(pid, number)
        fragile.pool.process.wait(30)
        for submit in submits:
            submit.join()
        fragile.start_pool()
        for answer in answers:
            assert answer.status_code in (200, 502), answer.text
            if answer.status_code == 200:
                witness.accepted.add(answer.json()["build"]["build_id"])
        # What was not answered may have been accepted all the same, by then for good.
        listed = {build["build_id"] for build in fragile.get("?max_results=1000").json()["builds"]}
        assert witness.accepted <= listed
        witness.accepted |= listed
    faults.note(f"pool ended during dispatch by {number.name}", tries)


def test_1000_submits_at_once_from_50_connections(witness, fragile, after, faults):
    """All the same but for those who ask for a build of their own, of whom no more are let in than may wait."""
    first = building(witness)

    def submit(index):
        session = sessions[index % 50]
        return session.post(fragile.url + BASE, json=GOOD | {"force": index % 50 == 0}, timeout=60)

    sessions = [requests.Session() for _ in range(50)]
    for session in sessions:
        session.auth, session.trust_env = fragile.admin, False
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(submit, range(1000)))
    taken = {answer.json()["build"]["build_id"] for answer in answers if answer.status_code == 200}
    others = {answer.status_code for answer in answers} - {200}
    assert others <= {429} and 1 <= len(taken) <= 20, (others, len(taken))
    assert all(answer.headers["Retry-After"] for answer in answers if answer.status_code == 429)
    witness.accepted |= taken
    for build_id in [*taken, first]:
        answer = fragile.call("POST", f"{BASE}/{build_id}/cancel")
        assert answer.status_code in (200, 409), answer.text
    faults.note("1,000 submits at once from 50 connections", 1000)


def test_the_engine_daemon_killed(witness, fragile, docker, after, faults):
    # What ran in the step lives on without its daemon, out of reach for whoever has but the engine's client; it ends
    # where its server is gone.
    packages = Silence(docker.address)
    build_id = building(witness, packages)
    # With containerd, as a killed service loses both.
    for pid in [docker.daemon.pid, *children(docker.daemon.pid)]:
        kill(pid)
    docker.daemon.process.wait()
    try:
        build = lost(fragile, build_id, 10)
        assert build["error"]["error_code"] == "BUILD_FAILED", build
        refused = fragile.post(**GOOD, force=True)
        assert refused.status_code in (200, 503), refused.text
        if refused.status_code == 200:
            witness.accepted.add(refused.json()["build"]["build_id"])
    finally:
        packages.stop()
        docker.start_daemon()
    faults.note("engine daemon killed")
