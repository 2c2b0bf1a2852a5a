"""The users, PAM services and fixtures of the tests of slipway-authd, which need no other part of the suite."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unicodedata

import pytest

from support.authd import Authd, Caller, Services, Users, frame
from support.processes import PROJECT, run, wait_until

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


def hang(authd, count=1):
    """Callers whose attempts hang, once they do."""
    callers = [Caller(authd.path).send(frame("slw-hang", PASSWORDS["slw-hang"])) for _ in range(count)]
    wait_until(lambda: len(hanging()) >= 2 * count, "the modules to hang", 10)
    return callers


def hanging():
    found = subprocess.run(["pgrep", "--full", "--exact", "sleep 1111"], capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split()]
