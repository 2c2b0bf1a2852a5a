"""Versions by number, latest, alias and stage, in every form that people write them."""

import pytest

from support.registry import MANY, MODEL
from support.slipway import problem
from support.standin import Standin


@pytest.mark.parametrize("model, version, number", [
    (MODEL, "1", "1"), (MODEL, 2, "2"), (MODEL, "@champion", "1"), (MODEL, "Production", "1"),
    (MODEL, "production", "1"), (MODEL, "latest", "2"),
    # By number, not as text: 11 comes after 9.
    (MANY, "latest", "11"), (MANY, "LATEST", "11"), (MANY, "@latest", "11"), (MANY, "10", "10"),
])
def test_a_version_is_found(slipway, base_image, model, version, number):
    build = slipway.submit(model_name=model, model_version=version)
    assert (build["model_name"], build["model_version"]) == (model, number)


@pytest.mark.parametrize("version", ["02", "-1", "1.0", "2 ", "", "0", "v1", "@", "None", "99999999999999999999"])
def test_what_is_no_version_is_400(slipway, version):
    refuse_version(slipway, version)


@pytest.mark.parametrize("version", [True, 1.5, 0, -1, {}, ["1"], None])
def test_what_is_no_version_in_json_is_400(slipway, version):
    refuse_version(slipway, version)


def refuse_version(slipway, version):
    before = slipway.build_folders()
    answer = slipway.post(model_name=MODEL, model_version=version)
    assert answer.status_code == 400, answer.text
    assert "model_version" in problem(answer)["message"]
    assert slipway.build_folders() == before


@pytest.fixture(scope="session")
def unfinished(new_slipway, registry):
    """Version 10 is not registered to its end."""
    standin = Standin(
        {"demo": {"1": "READY", "2": "READY", "10": "PENDING_REGISTRATION"}}, registry.model_folder(1))
    yield new_slipway("unfinished", {"uri": standin.url}).start()
    standin.stop()


def test_a_version_that_is_not_ready_is_409_with_its_status(unfinished):
    answer = unfinished.post(model_name="demo", model_version="10")
    assert answer.status_code == 409, answer.text
    body = problem(answer)
    assert body["error_code"] == "INVALID_STATE"
    assert "10" in body["message"] and "PENDING_REGISTRATION" in body["message"]
    assert unfinished.build_folders() == []


@pytest.mark.parametrize("form", ["latest", "LATEST", "@latest"])
def test_latest_is_the_highest_version_that_is_ready(unfinished, base_image, form):
    build = unfinished.submit(model_name="demo", model_version=form)
    assert build["model_version"] == "2"
