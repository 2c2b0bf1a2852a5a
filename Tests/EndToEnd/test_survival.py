"""Builds outlive those who started them, and a lost one does not stay for ever."""

from support.processes import kill, wait_until
from support.registry import MODEL
from support.slipway import ENDED, problem


def long_build(slipway, name):
    """A build that installs all packages again, once the engine is at it."""
    build_id = slipway.submit(
        model_name=MODEL, model_version="1", image_name=f"slipway-test/{name}:1", no_cache=True,
        smoke_test=False)["build_id"]
    slipway.wait_building(build_id)
    return build_id


def test_a_build_ends_by_itself_after_responders_and_supervisor_were_killed(slipway, first_build, faults):
    build_id = long_build(slipway, "survivor")
    for pid in [slipway.pool.pid, *slipway.responders()]:
        kill(pid)
    slipway.pool.process.wait()
    refused = slipway.get(f"/{build_id}")
    assert refused.status_code == 502 and problem(refused)["error_code"] == "TEMPORARILY_UNAVAILABLE"

    wait_until(lambda: slipway.status_file(build_id)["state"] in ENDED, "the build's end", 300)
    assert slipway.status_file(build_id)["state"] == "succeeded"
    slipway.start_pool()
    assert slipway.build(build_id)["state"] == "succeeded"
    faults.note("supervisor and responders killed while a build runs")


def test_a_killed_runner_leaves_a_failed_build_and_the_next_one_works(slipway, first_build):
    build_id = long_build(slipway, "lost")
    [runner] = slipway.runners(build_id)
    kill(runner)
    build = slipway.wait(build_id)
    assert build["state"] == "failed" and build["error"]["error_code"] == "RUNNER_LOST"
    assert build["error"]["hint"]
    assert not (slipway.folder(build_id) / "context").exists()
    slipway.succeed(model_name=MODEL, model_version="1", smoke_test=False)


def test_no_ended_build_keeps_its_context(slipway, second_build):
    for build_id in slipway.build_folders():
        if slipway.status_file(build_id)["state"] in ENDED:
            assert not (slipway.folder(build_id) / "context").exists()
