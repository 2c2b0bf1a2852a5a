"""The pool under load, while it is reloaded, and while parts of it are killed."""

import signal
import threading

from support.load import Load, failures
from support.processes import Background, is_alive, kill, resident_bytes, wait_until
from support.registry import MODEL
from support.slipway import BASE, ENDED, problem

REQUESTS = 20_000
FLAT = 4 << 20


def test_the_pool_answers_20000_requests_from_32_connections_while_a_build_runs(slipway, first_build, measure):
    build_id = slipway.submit(
        model_name=MODEL, model_version="1", image_name="slipway-test/loaded:1", no_cache=True,
        smoke_test=False)["build_id"]
    slipway.wait_building(build_id)
    path = f"{BASE}/{build_id}"
    responders = slipway.all_responders()
    assert not failures(Load(slipway, path, 2_000).result())
    before = {pid: resident_bytes(pid) for pid in responders}

    result = Load(slipway, path, REQUESTS).result()

    assert result["answered"] >= REQUESTS and not failures(result), result
    assert slipway.responders() == responders
    growth = {pid: resident_bytes(pid) - before[pid] for pid in responders}
    measure(f"{result['answered']} requests, p99 {result['p99_ms']} ms; a responder grew by at most "
            f"{max(growth.values()) >> 10} KiB of {max(before.values()) >> 10}")
    assert max(growth.values()) < FLAT
    assert slipway.wait(build_id)["state"] == "succeeded"


def test_a_rolling_reload_under_load_loses_no_request(slipway, first_build):
    load = Load(slipway, f"{BASE}/{first_build['build_id']}")
    generation = slipway.all_responders()
    for _ in range(3):
        slipway.pool.send(signal.SIGHUP)
        generation = slipway.all_responders(but=generation)
    load.end()
    result = load.result()
    assert result["answered"] > 0 and not failures(result), result


def test_a_reload_with_wrong_settings_changes_nothing(slipway):
    responders = slipway.all_responders()
    right = slipway.config.read_text()
    slipway.config.write_text(right + "nonsense: 1\n")
    try:
        slipway.pool.send(signal.SIGHUP)
        wait_until(lambda: "settings are wrong" in slipway.pool.tail(), "the complaint")
        assert slipway.responders() == responders
    finally:
        slipway.config.write_text(right)


class Callers:
    """Threads that call one address again and again, and keep what was not a plain answer."""

    def __init__(self, slipway, path, count=8):
        self.others = []
        self.answered = 0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._call, args=(slipway, path)) for _ in range(count)]

    def _call(self, slipway, path):
        while not self._stop.is_set():
            try:
                answer = slipway.get(path)
            except OSError as error:
                self.others.append(error)
                continue
            self.answered += 1
            if answer.status_code != 200:
                self.others.append(answer)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()


def test_a_killed_responder_costs_at_most_the_requests_in_its_hands(slipway, first_build, faults):
    path = f"/{first_build['build_id']}"
    with Callers(slipway, path) as callers:
        for _ in range(3):
            full = slipway.all_responders()
            kill(full[0])
            slipway.all_responders(but=full[:1])
    assert callers.answered > 0
    for other in callers.others:
        assert getattr(other, "status_code", other) == 502
        assert problem(other)["error_code"] == "TEMPORARILY_UNAVAILABLE"
    assert slipway.get(path).status_code == 200
    faults.note("responder killed", 3)


def test_after_all_responders_were_killed_the_next_request_is_answered(slipway, first_build, faults):
    for pid in slipway.all_responders():
        kill(pid)
    assert slipway.get(f"/{first_build['build_id']}").status_code == 200
    faults.note("all responders killed")


def test_responders_end_with_a_killed_supervisor(new_slipway, sample_store, faults):
    slipway = new_slipway("orphans", {"uri": str(sample_store)}).start()
    responders = slipway.all_responders()
    kill(slipway.pool.pid)
    wait_until(lambda: not any(map(is_alive, responders)), "the responders' end")
    # The socket that is left over is no hindrance.
    slipway.start_pool()
    faults.note("supervisor killed")


def test_sigterm_ends_the_pool_in_good_order(new_slipway, sample_store):
    slipway = new_slipway("orderly", {"uri": str(sample_store)}).start()
    responders = slipway.all_responders()
    assert slipway.pool.stop() == 0
    assert not any(map(is_alive, responders))
    assert not (slipway.state / "responder.sock").exists()


def test_responders_work_unchanged_under_spawn_fcgi(new_slipway, registry_settings, first_build):
    slipway = new_slipway("spawned", registry_settings)
    slipway.start_nginx()
    spawner = Background(
        ["spawn-fcgi", "-s", slipway.state / "responder.sock", "-F", "3", "--",
         slipway.binary, "respond", "--config", slipway.config],
        slipway.state / "spawn-fcgi.log", slipway.environment)
    assert spawner.process.wait(20) == 0, spawner.tail()
    responders = [int(line.rpartition(" ")[2]) for line in spawner.tail().splitlines() if "PID:" in line]
    try:
        assert len(responders) == 3, spawner.tail()
        wait_until(slipway.answers, "an answer")
        build = slipway.succeed(model_name=MODEL, model_version="1", smoke_test=False)
        assert build["state"] in ENDED
        load = Load(slipway, f"{BASE}/{build['build_id']}", 2_000)
        assert not failures(load.result())
        assert all(map(is_alive, responders))
    finally:
        for pid in responders:
            kill(pid, signal.SIGTERM)
    wait_until(lambda: not any(map(is_alive, responders)), "the responders' end")
