"""Environment managers and base images of every kind, each to an image that serves."""

import json
import os
import pathlib
import re
import sys

import mlflow
import pytest

from support import flavors
from support.conda import channel, micromamba
from support.files import FileServer
from support.images import Image
from support.models import own_predictions, served_predictions, serving_example
from support.processes import run
from support.registry import MODEL


@pytest.fixture(scope="module")
def bare_image(work, base_image, docker):
    """Debian as debootstrap made it, less its Python."""
    folder = work / "bare"
    folder.mkdir()
    (folder / "Dockerfile").write_text(
        f"FROM {base_image}\nRUN apt-get purge --yes --auto-remove 'python3*' 'libpython3*' python-is-python3 "
        "&& ! command -v python3\n")
    run("docker", "build", "-t", "localhost/bare:12", folder, env=os.environ | docker.environment)
    return "localhost/bare:12"


def test_a_base_image_without_python_gets_the_models(slipway, bare_image, docker, registry):
    build = slipway.succeed(
        model_name=MODEL, model_version="1", base_image=bare_image, image_name="slipway/bare:1")
    image = Image(build, docker.environment)
    with image.start() as container:
        container.wait_ready()
        folder = registry.model_folder(1)
        assert served_predictions(container.invoke(serving_example(folder))) == own_predictions(folder)
        assert container.output("python3", "-c", "import sys; print(sys.version_info[:2])").strip() == "(3, 11)"
    assert image.output("sh", "-c", "find /run/slipway -type f; ls /opt/slipway").split() == ["serve.py"]


def test_a_slim_image_serves_as_the_whole_one_does(slipway, first_build, docker, registry, measure):
    build = slipway.succeed(model_name=MODEL, model_version="1", slim=True, image_name="slipway/slim:1")
    with Image(build, docker.environment).start() as container:
        container.wait_ready()
        folder = registry.model_folder(1)
        assert served_predictions(container.invoke(serving_example(folder))) == own_predictions(folder)
        assert container.invoke("{").status_code == 400
    sizes = [one["image"]["size_bytes"] for one in (build, first_build)]
    measure("slim image {:.0f} MB, whole image {:.0f} MB".format(*(size / 1e6 for size in sizes)))
    assert sizes[0] < sizes[1]


# conda


@pytest.fixture(scope="module")
def conda(work, docker):
    """A channel and a program that installs from channels."""
    folder = work / "conda"
    folder.mkdir()
    channel.make(str(folder / "corp"))
    micromamba.make(folder / "micromamba")
    server = FileServer(folder, docker.address)
    yield server, folder / "micromamba"
    server.stop()


@pytest.fixture(scope="module")
def conda_model(work, registry, conda):
    server, _ = conda
    folder = work / "conda-model"
    (work / "conda_model.py").write_text(
        "import mlflow, subprocess\n"
        "class Tool(mlflow.pyfunc.PythonModel):\n"
        "    def predict(self, context, model_input, params=None):\n"
        "        import greet\n"
        "        return [subprocess.check_output(['hello-tool'], text=True).strip() + ' ' + greet.__version__]\n"
        "mlflow.models.set_model(Tool())\n")
    environment = {
        "channels": [f"{server.url}/corp"],
        "dependencies": ["python=3.11", "hello-tool=1.0", "greet", {"pip": flavors.pinned()}],
    }
    mlflow.pyfunc.save_model(folder, python_model=str(work / "conda_model.py"), conda_env=environment)
    return registry.register_folder("tool", folder)


def test_conda_installs_what_pip_cannot_from_the_models_channels(
        new_slipway, registry_settings, conda, conda_model, base_image, docker):
    server, program = conda
    slipway = new_slipway("conda", registry_settings, conda={"micromamba": str(program)}).start()
    build = slipway.succeed(model_name="tool", model_version=conda_model, env_manager="conda")
    image = Image(build, docker.environment)
    with image.start() as container:
        container.wait_ready()
        answer = container.invoke(json.dumps({"dataframe_split": {"columns": ["a"], "data": [[1]]}}))
        assert served_predictions(answer) == ["hello-tool 1.0: hello from conda 0.3"]
    assert {path.split("/")[1] for path in server.paths} == {"corp"}
    assert "micromamba" not in image.output("sh", "-c", "find / -xdev -name '*mamba*' 2> /dev/null; true")
    # The others say what they leave out.
    answer = slipway.get("/defaults", params={"model_name": "tool", "model_version": conda_model}).json()["defaults"]
    assert "conda" not in answer
    assert any("only conda could install" in warning for warning in answer["warnings"]), answer["warnings"]


def test_a_package_that_no_channel_has_is_named(new_slipway, registry_settings, registry, conda, work, base_image):
    server, program = conda
    folder = work / "conda-missing"
    environment = {
        "channels": [f"{server.url}/corp"],
        "dependencies": ["python=3.11", "my_project==0.1", {"pip": flavors.pinned()}],
    }
    mlflow.pyfunc.save_model(folder, python_model=str(work / "conda_model.py"), conda_env=environment)
    version = registry.register_folder("missing", folder)
    slipway = new_slipway("conda-missing", registry_settings, conda={"micromamba": str(program)}).start()
    build = slipway.wait(slipway.submit(model_name="missing", model_version=version, env_manager="conda")["build_id"])
    assert build["state"] == "failed"
    assert re.search("my[_-]project", build["error"]["message"]), build["error"]


# uv.lock


def test_a_lock_file_is_followed_to_the_letter(slipway, registry, work, base_image, docker):
    folder = work / "locked"
    (work / "locked.py").write_text(
        "import mlflow\n"
        "class Versions(mlflow.pyfunc.PythonModel):\n"
        "    def predict(self, context, model_input, params=None):\n"
        "        import six\n"
        "        return [six.__version__]\n"
        "mlflow.models.set_model(Versions())\n")
    mlflow.pyfunc.save_model(folder, python_model=str(work / "locked.py"), pip_requirements=flavors.pinned())
    needed = ", ".join(f'"{line}"' for line in flavors.pinned())
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "locked"\nversion = "0.1"\nrequires-python = "==3.11.*"\ndependencies = [{needed}, "six<1.16"]\n')
    uv = pathlib.Path(sys.executable).parent / "uv"
    index = ["--default-index", os.environ["PIP_INDEX_URL"]] if "PIP_INDEX_URL" in os.environ else []
    run(uv, "lock", *index, cwd=folder, env=os.environ | {
        "SSL_CERT_FILE": os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")})
    version = registry.register_folder("locked", folder)
    build = slipway.succeed(model_name="locked", model_version=version)
    assert any("uv.lock" in warning for warning in build["warnings"])
    with Image(build, docker.environment).start() as container:
        container.wait_ready()
        answer = container.invoke(json.dumps({"dataframe_split": {"columns": ["a"], "data": [[1]]}}))
        assert served_predictions(answer) == ["1.15.0"]
