"""A build can be cancelled, built again, deleted, joined and submitted with others; nothing is left of it that should not be."""

import json
import subprocess
import time

import pytest

from support.processes import run, wait_until
from support.registry import MODEL
from support.slipway import BASE, problem

GOOD = {"model_name": MODEL, "model_version": "1"}


@pytest.fixture(scope="module")
def life(new_slipway, registry_settings, base_image):
    """A Slipway of its own, which builds one at a time."""
    return new_slipway("life", registry_settings, builds={"max_parallel": 1}).start()


def containers(docker):
    return run("docker", "ps", "-aq", env=docker.environment | {"PATH": "/usr/bin:/bin"}).split()


def act(slipway, method, build_id, action="", status=200):
    answer = slipway.call(method, f"{BASE}/{build_id}{action}")
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.fixture
def working(life):
    """A build that the engine works on, for a while yet."""
    build = life.submit(**GOOD, no_cache=True, image_name="slipway/life:working")
    life.wait_building(build["build_id"])
    yield build["build_id"]
    if life.build(build["build_id"])["state"] not in ("succeeded", "failed", "cancelled"):
        act(life, "POST", build["build_id"], "/cancel")
        life.wait(build["build_id"], 20)


def test_a_cancelled_build_ends_within_seconds_and_leaves_nothing(life, working, docker, measure):
    began = time.monotonic()
    act(life, "POST", working, "/cancel")
    build = life.wait(working, 20)
    seconds = time.monotonic() - began
    measure(f"cancelled while the engine worked: ended after {seconds:.1f} s")
    assert build["state"] == "cancelled" and "error" not in build, build
    assert seconds < 6
    assert not (life.folder(working) / "context").exists()
    wait_until(lambda: not life.runners(working), "the runner's end", 5)
    wait_until(lambda: not containers(docker), "the engine's containers to end", 10)
    assert problem(life.call("POST", f"{BASE}/{working}/cancel"))["error_code"] == "INVALID_STATE"


def test_what_waits_can_be_cancelled_joined_and_outnumbered(life, working):
    waiting = life.submit(**GOOD, image_name="slipway/life:waiting")
    assert (waiting["state"], waiting["queue_position"]) == ("queued", 1)
    again = life.post(**GOOD, image_name="slipway/life:waiting").json()
    assert again["coalesced"] is True and again["build"]["build_id"] == waiting["build_id"]
    forced = life.post(**GOOD, image_name="slipway/life:waiting", force=True).json()
    assert forced["coalesced"] is False and forced["build"]["queue_position"] == 2
    for build in (waiting, forced["build"]):
        assert act(life, "POST", build["build_id"], "/cancel")["build"]["state"] == "cancelled"
    # A build that works is joined as well.
    joined = life.post(**GOOD, no_cache=True, image_name="slipway/life:working").json()
    assert joined["coalesced"] is True and joined["build"]["build_id"] == working


