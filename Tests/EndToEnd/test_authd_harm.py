"""slipway-authd among callers who mean harm, modules that hang, and who would like to see a password.

It needs root, the program and no other part of the suite: `pytest --noconftest test_authd_harm.py` runs it by itself.
"""

import array
import os
import pathlib
import re
import secrets
import signal
import socket
import subprocess
import threading
import time

import pytest

from support.authd import Caller, frame, memory, program, zombies
# Fixtures are found among a module's own names.
from support.authd_parts import (
    OK, PASSWORDS, WRONG, authd, authd_binary, folder, hang, hanging, new_authd, services, users)
from support.processes import is_alive, kill, resident_bytes, run, wait_until


# Callers who mean harm


def test_hostile_frames(authd):
    right = frame(*OK)
    for content in [right[:-1], right[:5], right[:1], right + b"\0", right * 2, right * 5000,
                    b"GET / HTTP/1.1\r\n\r\n" * 60, secrets.token_bytes(1024), bytes(1024), b"\xff" * 1024,
                    b"SLPA\2" + right[5:], b"SLPA\1\0\xff\xff\xff\xff\xff\xff" + bytes(1012), right[:1023] + b"\1"]:
        caller = Caller(authd.path).send(content)
        caller.socket.shutdown(socket.SHUT_WR)
        assert caller.answer() == "malformed", content[:20]
    assert authd.ask(*OK) == "accepted"


def test_descriptors_that_are_sent_along_are_dropped(authd):
    before = len(os.listdir(f"/proc/{authd.pid}/fd"))
    caller = Caller(authd.path)
    with open("/dev/null", "rb") as file:
        sent = array.array("i", [file.fileno()] * 200)
        caller.socket.sendmsg([frame(*OK)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, sent)])
    assert caller.answer() == "accepted"
    assert len(os.listdir(f"/proc/{authd.pid}/fd")) == before


def test_slow_callers_are_cut_off_and_hold_up_nobody_else(authd):
    begin = time.monotonic()
    silent = Caller(authd.path)
    slow = Caller(authd.path)

    def drip():
        for byte in frame(*OK)[:3]:
            slow.send(bytes([byte]))
            time.sleep(1)
    thread = threading.Thread(target=drip)
    thread.start()
    assert authd.timed(*OK)[1] < 1.5
    # Two seconds to send it all, and the whole one before any answer that is not a yes.
    assert silent.answer() == "malformed" and slow.answer() == "malformed"
    assert 2.9 < time.monotonic() - begin < 4.5
    thread.join()
    wait_until(lambda: not authd.attempts(), "the attempts to end")


