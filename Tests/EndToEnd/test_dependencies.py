"""A model that needs everything: packages of its own, of a private index, of sources, of a repository."""

import json
import pathlib
import secrets

import mlflow
import pytest

from support import flavors
from support.engines import docker_without_buildkit
from support.files import FileServer
from support.images import Image
from support.models import served_predictions
from support.packages import compiled_sources, git_repository, wheel

CODE = """
import mlflow
class Everything(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        import compiledlib, extralib, gitlib, modellib
        return [compiledlib.twice(value) + extralib.value + gitlib.value + modellib.value for value in model_input.a]
mlflow.models.set_model(Everything())
"""


@pytest.fixture(scope="module")
def private_index(work, docker):
    """An index that asks for a login, and a git server beside it."""
    login = ("reader", secrets.token_urlsafe(16))
    root = work / "private"
    wheel(root / "simple" / "extralib", "extralib", "2.0", "value = 100\n")
    compiled_sources(root / "simple" / "compiledlib")
    git_repository(root / "git", "gitlib", "3.0", "value = 1000\n")
    closed = FileServer(root, docker.address, login)
    opened = FileServer(root / "git", docker.address)
    yield closed, opened, login
    closed.stop()
    opened.stop()


@pytest.fixture(scope="module")
def model(work, registry, private_index):
    _, git, _ = private_index
    folder = work / "everything"
    wheel(work / "wheels" / "own", "modellib", "1.0", "value = 10\n")
    (work / "everything.py").write_text(CODE)
    mlflow.pyfunc.save_model(
        folder, python_model=str(work / "everything.py"), code_paths=[str(work / "wheels" / "own")],
        pip_requirements=flavors.pinned(), input_example=flavors.EXAMPLE)
    with (folder / "requirements.txt").open("a") as file:
        file.write(
            f"\n# what the model brings along\ncode/own/modellib-1.0-py3-none-any.whl\ncompiledlib==1.0\n"
            f"gitlib @ git+{git.url}/gitlib.git\n")
    return registry.register_folder("everything", folder)


@pytest.fixture(scope="module")
def private_slipway(new_slipway, registry_settings, private_index, work):
    closed, _, (user, password) = private_index
    netrc = pathlib.Path(work, "netrc")
    netrc.touch(0o600)
    netrc.write_text(f"machine {closed.host} login {user} password {password}\n")
    return new_slipway(
        "private", registry_settings,
        python={"netrc": str(netrc), "extra_index_urls": [f"{closed.url}/simple"]}).start()


@pytest.fixture(scope="module")
def build(private_slipway, model, base_image):
    return private_slipway.succeed(
        model_name="everything", model_version=model, extra_requirements=["extralib==2.0"], apt_packages=["tree"],
        build_args={"CFLAGS": "-DSLIPWAY_TEST=1"}, labels={"com.example.team": "the 'first' $team"},
        tags=["latest", "blue"])


def test_it_serves(build, docker):
    with Image(build, docker.environment).start() as container:
        container.wait_ready()
        body = json.dumps({"dataframe_split": {"columns": ["a", "b"], "data": [[1.0, 0.0], [2.5, 0.0]]}})
        assert served_predictions(container.invoke(body)) == [1112.0, 1115.0]
        assert container.output("tree", "--version").startswith("tree v2")


def test_compilers_were_there_only_while_they_were_needed(build, private_slipway, docker):
    assert "compilers are installed, and removed" in private_slipway.log(build["build_id"])
    image = Image(build, docker.environment)
    left = image.output("sh", "-c", "ls /usr/bin; ls -d /usr/include/python3*; find / -name '*.deb' -xdev; true")
    for tool in ("gcc", "g++", "make", "git", "Python.h"):
        assert tool not in left.split(), left
    assert image.output("dpkg", "--audit") == ""


def test_names_and_labels_are_what_was_asked_for(build, docker):
    image = Image(build, docker.environment)
    configuration = image.inspect()
    repository = build["image_name"].rpartition(":")[0]
    assert {f"{repository}:latest", f"{repository}:blue", build["image_name"]} <= set(configuration["RepoTags"])
    labels = configuration["Config"]["Labels"]
    assert labels["com.example.team"] == "the 'first' $team"
    assert labels["org.opencontainers.image.title"] == "everything"
    assert len(labels["dev.slipway.requirements"]) == 32
    assert "CFLAGS" not in json.dumps(configuration["Config"]["Env"])


def test_the_login_is_in_no_layer_history_log_or_answer(build, private_slipway, private_index, docker, own_certificate):
    closed, _, (_, password) = private_index
    assert any("extralib" in path for path in closed.paths)
    image = Image(build, docker.environment)
    assert image.holds(b"extralib", password.encode(), own_certificate.splitlines()[5]) == {b"extralib"}
    assert password not in image.history() and password not in json.dumps(image.inspect())
    for path in private_slipway.state.rglob("*"):
        assert not path.is_file() or password.encode() not in path.read_bytes(), path
    assert password not in json.dumps(private_slipway.build(build["build_id"]))


def test_the_engines_steps_are_told_with_their_times(build):
    building = next(step for step in build["steps"] if step["name"] == "building")
    steps = building["engine_steps"]
    assert any("dependencies/install.sh" in step["name"] and step["seconds"] > 0 for step in steps), steps
    assert all(step["seconds"] is not None for step in steps)


def test_a_docker_without_buildkit_says_that_it_cannot_keep_a_login_secret(
        private_slipway, new_slipway, registry_settings, work, model, base_image):
    folder = work / "private-legacy"
    folder.mkdir()
    slipway = new_slipway(
        "private-legacy", registry_settings, engine=docker_without_buildkit(folder),
        python={"netrc": str(work / "netrc")}).start()
    build = slipway.wait(slipway.submit(model_name="everything", model_version=model)["build_id"])
    assert build["state"] == "failed"
    assert "BuildKit" in build["error"]["message"] and "buildx" in build["error"]["hint"]