def test_a_batch_waits_behind_single_builds_and_answers_for_each(life, working):
    answer = life.call("POST", f"{BASE}/batch", json={"builds": [
        GOOD | {"image_name": "slipway/life:b1"}, GOOD | {"model_name": "no such model"}, {"model_version": "1"},
        GOOD | {"model_version": "2", "image_name": "slipway/life:b2"}]})
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert [next(iter(result)) for result in results] == ["build", "error", "error", "build"]
    assert results[1]["error"]["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    single = life.submit(**GOOD, image_name="slipway/life:single")
    assert single["queue_position"] == 1
    listed = life.get(f"?batch_id={answer.json()['batch_id']}").json()["builds"]
    assert {build["build_id"] for build in listed} == {results[0]["build"]["build_id"], results[3]["build"]["build_id"]}
    act(life, "POST", working, "/cancel")
    for build in [single, *listed]:
        assert life.wait(build["build_id"])["state"] == "succeeded"


def test_all_versions_of_a_model(life):
    answer = life.call("POST", f"{BASE}/batch", json={"model_name": MODEL, "versions": "all"})
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert len(results) >= 2 and all("build" in result for result in results)
    assert {result["build"]["model_version"] for result in results} >= {"1", "2"}
    for result in results:
        assert life.wait(result["build"]["build_id"])["state"] == "succeeded"


def test_an_ended_build_can_be_built_again_and_deleted(life):
    first = life.succeed(**GOOD, image_name="slipway/life:again")
    assert problem(life.call("POST", f"{BASE}/01234567/retry"))["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    retried = act(life, "POST", first["build_id"], "/retry")["build"]
    assert retried["retry_of"] == first["build_id"]
    second = life.wait(retried["build_id"])
    assert second["state"] == "succeeded" and second["image_name"] == first["image_name"]
    act(life, "DELETE", first["build_id"])
    assert life.call("GET", f"{BASE}/{first['build_id']}").status_code == 404
    assert not life.folder(first["build_id"]).exists()
    assert first["build_id"] not in [build["build_id"] for build in life.get().json()["builds"]]
    assert life.call("DELETE", f"{BASE}/{first['build_id']}").status_code == 404
    assert life.build(second["build_id"])["state"] == "succeeded"


def image(docker, name):
    """The id of what a name means; empty where that is nothing."""
    return run("docker", "images", "--quiet", "--no-trunc", name, env=docker.environment | {"PATH": "/usr/bin:/bin"}).strip()


def test_a_build_takes_its_image_along_but_no_other(life, docker):
    name = "slipway/life:moved"
    builds = [
        life.succeed(model_name=MODEL, model_version=version, image_name=name, tags=tags, smoke_test=False)
        for version, tags in (("1", ["old"]), ("2", []))]
    first, second = (build["image"]["id"] for build in builds)
    assert (image(docker, name), image(docker, "slipway/life:old")) == (second, first)
    answer = act(life, "DELETE", builds[0]["build_id"], "?image=true")
    assert answer["deleted"] == builds[0]["build_id"] and answer["image"]["removed"] is True, answer
    # The name is the second build's by now.
    assert (image(docker, name), image(docker, "slipway/life:old")) == (second, "")
    assert first not in run("docker", "images", "-aq", "--no-trunc", env=docker.environment | {"PATH": "/usr/bin:/bin"})

    container = run("docker", "create", name, env=docker.environment | {"PATH": "/usr/bin:/bin"}).strip()
    refused = act(life, "DELETE", builds[1]["build_id"], "?image=true", status=409)
    assert container[:12] in refused["message"] and life.build(builds[1]["build_id"])
    run("docker", "rm", container, env=docker.environment | {"PATH": "/usr/bin:/bin"})
    assert act(life, "DELETE", builds[1]["build_id"], "?image=maybe", status=400)
    life.command("builds", "delete", builds[1]["build_id"], "--image")
    assert image(docker, name) == "" and life.get(f"/{builds[1]['build_id']}").status_code == 404


def test_a_build_at_work_cannot_be_deleted_or_built_again(life, working):
    for method, action in (("DELETE", ""), ("POST", "/retry")):
        answer = life.call(method, f"{BASE}/{working}{action}")
        assert answer.status_code == 409 and problem(answer)["error_code"] == "INVALID_STATE"


def test_a_silent_build_is_ended(life, new_slipway, registry_settings):
    silent = new_slipway("silent", registry_settings, builds={"idle_timeout_seconds": 1}).start()
    build = silent.wait(silent.submit(**GOOD, no_cache=True)["build_id"])
    assert build["state"] == "failed" and build["error"]["error_code"] == "BUILD_TIMED_OUT"
    assert "printed nothing for 1 seconds" in build["error"]["message"]


def test_more_than_may_wait_are_refused(new_slipway, registry_settings, base_image):
    small = new_slipway("small", registry_settings, builds={"max_parallel": 1, "max_queued": 2}).start()
    builds = [small.submit(**GOOD, no_cache=True, image_name="slipway/small:0")]
    small.wait_building(builds[0]["build_id"])
    builds += [small.submit(**GOOD, image_name=f"slipway/small:{index}") for index in (1, 2)]
    answer = small.post(**GOOD, image_name="slipway/small:3")
    assert answer.status_code == 429 and problem(answer)["error_code"] == "REQUEST_LIMIT_EXCEEDED"
    assert answer.headers["Retry-After"] == "60"
    for build in reversed(builds):
        act(small, "POST", build["build_id"], "/cancel")
    for build in builds:
        assert small.wait(build["build_id"], 20)["state"] == "cancelled"


# The command line


def test_submit_waits_and_tells_by_its_exit_status(life):
    done = subprocess.run(
        [life.binary, "submit", MODEL, "1", "--image", "slipway/life:cli", "--wait", "--config", life.config],
        capture_output=True, text=True, env=life.environment, check=False)
    assert done.returncode == 0, done.stderr
    build_id = done.stdout.strip()
    # Of the states between, a quick build shows only some.
    assert f"{build_id} succeeded" in done.stderr
    assert "image slipway/life:cli" in done.stderr
    assert life.command("builds", "log", build_id, "-f").startswith("[slipway ")
    shown = json.loads(life.command("builds", "show", build_id))
    assert shown["state"] == "succeeded" and shown["created_by"] == "root"
    assert build_id in life.command("builds", "list", "--state", "succeeded")
    life.command("builds", "delete", build_id)
    missing = subprocess.run(
        [life.binary, "builds", "show", build_id, "--config", life.config], capture_output=True, text=True,
        env=life.environment, check=False)
    assert missing.returncode == 1 and "there is no build" in missing.stderr


def test_old_builds_can_be_pruned(life):
    ended = [build["build_id"] for build in life.get().json()["builds"]]
    assert len(ended) > 3
    assert life.command("builds", "prune", "--keep", "2", "--dry-run").split() == ended[:1:-1]
    assert len(life.get().json()["builds"]) == len(ended)
    life.command("builds", "prune", "--keep", "2")
    assert [build["build_id"] for build in life.get().json()["builds"]] == ended[:2]
    assert life.build_folders() == sorted(ended[:2])


def test_a_full_disk_refuses_builds_and_says_why(new_slipway, registry_settings):
    full = new_slipway("full", registry_settings, builds={"min_free_mb": 10_000_000}).start()
    answer = full.post(**GOOD)
    assert answer.status_code == 503 and "MB left" in problem(answer)["message"]
    assert full.build_folders() == []


def test_submit_tells_of_a_failure(life):
    done = subprocess.run(
        [life.binary, "submit", MODEL, "1", "--request", '{"extra_requirements": ["no-such-package-at-all"]}', "--wait",
         "--config", life.config], capture_output=True, text=True, env=life.environment, check=False)
    assert done.returncode == 1
    assert "no-such-package-at-all" in done.stderr and " failed" in done.stderr