def test_10000_connections_opened_and_closed_leave_nothing(authd):
    def state():
        # Connections wait in line: who is answered was the last of them.
        wait_until(lambda: authd.ask(*OK) == "accepted", "an answer after the storm", 60)
        wait_until(lambda: not authd.attempts() and not zombies(authd.pid), "the attempts to end")
        return resident_bytes(authd.pid), len(os.listdir(f"/proc/{authd.pid}/fd"))

    def storm(count):
        def one():
            for _ in range(count // 4):
                Caller(authd.path).close()
        threads = [threading.Thread(target=one) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    storm(500)
    memory, descriptors = state()
    begin = time.monotonic()
    storm(10_000)
    seconds = time.monotonic() - begin
    after = state()
    print(f"10,000 connections in {seconds:.1f} s: {memory >> 10} KiB before, {after[0] >> 10} after; "
          f"{descriptors} descriptors, {after[1]}")
    assert after[0] - memory < 1 << 20 and after[1] == descriptors


# Modules that hang, attempts that die


def test_a_hanging_module_is_killed_and_others_go_on(new_authd):
    authd = new_authd("slw-hanging", "--timeout-seconds", "3")
    begin = time.monotonic()
    [caller] = hang(authd)
    for _ in range(3):
        assert authd.timed(*OK)[0] == "accepted"
    assert time.monotonic() - begin < 3
    assert caller.answer() == "unavailable"
    assert 2.9 < time.monotonic() - begin < 4.5
    # Also what the module started, in a session of its own.
    wait_until(lambda: not hanging() and not authd.attempts(), "the module's processes to end", 5)
    assert "took too long" in authd.log and not zombies(authd.pid)
    assert authd.ask(*OK) == "accepted"
    authd.stop()


def test_more_attempts_than_may_be_are_busy_at_once(new_authd):
    authd = new_authd("slw-hanging", "--max-attempts", "2", "--timeout-seconds", "5")
    callers = hang(authd, 2)
    for _ in range(20):
        answer, seconds = authd.timed(*OK)
        assert answer == "busy" and seconds < 0.5
    assert authd.log.count(" busy ") < 5
    assert [caller.answer() for caller in callers] == ["unavailable"] * 2
    wait_until(lambda: authd.ask(*OK) == "accepted", "a free place", 10)
    authd.stop()


def test_an_attempt_that_is_killed_is_answered_for(new_authd):
    authd = new_authd("slw-hanging", "--timeout-seconds", "60")
    [caller] = hang(authd)
    [attempt] = authd.attempts()
    begin = time.monotonic()
    kill(attempt)
    assert caller.answer() == "unavailable" and time.monotonic() - begin < 1
    wait_until(lambda: not hanging() and not authd.attempts(), "what it had started to end", 5)
    assert "ended early" in authd.log and not zombies(authd.pid)
    authd.stop()


def test_a_caller_that_leaves_changes_nothing(new_authd):
    authd = new_authd("slw-hanging", "--timeout-seconds", "2")
    for caller in hang(authd, 3):
        caller.close()
    for _ in range(8):
        Caller(authd.path).send(frame("slw-ok", WRONG)).close()
    wait_until(lambda: not hanging() and not authd.attempts(), "the attempts to end", 8)
    assert authd.ask(*OK) == "accepted"
    authd.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_all_that_it_began(new_authd, number):
    authd = new_authd("slw-hanging", "--timeout-seconds", "60")
    callers = hang(authd, 3)
    attempts = authd.attempts()
    begin = time.monotonic()
    assert authd.process.stop(number) == 0 and time.monotonic() - begin < 3
    assert [caller.answer() for caller in callers] == ["unavailable"] * 3
    assert not authd.path.exists() and not hanging()
    assert len(attempts) == 3 and not any(is_alive(pid) for pid in attempts)


def test_killed_it_takes_its_attempts_along_and_starts_again(new_authd):
    authd = new_authd("slw-hanging", "--timeout-seconds", "60")
    [caller] = hang(authd)
    [attempt] = authd.attempts()
    kill(authd.pid)
    assert caller.answer() is None
    wait_until(lambda: not is_alive(attempt), "the attempt to end", 5)
    # What the module left behind in a session of its own has no parent any more that knows of it.
    for pid in hanging():
        kill(pid)
    assert authd.path.exists()
    authd.start()
    assert authd.ask(*OK) == "accepted"
    authd.stop()


# What shows of a password


def test_a_password_shows_nowhere(new_authd):
    authd = new_authd("slw-hanging", "--timeout-seconds", "60")
    hang(authd)
    [attempt] = authd.attempts()
    for pid in [authd.pid, attempt, *hanging()]:
        for name in ["environ", "cmdline"]:
            assert PASSWORDS["slw-hang"].encode() not in pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
    assert pathlib.Path(f"/proc/{attempt}/environ").read_bytes().strip(b"\0") == b""
    assert os.readlink(f"/proc/{attempt}/cwd") == "/"
    assert PASSWORDS["slw-hang"].encode() not in memory(authd.pid)
    # The attempt itself must hold it: so this finds what there is.
    assert PASSWORDS["slw-hang"].encode() in memory(attempt)
    for pid in hanging():
        targets = {os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")}
        assert not any(target.startswith("socket:") for target in targets)
    authd.stop()


def test_nobody_looks_into_it_and_it_leaves_no_core(new_authd):
    """The same user with the same rights, which are none but root's own files, may look into others, not into it."""
    weak = [program("setpriv"), "--bounding-set=-all", "--inh-caps=-all", "--"]
    authd = new_authd("slw-hanging", "--timeout-seconds", "60", wrapper=weak)
    hang(authd)
    [attempt] = authd.attempts()
    look = "import sys\nfor path in sys.argv[1:]:\n try: open(path, 'rb').read(1); print(path)\n except OSError: pass"

    def seen(pid):
        paths = [f"/proc/{pid}/{name}" for name in ["environ", "mem", "maps", "auxv", "io", "fd/0"]]
        return run(*weak, "/usr/bin/python3", "-c", look, *paths).split()

    other = subprocess.Popen([*weak, program("sleep"), "1112"], stdin=subprocess.DEVNULL)
    try:
        wait_until(lambda: len(seen(other.pid)) >= 4, "a process that it may look into", 10)
    finally:
        other.kill()
        other.wait()
    for pid in [authd.pid, attempt]:
        assert seen(pid) == []
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)
        assert re.search(r"^Umask:\t0077$", status, re.MULTILINE)
    authd.stop()
