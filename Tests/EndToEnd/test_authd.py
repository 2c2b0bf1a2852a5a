"""What slipway-authd says, with real PAM and real users, and to whom.

It needs root, the program and no other part of the suite: `pytest --noconftest test_authd.py` runs it by itself.
"""

import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import threading

import pytest

from support.authd import as_user, authenticate_directly, frame, program
# Fixtures are found among a module's own names.
from support.authd_parts import OK, PASSWORDS, PLAIN, WRONG, authd, authd_binary, folder, new_authd, services, users
from support.processes import run, wait_until

NOBODY = 65534


def group_of(name):
    return int(run("id", "--group", name))


def user_of(name):
    return int(run("id", "--user", name))


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
    ("slw-prompts", "refused", "asked for more than one password"),
    ("slw-renamed", "refused", "changed the user's name"),
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
    for wrong in [[], ["--socket"], ["--socket="], ["--nonsense"], ["extra"],
                  ["--socket", unused, "--max-attempts", "0"], ["--socket", unused, "--timeout-seconds", "9x"]]:
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
    # The fastest of each kind: what else this machine does only adds.
    fastest = [min(durations) for durations in seconds.values()]
    assert max(fastest) - min(fastest) < 0.01
    # PAM itself took very different times.
    took = [int(found) for found in re.findall(r"outcome=refused milliseconds=(\d+)", authd.log)]
    assert min(took) < max(took)
