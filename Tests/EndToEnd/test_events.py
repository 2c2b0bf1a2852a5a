"""Event streams tell everything once, whoever is restarted meanwhile, and cost others nothing."""

import base64
import pathlib
import signal
import socket
import threading
import time

import pytest

from support.events import Follower, open_stream, read
from support.processes import wait_until
from support.registry import MODEL
from support.slipway import BASE, problem

GOOD = {"model_name": MODEL, "model_version": "1", "smoke_test": False}


@pytest.fixture(scope="module")
def watched(new_slipway, registry_settings, base_image):
    """A Slipway of its own, which builds one at a time."""
    return new_slipway(
        "events", registry_settings, builds={"max_parallel": 1}, server={"nginx_sends_logs": True}).start()


@pytest.fixture
def working(watched):
    """A build that the engine works on, for a while yet."""
    build = watched.submit(**GOOD, no_cache=True, image_name="slipway/events:working")
    watched.wait_building(build["build_id"])
    yield build["build_id"]
    watched.call("POST", f"{BASE}/{build['build_id']}/cancel")
    watched.wait(build["build_id"], 20)


def events(answer):
    """Yields the events of an answer, without its comments."""
    return (event for event in read(answer) if event[0])


def streams(slipway):
    """How many connections the responders hold."""
    return sum(
        1 for pid in slipway.responders() for file in pathlib.Path(f"/proc/{pid}/fd").iterdir()
        if _link(file).startswith("socket:"))


def _link(path):
    try:
        return str(path.readlink())
    except FileNotFoundError:
        return ""


def test_a_build_is_told_from_its_queue_to_its_end(watched, working):
    waiting = watched.submit(**GOOD, image_name="slipway/events:waiting")["build_id"]
    follower = Follower(watched, waiting)
    thread = threading.Thread(target=follower.follow)
    thread.start()
    wait_until(lambda: follower.statuses, "the first status", 5)
    assert follower.statuses[0]["queue_position"] == 1
    watched.call("POST", f"{BASE}/{working}/cancel")
    thread.join(120)
    states = [status["state"] for status in follower.statuses]
    assert states[0] == "queued" and states[-1] == "succeeded", states
    assert follower.connections == 1 and follower.reason == "ended"
    assert follower.log == (watched.folder(waiting) / "build.log").read_bytes()
    # Whoever comes later is told all of it at once, and from any place.
    assert Follower(watched, waiting).follow(5).log == follower.log
    with open_stream(watched, f"/{waiting}/events", offset=len(follower.log) - 10) as answer:
        assert [event[0] for event in events(answer)] == ["status", "log", "eof"]
    with open_stream(watched, f"/{waiting}/events", log="false") as answer:
        assert [event[0] for event in events(answer)] == ["status", "eof"]
    with open_stream(watched, f"/{waiting}/events", follower.last_id) as answer:
        assert [event[0] for event in events(answer)] == ["eof"]
    with open_stream(watched, f"/{waiting}/events") as compressed, \
            open_stream(watched, f"/{waiting}/events", encoding="identity") as plain:
        assert (compressed.headers["Content-Encoding"], plain.headers.get("Content-Encoding")) == ("gzip", None)
        assert list(events(compressed)) == list(events(plain))


def test_nothing_is_lost_or_told_twice_while_the_pool_is_restarted_ten_times(watched, working):
    follower = Follower(watched, working)
    thread = threading.Thread(target=follower.follow)
    thread.start()
    log = watched.folder(working) / "build.log"
    with log.open("ab") as file:
        for restart in range(10):
            for line in range(200):
                file.write(f"{restart} {line} naïve 模型 🚢\n".encode())
                file.flush()
                time.sleep(0.001)
            if restart % 2:
                before = watched.responders()
                watched.pool.process.send_signal(signal.SIGHUP)
                watched.all_responders(but=before)
            else:
                watched.pool.stop()
                watched.start_pool()
    watched.call("POST", f"{BASE}/{working}/cancel")
    thread.join(60)
    assert not thread.is_alive() and follower.reason == "ended"
    assert follower.statuses[-1]["state"] == "cancelled"
    assert follower.connections >= 10
    assert follower.log == log.read_bytes()


def test_all_builds_are_told_of_from_any_change_on(watched, working):
    with open_stream(watched, "/events") as answer:
        told = events(answer)
        name, hello, _ = next(told)
        assert name == "hello"
        watched.call("POST", f"{BASE}/{working}/cancel")
        # What the index learned just before may be told yet; a stream that tells no more ends the test as lost.
        assert any(
            (name, data["build_id"], data.get("state")) == ("build", working, "cancelled") for name, _, data in told)
    other = watched.succeed(**GOOD, image_name="slipway/events:other")["build_id"]
    assert watched.call("DELETE", f"{BASE}/{other}").status_code == 200
    with open_stream(watched, "/events", hello) as answer:
        told = {}
        for name, _, data in events(answer):
            told[data["build_id"]] = name
            if name == "removed":
                break
    assert (told[working], told[other]) == ("build", "removed")
    # What was never told by this index cannot be gone on from.
    with open_stream(watched, "/events", "999999999") as answer:
        assert next(events(answer))[0] == "hello"


