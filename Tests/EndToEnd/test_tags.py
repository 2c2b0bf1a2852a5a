"""The registry is told by tags of the model version what became of a build, where that is asked for."""

import pytest
from mlflow import MlflowClient

from support.registry import MODEL

NAME = "slipway/told:1"


def tags(version, model=MODEL):
    return MlflowClient().get_model_version(model, str(version)).tags


@pytest.fixture(scope="module")
def told(slipway, first_build):
    return slipway.succeed(
        model_name=MODEL, model_version="1", image_name=NAME, write_tags=True, smoke_test=False)


def test_a_good_build_tells_its_image(told, first_build):
    assert not told["warnings"]
    assert tags(1) == {
        "slipway.build_id": told["build_id"], "slipway.state": "succeeded", "slipway.image": NAME,
        "slipway.digest": told["image"].get("digest") or told["image"]["id"]}


def test_a_failed_build_leaves_the_last_good_image(told, slipway):
    build = slipway.wait(slipway.submit(
        model_name=MODEL, model_version="1", write_tags=True, extra_requirements=["no-such-package-at-all"])["build_id"])
    assert build["state"] == "failed"
    assert tags(1) == tags(1) | {
        "slipway.build_id": build["build_id"], "slipway.state": "failed", "slipway.image": NAME}


def test_nobody_is_told_unasked(second_build):
    assert tags(2) == {}


def test_a_version_that_is_gone_is_a_warning(slipway, first_build, registry):
    version = registry.register_folder("passing", registry.model_folder(1))
    build_id = slipway.submit(
        model_name="passing", model_version=version, write_tags=True, smoke_test=False, no_cache=True)["build_id"]
    slipway.wait_building(build_id)
    assert tags(version, "passing") == {"slipway.build_id": build_id, "slipway.state": "running"}
    MlflowClient().delete_model_version("passing", version)
    build = slipway.wait(build_id)
    assert build["state"] == "succeeded", build
    [warning] = build["warnings"]
    assert warning.startswith("the model version's tags could not be written: the MLflow server")
    assert f"warning: {warning}" in slipway.log(build_id)
