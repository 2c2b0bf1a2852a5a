"""What the doctor tells a user whose podman cannot work yet."""

import pathlib
import re
import shutil
import subprocess

import pytest

from support.processes import kill, run, wait_until

USER = "slipway-suite"


def remove_user():
    """Removes the user with the processes and folders that podman leaves."""
    for process in filter(is_theirs, pathlib.Path("/proc").glob("[0-9]*")):
        kill(int(process.name))
    for folder in filter(is_theirs, pathlib.Path("/tmp").iterdir()):
        shutil.rmtree(folder, ignore_errors=True)
    wait_until(lambda: subprocess.run(["userdel", "-r", USER], capture_output=True, check=False).returncode != 8,
               "the end of the user's processes")


def is_theirs(path):
    try:
        return path.owner() == USER
    except (KeyError, OSError):
        return False


@pytest.fixture
def user():
    """An ordinary user without subordinate ids."""
    remove_user()
    run("useradd", "-m", USER)
    for name in ("subuid", "subgid"):
        path = pathlib.Path("/etc") / name
        if path.exists():
            lines = path.read_text().splitlines(keepends=True)
            path.write_text("".join(line for line in lines if not line.startswith(f"{USER}:")))
    yield USER
    remove_user()


@pytest.fixture
def program(binary, work):
    """The program where that user may run it."""
    work.chmod(0o755)
    return shutil.copy2(binary, work / "slipway")


def doctor(program, user):
    done = subprocess.run(
        ["runuser", "-l", user, "-c", f"SLIPWAY_IMAGES_ENGINE=podman {program} doctor --engine"],
        text=True, capture_output=True, check=False)
    return done.stdout + done.stderr


def test_the_doctor_gives_the_commands_for_subordinate_ids_and_they_help(program, user):
    before = doctor(program, user)
    commands = re.findall(r"usermod [^;\n]*[^; \n]", before)
    assert commands and user in before and "subordinate" in before, before
    assert "--add-subuids" in before and "--add-subgids" in before
    assert "podman system migrate" in before
    for command in commands:
        run(*command.split())
    run("runuser", "-l", user, "-c", "podman system migrate")
    assert "usermod" not in doctor(program, user)