def test_a_removed_builds_stream_ends(watched):
    build_id = watched.succeed(**GOOD, image_name="slipway/events:removed")["build_id"]
    watched.call("DELETE", f"{BASE}/{build_id}")
    assert problem(watched.get(f"/{build_id}/events"))["error_code"] == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.parametrize("path, query, last_id", [
    ("/events", {}, "x"), ("/events", {}, "9" * 40), ("/events", {"last_event_id": "-1"}, None),
    ("/{id}/events", {}, "12"), ("/{id}/events", {}, "1-zz"), ("/{id}/events", {"offset": "-1"}, None),
    ("/{id}/events", {"offset": "1" * 30}, None), ("/{id}/events", {"log": "maybe"}, None)])
def test_nonsense_is_refused(watched, path, query, last_id):
    build_id = watched.submit(**GOOD, image_name="slipway/events:nonsense")["build_id"]
    with open_stream(watched, path.format(id=build_id), last_id, **query) as answer:
        assert answer.status_code == 400
        assert problem(answer)["error_code"] == "INVALID_PARAMETER_VALUE"
    assert watched.get(f"/{build_id}/events", allow_redirects=False, stream=True).status_code == 200


def test_a_thousand_connections_start_nothing_and_leave_nothing(watched):
    build_id = watched.succeed(**GOOD, image_name="slipway/events:many")["build_id"]
    before = watched.build_folders()
    held = streams(watched)
    for _ in range(500):
        for path in ("/events", f"/{build_id}/events"):
            with socket.create_connection(("127.0.0.1", watched.port)) as connection:
                request = (
                    f"GET {BASE}{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                    f"Authorization: {basic(watched.admin)}\r\n\r\n")
                connection.sendall(request.encode())
                assert connection.recv(12) == b"HTTP/1.1 200"
    assert watched.build_folders() == before
    assert not watched.runners()
    wait_until(lambda: streams(watched) <= held, "the responders to notice", 10)


def basic(user):
    return "Basic " + base64.b64encode(":".join(user).encode()).decode()


def test_who_never_reads_holds_up_nobody(watched, working, faults):
    """Some read nothing at all; whoever reads is told of a line within a second all the same."""
    idle = []
    for _ in range(50):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", watched.port))
        connection.sendall(
            f"GET {BASE}/{working}/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: {basic(watched.admin)}\r\n\r\n"
            .encode())
        idle.append(connection)
    follower = Follower(watched, working)
    thread = threading.Thread(target=follower.follow)
    thread.start()
    try:
        log = watched.folder(working) / "build.log"
        with log.open("ab") as file:
            for _ in range(300):
                file.write(b"x" * 65536 + b"\n")
        for turn in range(5):
            mark = f"turn {turn} of the one who reads\n".encode()
            with log.open("ab") as file:
                file.write(mark)
            wait_until(lambda mark=mark: mark in follower.log[-200_000:], "the line to be told", 15)
        assert watched.call("GET", f"{BASE}/{working}").status_code == 200
    finally:
        for connection in idle:
            connection.close()
        watched.call("POST", f"{BASE}/{working}/cancel")
        thread.join(30)
    assert follower.reason == "ended"
    faults.note("50 watchers that never read", 50)


def test_nginx_sends_the_log_from_its_file(watched):
    build_id = watched.succeed(**GOOD, image_name="slipway/events:log")["build_id"]
    file = watched.folder(build_id) / "build.log"
    whole = file.read_bytes()
    answer = watched.get(f"/{build_id}/log")
    assert answer.content == whole
    # nginx's own mark of a file: Slipway sends none.
    assert answer.headers["ETag"]
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    part = watched.get(f"/{build_id}/log", headers={"Range": "bytes=3-9"})
    assert (part.status_code, part.content) == (206, whole[3:10])
    assert watched.get(f"/{build_id}/log?offset=5").content == whole[5:]
    # Nobody but Slipway sends anybody there.
    assert watched.call("GET", f"/slipway/logs/{build_id}").status_code == 404
    assert watched.call("GET", f"{BASE}/{build_id}/log", user=False).status_code == 401
    assert file.stat().st_mode & 0o777 == 0o640 and watched.folder(build_id).stat().st_mode & 0o777 == 0o710
