"""What a build prints and what its disk holds have an end, and neither ends more than that build."""

import contextlib
import gzip
import json
import os
import pathlib
import shutil
import sqlite3

import pytest
import yaml

from support.processes import run, wait_until
from support.registry import MODEL
from support.slipway import ENDED, problem

GOOD = {"model_name": MODEL, "model_version": "1", "smoke_test": False}
NOISY = """#!/bin/sh
# docker, whose builds print a line of 50 MB and a gigabyte of others first
case "$1" in build)
    head -c 50000000 /dev/zero | tr '\\0' x
    echo
    yes 'a line that a step prints again and again, as some do that have nothing else to say' | head -c 1000000000 ;;
esac
exec docker "$@"
"""


def peak_memory(pid):
    """Bytes that a process held at most; None where it is gone."""
    try:
        lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), None)


def test_a_log_has_an_end_and_the_build_goes_on(work, new_slipway, registry_settings, base_image, measure):
    program = work / "noisy" / "docker"
    program.parent.mkdir()
    program.write_text(NOISY)
    program.chmod(0o755)
    noisy = new_slipway("noisy", registry_settings, program, builds={"log_limit": 200_000}).start()
    build_id = noisy.submit(**GOOD, extra_requirements=["no-such-package-at-all"])["build_id"]
    peak = 0

    def ended():
        nonlocal peak
        peak = max([peak, *(peak_memory(pid) or 0 for pid in noisy.runners(build_id))])
        return noisy.status_file(build_id)["state"] in ENDED
    wait_until(ended, "the build's end", 300, pause=0.1)
    build = noisy.build(build_id)
    measure(f"a build that prints 1 GB: {build['steps'][-1]['seconds']} s, its runner held {peak >> 20} MiB at most")
    assert 0 < peak < 64 << 20
    # What it failed of was printed last, long after the log was full.
    assert build["state"] == "failed" and "no-such-package-at-all" in build["error"]["message"], build
    log = (noisy.folder(build_id) / "build.log").read_bytes()
    assert 190_000 < len(log) < 204_000
    lines = log.decode().splitlines()
    assert lines[-3].endswith("the log has 200000 bytes: what else is printed is left out")
    left_out = int(lines[-2].split("] ")[1].split()[0])
    assert left_out > 1_049_000_000 and "failed: " in lines[-1]


# The state directory's disk


@pytest.fixture(scope="module")
def small(new_slipway, registry_settings, base_image):
    """A Slipway on a disk of 100 MB, 40 of which are to stay free."""
    slipway = new_slipway("small-disk", registry_settings, builds={"min_free_mb": 40})
    kept = {path: path.read_bytes() for path in slipway.state.iterdir() if path.is_file()}
    run("mount", "-t", "tmpfs", "-o", "size=100m,mode=0750", "tmpfs", slipway.state)
    for path, content in kept.items():
        path.write_bytes(content)
    yield slipway.start()
    slipway.stop()
    run("umount", "-l", slipway.state)


def fill(slipway, megabytes):
    with open(slipway.state / "filler", "wb") as file:
        for _ in range(megabytes):
            file.write(bytes(1 << 20))


def test_a_build_ends_where_its_disk_reaches_the_floor(small):
    build_id = small.submit(**GOOD, no_cache=True)["build_id"]
    small.wait_building(build_id)
    fill(small, 65)
    build = small.wait(build_id, 20)
    assert build["state"] == "failed" and "builds want 40" in build["error"]["message"], build
    assert "MB left" in small.log(build_id).splitlines()[-1]
    refused = small.post(**GOOD)
    assert refused.status_code == 503 and "builds want 40" in problem(refused)["message"]
    (small.state / "filler").unlink()
    assert small.build(build_id)["error"]["hint"].startswith("make room")


def test_the_end_of_a_build_is_written_on_a_full_disk(small):
    settings = yaml.safe_load(small.config.read_text())
    settings["builds"]["min_free_mb"] = 0
    small.config.write_text(yaml.safe_dump(settings))
    build_id = small.submit(**GOOD, no_cache=True)["build_id"]
    small.wait_building(build_id)
    assert (small.folder(build_id) / "reserve").stat().st_size == 256 << 10
    with pytest.raises(OSError):
        fill(small, 101)
    assert shutil.disk_usage(small.state).free == 0
    wait_until(lambda: small.status_file(build_id)["state"] in ENDED, "the build's end", 60)
    status = small.status_file(build_id)
    assert status["state"] == "failed" and "No space left" in status["error"]["message"], status
    log = (small.folder(build_id) / "build.log").read_text()
    assert "failed: " in log.splitlines()[-1]
    wait_until(lambda: not small.runners(build_id), "the runner's end", 10)
    os.unlink(small.state / "filler")
    assert small.build(build_id)["state"] == "failed"
    small.succeed(**GOOD)


def test_a_compressed_log_is_read_as_before(small):
    settings = yaml.safe_load(small.config.read_text())
    settings["builds"]["compress_logs_after_days"] = 0
    small.config.write_text(yaml.safe_dump(settings))
    whole = {build["build_id"]: small.get(f"/{build['build_id']}/log").content for build in small.get().json()["builds"]}
    small.command("builds", "compress")
    for build_id, log in whole.items():
        assert len(log) > 1000 and not (small.folder(build_id) / "build.log").exists()
        assert gzip.decompress((small.folder(build_id) / "build.log.gz").read_bytes()) == log
        path = f"/{build_id}/log"
        assert small.get(path).content == log and small.get(f"{path}?offset=100").content == log[100:]
        part = small.get(path, headers={"Range": "bytes=10-19"})
        assert part.status_code == 206 and part.content == log[10:20]
        assert small.command("builds", "log", build_id).encode() == log
    assert not list(small.state.glob(".*.tmp"))


def test_what_the_site_says_is_part_of_the_order(slipway, first_build):
    order = json.loads((slipway.folder(first_build["build_id"]) / "request.json").read_text())
    assert order["options"]["smoke_test"] is True and order["options"]["push"] is False


def test_how_long_a_build_took_is_kept_for_the_next(slipway, first_build):
    with contextlib.closing(sqlite3.connect(f"file:{slipway.state}/slipway.db?mode=ro", uri=True)) as index:
        [row] = index.execute(
            "SELECT duration_ms, base_image FROM builds WHERE id = ?", (first_build["build_id"],)).fetchall()
    assert row == (pytest.approx(first_build["duration_seconds"] * 1000, abs=1), first_build["base_image"])
