"""slipway-authd with real PAM, real users, and callers who mean harm.

It needs root, the program and no other part of the suite: `pytest --noconftest test_authd.py` runs it by itself.
"""

import array
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata

import pytest

from support.authd import Authd, Caller, Services, Users, as_user, authenticate_directly, frame, program
from support.processes import PROJECT, is_alive, kill, resident_bytes, run, wait_until

NOBODY = 65534
PERMIT = "account required pam_permit.so\n"
PLAIN = "auth required pam_unix.so\naccount required pam_unix.so\n"
# Whoever is called slw-hang is asked by a module that never ends; all others by pam_unix.
HANGING = """auth [success=1 default=ignore] pam_succeed_if.so quiet user != slw-hang
auth required pam_exec.so quiet {script}
auth required pam_unix.so
account required pam_unix.so
"""


def every_kind_of_character(length):
    """A character of each of Unicode's categories that can be typed, colons and spaces among them."""
    kinds = {}
    for number in range(1, sys.maxunicode + 1):
        character = chr(number)
        kind = unicodedata.category(character)
        if kind not in ("Cs", "Cn") and character not in "\n\r":
            kinds.setdefault(kind, character)
    text = "a: b::c " + "".join(kinds.values())
    assert len(kinds) == 28
    return text + "x" * (length - len(text.encode()))


PASSWORDS = {
    "slw-ok": "right: horse\\ battery 'staple\"",
    "slw-unicode": every_kind_of_character(300),
    "slw-long": "l" * 511,
    "slw-locked": "the right one of a locked user",
    "slw-gone": "the right one of an expired account",
    "slw-stale": "the right one, long expired",
    "slw-hang": "the right one of who hangs",
}
OK = ("slw-ok", PASSWORDS["slw-ok"])
WRONG = "secret-that-is-wrong"


@pytest.fixture(scope="module")
def authd_binary():
    """AUTHD_BINARY says where it is; else it lies beside the suite's program, else where `make build` puts it."""
    beside = os.environ.get("END_TO_END_BINARY", PROJECT / ".build" / "release" / "slipway")
    return pathlib.Path(os.environ.get("AUTHD_BINARY", pathlib.Path(beside).with_name("slipway-authd"))).resolve()


