"""One POST makes an image that serves its model as MLflow would."""

import json
import os
import re
import sys
import time

import pytest

from support.images import Image
from support.models import own_predictions, served_predictions, serving_example
from support.processes import run
from support.registry import MODEL
from support.slipway import ENDED


@pytest.fixture(scope="module")
def image(first_build, docker):
    return Image(first_build, docker.environment)


@pytest.fixture(scope="module")
def container(image):
    with image.start() as container:
        yield container.wait_ready()


def test_base_image_has_the_python_that_slipway_was_told(base_image, docker):
    shown = run("docker", "run", "--rm", base_image, "python3", "--version", env=os.environ | docker.environment)
    assert shown.startswith("Python {}.{}.".format(*sys.version_info))


def test_a_post_answers_with_a_build_that_can_be_followed_to_its_end(slipway, second_build, measure):
    begin = time.monotonic()
    answer = slipway.post(model_name=MODEL, model_version="1")
    measure(f"POST answered within {(time.monotonic() - begin) * 1000:.0f} ms")
    assert answer.status_code == 200, answer.text
    build = answer.json()["build"]
    assert len(build["build_id"]) == 8 and build["state"] not in ENDED
    assert slipway.call("GET", build["links"]["self"]).json()["build"]["build_id"] == build["build_id"]
    ended = slipway.wait(build["build_id"])
    assert ended["state"] == "succeeded"
    assert [step["name"] for step in ended["steps"]][:3] == ["preparing", "downloading", "building"]


def test_a_build_tells_all_about_itself_and_its_image(first_build, base_image):
    assert (first_build["model_name"], first_build["model_version"]) == (MODEL, "1")
    assert first_build["base_image"] == base_image and first_build["base_image_reason"]
    assert first_build["created_by"] == "admin" and first_build["env_manager"] == "local"
    image = first_build["image"]
    assert image["id"].startswith("sha256:") and image["size_bytes"] > 0
    assert image["engine"].startswith("docker ") and image["reference"] == first_build["image_name"]


def test_the_image_runs_as_a_user_without_rights(image):
    user = image.inspect()["Config"]["User"].partition(":")[0]
    # Below 65536 an ordinary range of subordinate ids is enough for rootless engines.
    assert 0 < int(user) < 65536
    assert image.output("id", "-u").strip() == user


def test_the_image_has_a_folder_for_temporary_files(image):
    assert image.output("stat", "-c", "%a", "/tmp").strip() == "1777"


@pytest.mark.parametrize("path", ["/ping", "/health", "/version"])
def test_the_image_answers(container, path):
    assert container.request("GET", path).status_code == 200


def test_the_image_tells_the_version_of_the_models_mlflow(container, model_server):
    assert container.request("GET", "/version").text == model_server.request("GET", "/version").text


def test_the_image_predicts_for_the_saved_input_example_what_the_model_predicts(container, registry):
    folder = registry.model_folder(1)
    assert served_predictions(container.invoke(serving_example(folder))) == own_predictions(folder)


# Requests of all kinds: content, its type, and the status that MLflow gives.
REQUESTS = {
    "a table": ('{"dataframe_split": {"columns": ["a", "b"], "data": [[1.0, 3.0]]}}', "application/json", 200),
    "the form of MLflow 1": ('{"columns": ["a", "b"], "data": [[1.0, 3.0]]}', "application/json", 400),
    "a bare list": ("[[1, 2]]", "application/json", 400),
    "broken JSON": ("{", "application/json", 400),
    "a column too few": ('{"dataframe_split": {"columns": ["a"], "data": [[1.0]]}}', "application/json", 400),
    "whole numbers": ('{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]]}}', "application/json", 200),
    "CSV": ("a,b\n1,2\n", "text/csv", 200),
    "another type": ("{}", "text/plain", 415),
}


@pytest.mark.parametrize("kind", REQUESTS)
def test_the_image_answers_requests_of_every_kind_as_mlflow_does(container, model_server, kind):
    body, content_type, status = REQUESTS[kind]
    own = container.invoke(body, content_type)
    reference = model_server.request(
        "POST", "/invocations", data=body, headers={"Content-Type": content_type})
    assert own.status_code == status == reference.status_code, own.text
    assert without_chance(own) == without_chance(reference)


def without_chance(answer):
    """An answer's JSON without traces, the words of its message in order: MLflow prints sets as they come."""
    try:
        body = answer.json()
    except json.JSONDecodeError:
        return answer.text
    body.pop("stack_trace", None)
    return body | {"message": sorted(re.findall(r"\w+", body.get("message", "")))}


def test_the_image_says_not_found_to_a_browser(container, model_server):
    assert container.request("GET", "/").status_code == model_server.request("GET", "/").status_code == 404


def test_the_image_does_not_break_at_head(container):
    assert container.request("HEAD", "/ping").status_code < 500


def test_the_image_takes_a_body_of_20_megabytes(container):
    row = "[1.0, 2.0]"
    body = '{"dataframe_split": {"columns": ["a", "b"], "data": [%s]}}' % ", ".join([row] * (20_000_000 // 12 + 1))
    assert len(body) > 20_000_000
    answer = container.invoke(body)
    assert answer.status_code == 200, answer.text[:500]


def test_at_last_the_image_ends_cleanly_at_docker_stop(container, measure):
    begin = time.monotonic()
    code = container.stop()
    measure(f"docker stop took {time.monotonic() - begin:.1f} s")
    # An engine that had to kill it would say 137.
    assert code == 0, container.logs()[-2000:]
