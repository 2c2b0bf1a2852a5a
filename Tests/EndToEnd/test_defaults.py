"""What an empty form would do, before anything is built."""

from support.registry import MODEL
from support.slipway import problem


def test_the_whole_decision_is_told_and_nothing_is_started(slipway, base_image):
    before = slipway.build_folders()
    answer = slipway.get("/defaults", params={"model_name": MODEL, "model_version": "latest"})
    assert answer.status_code == 200, answer.text
    defaults = answer.json()["defaults"]
    assert defaults["image_name"] == "slipway/sums:2" and defaults["model_version"] == "2"
    assert defaults["base_image"] == base_image and "3.11" in defaults["base_image_reason"]
    assert defaults["python_version"].startswith("3.11.") and defaults["python_version_reason"] == "python_env.yaml:1"
    assert defaults["env_manager"] == "local"
    assert any(line.startswith("mlflow==") for line in defaults["requirements"])
    assert defaults["dockerfile"].startswith(f"FROM {base_image} AS base\n")
    assert defaults["command"] == (
        "mlflow models build-docker --model-uri models:/sums/2 --name slipway/sums:2 --env-manager local")
    assert slipway.build_folders() == before


def test_the_fields_of_a_form_change_it(slipway):
    def defaults(**fields):
        answer = slipway.get("/defaults", params={"model_name": MODEL, "model_version": "1", **fields})
        assert answer.status_code == 200, answer.text
        return answer.json()["defaults"]
    assert any(line.startswith("mlflow-skinny==") for line in defaults(slim="true")["requirements"])
    assert defaults(env_manager="virtualenv")["env_manager"] == "virtualenv"
    assert defaults(base_image="ubuntu:24.04")["base_image"] == "docker.io/library/ubuntu:24.04"
    assert defaults(install_java="true")["system_packages"] == ["default-jre-headless"]
    assert defaults(pip_index_url="tsinghua")["pip_index_reason"] == "named in the request"


def test_what_a_build_would_refuse_is_refused_here(slipway):
    for fields, status, named in [
        ({"model_name": "nobody", "model_version": "1"}, 404, "nobody"),
        ({"model_name": MODEL}, 400, "model_version"),
        ({"model_name": MODEL, "model_version": "1", "env_manager": "uv"}, 400, "env_manager"),
        ({"model_name": MODEL, "model_version": "1", "nope": "1"}, 400, "nope"),
        ({"model_name": MODEL, "model_version": "1", "pip_index_url": "nowhere"}, 400, "pip_index_url"),
    ]:
        answer = slipway.get("/defaults", params=fields)
        assert answer.status_code == status, answer.text
        assert named in problem(answer)["message"]
    twice = slipway.get("/defaults?model_name=a&model_name=b&model_version=1")
    assert twice.status_code == 400 and "more than once" in problem(twice)["message"]


def test_a_platform_that_this_machine_cannot_run_is_refused_at_once(slipway, base_image):
    answer = slipway.post(model_name=MODEL, model_version="1", platform="linux/s390x")
    assert answer.status_code == 409, answer.text
    assert "qemu-user-static" in problem(answer)["hint"]