@pytest.fixture(scope="module")
def folder():
    """Where every user may go: the suite's own folder is root's alone."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="slw-authd-", dir="/run"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module", autouse=True)
def users():
    users = Users()
    try:
        for name, password in PASSWORDS.items():
            users.add(name, password)
        run("usermod", "--lock", "slw-locked")
        run("chage", "--expiredate", "0", "slw-gone")
        run("chage", "--lastday", "0", "slw-stale")
        yield users
    finally:
        users.remove()


@pytest.fixture(scope="module")
def services(folder):
    script = folder / "hang"
    script.write_text("#!/bin/sh\nsleep 1111 &\nsleep 1111\n")
    script.chmod(0o755)
    services = Services()
    try:
        services.add("slw-plain", PLAIN)
        services.add("slw-shipped", (PROJECT / "packaging" / "pam" / "slipway").read_text())
        services.add("slw-hanging", HANGING.format(script=script))
        # pam_ftp asks for an address as if that were a password, and changes the user's name to the first it has.
        services.add("slw-prompts", "auth required pam_unix.so\nauth required pam_ftp.so users=slw-ok\n" + PERMIT)
        services.add("slw-renamed", "auth required pam_ftp.so users=slw-unicode,slw-ok\n" + PERMIT)
        services.add("slw-broken", "auth required pam_no_such_module.so\naccount required pam_unix.so\n")
        services.add("slw-nowhere", "auth required pam_unix.so\naccount required pam_deny.so\n")
        yield services
    finally:
        services.remove()


@pytest.fixture(scope="module")
def new_authd(authd_binary, folder, services):
    made = []

    def make(service, *options, **more):
        made.append(Authd(authd_binary, folder, service, *options, **more))
        return made[-1]
    yield make
    for authd in made:
        authd.process.stop()
    logs = "".join(authd.log for authd in made)
    for secret in [*PASSWORDS.values(), WRONG]:
        assert secret not in logs


@pytest.fixture(scope="module")
def authd(new_authd):
    return new_authd("slw-plain", "--group", "slw-ok", "--allow-user", "slw-unicode")


def group_of(name):
    return int(run("id", "--group", name))


def user_of(name):
    return int(run("id", "--user", name))


def hang(authd, count=1):
    """Callers whose attempts hang, once they do."""
    callers = [Caller(authd.path).send(frame("slw-hang", PASSWORDS["slw-hang"])) for _ in range(count)]
    wait_until(lambda: len(hanging()) >= 2 * count, "the modules to hang", 10)
    return callers


def hanging():
    found = subprocess.run(["pgrep", "--full", "--exact", "sleep 1111"], capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split()]


# What PAM says


def test_the_right_password_is_accepted_at_once(authd):
    answer, seconds = authd.timed(*OK)
    assert answer == "accepted" and seconds < 0.9
    assert re.search(
        r"^\S+Z info authd: password checked user=slw-ok address=192\.0\.2\.7 outcome=accepted milliseconds=\d+ ",
        authd.log, re.MULTILINE)


@pytest.mark.parametrize("user, password, answer", [
    ("slw-ok", WRONG, "refused"),
    ("slw-ok", PASSWORDS["slw-ok"] + " ", "refused"),
    ("slw-nobody-is-called-so", WRONG, "refused"),
    ("slw-locked", PASSWORDS["slw-locked"], "refused"),
    ("slw-gone", PASSWORDS["slw-gone"], "expired"),
    ("slw-gone", WRONG, "refused"),
    ("slw-stale", PASSWORDS["slw-stale"], "expired"),
    ("slw-stale", WRONG, "refused"),
    ("slw-unicode", PASSWORDS["slw-unicode"], "accepted"),
    ("slw-unicode", PASSWORDS["slw-unicode"][:-1], "refused"),
    # libxcrypt takes no more than 511 bytes, so no user has a longer one.
    ("slw-long", PASSWORDS["slw-long"], "accepted"),
    ("slw-long", PASSWORDS["slw-long"] + "l", "refused"),
    ("slw-long", PASSWORDS["slw-long"][:-1], "refused"),
    ("SLW-OK", PASSWORDS["slw-ok"], "refused"),
    ("slw-ok ", PASSWORDS["slw-ok"], "refused"),
    ("jörg \N{GRINNING FACE}" * 10, WRONG, "refused"),
    ("-slw-ok", PASSWORDS["slw-ok"], "malformed"),
    ("--help", WRONG, "malformed"),
    ("slw-ok\0", PASSWORDS["slw-ok"], "malformed"),
    ("slw-ok", PASSWORDS["slw-ok"] + "\0", "malformed"),
    ("slw-ok", "", "malformed"),
    ("../slw-ok", WRONG, "malformed"),
], ids=lambda value: value if len(value) < 24 else value[:20].strip())
def test_outcomes(authd, user, password, answer):
    found, seconds = authd.timed(user, password)
    assert found == answer
    assert (seconds < 0.9) if answer == "accepted" else (1 <= seconds < 1.9)


@pytest.mark.parametrize("user, password, answers", [
    (*OK, ["accepted"]), ("slw-ok", WRONG, ["refused"]), ("slw-locked", PASSWORDS["slw-locked"], ["refused"]),
    ("slw-stale", PASSWORDS["slw-stale"], ["expired"]),
    # Debian's common-account ends in pam_deny, whose word is the last.
    ("slw-gone", PASSWORDS["slw-gone"], ["denied"]),
], ids=["right", "wrong", "locked", "stale", "gone"])
def test_the_service_file_that_is_shipped(new_authd, user, password, answers):
    authd = new_authd("slw-shipped")
    assert authd.ask(user, password) in answers
    authd.stop()


@pytest.mark.parametrize("service, answer, reason", [
    ("slw-nowhere", "denied", "pam_acct_mgmt: "), ("slw-broken", "unavailable", "pam_authenticate: "),
    ("slw-prompts", "refused", "asked for more than one password"), ("slw-renamed", "refused", "changed the user's name"),
])
def test_services_that_say_no_or_nothing_or_ask_for_more(new_authd, service, answer, reason):
    authd = new_authd(service)
    assert authd.ask(*OK) == answer
    assert reason in authd.log
    authd.stop()


def test_a_service_that_goes_away_is_not_replaced_by_other(new_authd, services):
    services.add("slw-fleeting", PLAIN)
    authd = new_authd("slw-fleeting")
    assert authd.ask(*OK) == "accepted"
    services.names.remove("slw-fleeting")
    pathlib.Path("/etc/pam.d/slw-fleeting").unlink()
    assert authd.ask(*OK) == "unavailable"
    authd.stop()


def test_pam_is_told_the_address(new_authd, services, folder):
    (folder / "access").write_text("+:ALL:198.51.100.0/24\n-:ALL:ALL\n")
    services.add("slw-access", PLAIN + f"account required pam_access.so accessfile={folder}/access\n")
    authd = new_authd("slw-access")
    assert authd.ask(*OK, "198.51.100.9") == "accepted"
    assert authd.ask(*OK, "203.0.113.9") == "denied"
    authd.stop()


# Who may ask


@pytest.mark.parametrize("user, group, groups, answer", [
    (NOBODY, "slw-ok", [], "accepted"),
    ("slw-unicode", NOBODY, ["slw-ok"], "accepted"),
    # It can reach the socket by its groups, but is neither in it by its effective group nor named.
    (NOBODY, NOBODY, ["slw-ok"], None),
    ("slw-ok", NOBODY, ["slw-ok"], None),
    (NOBODY, NOBODY, [], "PermissionError"),
    (NOBODY, 0, [], "PermissionError"),
], ids=["group", "user", "other group", "other user", "stranger", "root's group"])
def test_who_may_ask(authd, user, group, groups, answer):
    user = user if isinstance(user, int) else user_of(user)
    group = group if isinstance(group, int) else group_of(group)
    assert as_user(user, group, [group_of(name) for name in groups], lambda: authd.ask(*OK)) == answer
    if answer is None:
        wait_until(lambda: f"a stranger was turned away uid={user}" in authd.log or "unsaid=" in authd.log, "a line")


def test_a_user_without_root_cannot_check_passwords_without_authd(authd, authd_binary, folder):
    def check():
        return authenticate_directly("slw-plain", *OK)

    def attempt():
        ours, theirs = socket.socketpair()
        arguments = [authd_binary, "attempt", "--service", "slw-plain", "--parent", str(os.getpid())]
        with subprocess.Popen(arguments, stdin=theirs, stderr=subprocess.DEVNULL, env={}):
            ours.sendall(frame(*OK))
            return ours.recv(16)[5]

    program_for_all = folder / "slipway-authd"
    shutil.copy(authd_binary, program_for_all)
    authd_binary = program_for_all
    assert check() is True and attempt() == 1
    assert as_user(NOBODY, NOBODY, [], check) is False
    assert as_user(NOBODY, NOBODY, [], attempt) in (2, 5)
    assert as_user(NOBODY, group_of("slw-ok"), [], lambda: authd.ask(*OK)) == "accepted"


def test_it_starts_only_as_it_should(authd, authd_binary, folder):
    def start(*arguments):
        done = subprocess.run([authd_binary, *arguments], text=True, capture_output=True, check=False, timeout=20)
        return done.returncode, done.stdout + done.stderr

    unused = folder / "unused"
    assert start("--help")[0] == 0
    for wrong in [[], ["--socket"], ["--socket="], ["--nonsense"], ["extra"], ["--socket", unused, "--max-attempts", "0"],
                  ["--socket", unused, "--timeout-seconds", "9x"]]:
        status, text = start(*wrong)
        assert (status, "Usage:" in text) == (2, True), (wrong, text)
    for option in ["--group", "--allow-user"]:
        status, text = start("--socket", unused, "--service", "slw-plain", option, "slw-none")
        assert status == 1 and "there is no" in text and "slw-none" in text
    for service in ["slw-none", "other", "../pam.d/login", ""]:
        status, text = start("--socket", unused, "--service", service)
        assert status in (1, 2) and ("no PAM service" in text or "needs a value" in text)
    status, text = start("--socket", authd.path, "--service", "slw-plain")
    assert status == 1 and "in use" in text
    assert authd.ask(*OK) == "accepted"
    shutil.copy(authd_binary, folder / "slipway-authd")
    done = subprocess.run(
        [program("setpriv"), f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", folder / "slipway-authd",
         "--socket", "/tmp/slw-unused", "--service", "slw-plain"],
        text=True, capture_output=True, check=False)
    assert done.returncode == 1 and "run as root" in done.stderr
    assert not unused.exists()


def test_it_holds_no_foundation(authd_binary):
    assert b"FoundationEssentials" not in authd_binary.read_bytes()
    assert "Foundation" not in run(program("ldd"), authd_binary)


# Callers who mean harm


def test_hostile_frames(authd):
    right = frame(*OK)
    for content in [right[:-1], right[:5], right[:1], right + b"\0", right * 2, right * 5000, b"GET / HTTP/1.1\r\n\r\n" * 60,
                    secrets.token_bytes(1024), bytes(1024), b"\xff" * 1024, b"SLPA\2" + right[5:],
                    b"SLPA\1\0\xff\xff\xff\xff\xff\xff" + bytes(1012), right[:1023] + b"\1"]:
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


def zombies(pid):
    return [entry for entry in pathlib.Path("/proc").glob("[0-9]*/stat")
            if re.search(rf"\) Z {pid} ", entry.read_text(errors="replace"))]


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


def memory(pid):
    content = b""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as stream:
        for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
            if " rw-p " in line and "[v" not in line:
                begin, end = (int(number, 16) for number in line.split()[0].split("-"))
                stream.seek(begin)
                content += stream.read(end - begin)
    return content


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


def test_time_tells_no_user_from_another(authd):
    kinds = {
        "unknown user": ("slw-nobody-is-called-so", WRONG), "wrong password": ("slw-ok", WRONG),
        "locked account": ("slw-locked", PASSWORDS["slw-locked"]),
    }
    seconds = {kind: [] for kind in kinds}

    def ask(kind):
        answer, duration = authd.timed(*kinds[kind])
        assert answer == "refused"
        seconds[kind].append(duration)

    for _ in range(15):
        threads = [threading.Thread(target=ask, args=[kind]) for kind in kinds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    medians = {kind: statistics.median(durations) for kind, durations in seconds.items()}
    print("; ".join(f"{kind}: median {medians[kind] * 1000:.1f} ms, {min(durations) * 1000:.1f} to "
                    f"{max(durations) * 1000:.1f}" for kind, durations in seconds.items()))
    assert all(len(durations) == 15 for durations in seconds.values())
    assert all(1 <= duration < 2 for durations in seconds.values() for duration in durations)
    assert max(medians.values()) - min(medians.values()) < 0.02
    # PAM itself took very different times.
    took = [int(found) for found in re.findall(r"outcome=refused milliseconds=(\d+)", authd.log)]
    assert min(took) < max(took)
