"""An image under the conditions that platforms set: few processors, another user, nothing to write to."""

import time

import mlflow
import pytest

from support import flavors
from support.images import Container, Image
from support.models import served_predictions
from support.processes import free_port, run, wait_until


@pytest.fixture(scope="module")
def image(first_build, docker):
    return Image(first_build, docker.environment)


BODY = '{"dataframe_split": {"columns": ["a", "b"], "data": [[1.0, 3.0], [4.0, 2.0]]}}'

# Writes to its home and predicts by several processes that share a large array.
DEMANDING = """
import os
import mlflow, numpy
from joblib import Parallel, delayed
os.makedirs(os.path.expanduser("~/.cache/demanding"), exist_ok=True)
class Demanding(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        shared = numpy.ones(13_000_000)
        Parallel(n_jobs=2)(delayed(numpy.take)(shared, index) for index in range(4))
        return [float(value) for value in model_input.sum(axis=1)]
mlflow.models.set_model(Demanding())
"""
# Takes longer to load than a request may take.
SLOW = """
import time
import mlflow
time.sleep(12)
class Slow(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [float(value) for value in model_input.sum(axis=1)]
mlflow.models.set_model(Slow())
"""


def registered(registry, work, name, code, requirements, **changes):
    """A model that is a file of code; `changes` replace lines of its MLmodel by their keys."""
    (work / f"{name}.py").write_text(code)
    folder = work / f"{name}-model"
    mlflow.pyfunc.save_model(folder, python_model=str(work / f"{name}.py"), pip_requirements=requirements)
    lines = (folder / "MLmodel").read_text().splitlines()
    for key, value in changes.items():
        lines = [f"{key}: {value}" if line.startswith(f"{key}: ") else line for line in lines]
    (folder / "MLmodel").write_text("\n".join(lines) + "\n")
    return registry.register_folder(name, folder)


@pytest.fixture(scope="module")
def demanding_image(slipway, first_build, registry, work, docker):
    version = registered(registry, work, "demanding", DEMANDING, flavors.pinned("joblib"))
    return Image(
        slipway.succeed(model_name="demanding", model_version=version, smoke_test=False), docker.environment)


@pytest.fixture(scope="module")
def old_image(slipway, first_build, registry, work, docker):
    """Of an MLflow that serves by gunicorn."""
    version = registered(
        registry, work, "slow", SLOW, ["mlflow==2.14.1", "numpy<2", "pandas<3", "setuptools<81"], mlflow_version="2.14.1")
    build = slipway.succeed(model_name="slow", model_version=version)
    assert build["verification"]["startup_seconds"] > 12
    return Image(build, docker.environment)


class Conditioned(Container):
    """A container started with options of `docker run`."""

    def __init__(self, image, *options):
        self.image = image
        self.name = f"slipway-conditions-{free_port()}"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        run(*image.started(port, "-d", "--name", self.name, *options), env=image.environment)

    def workers(self):
        """Server processes, by what uvicorn says of each."""
        self.wait_ready()
        time.sleep(1)
        return self.logs().count("Started server process")


@pytest.mark.parametrize("options, workers", [
    (["--cpus", "1"], 1), (["--cpuset-cpus", "0"], 1), (["-e", "MLFLOW_MODELS_WORKERS=3"], 3),
    (["--cpus", "1", "-e", "MLFLOW_MODELS_WORKERS=2"], 2),
])
def test_there_are_as_many_workers_as_processors_may_be_used(image, options, workers):
    with Conditioned(image, *options) as container:
        wait_until(lambda: container.workers() == workers, f"{workers} workers", 60)


@pytest.mark.parametrize("value", ["0", "abc", "-1"])
def test_a_wrong_number_of_workers_ends_the_container_at_once_and_says_so(image, value):
    with Conditioned(image, "-e", f"MLFLOW_MODELS_WORKERS={value}") as container:
        wait_until(lambda: not container.state()["Running"], "the container's end", 20)
        assert container.state()["ExitCode"] != 0
        assert "MLFLOW_MODELS_WORKERS" in container.logs() and value in container.logs()


def test_a_variable_of_the_older_server_is_said_to_have_no_effect(image):
    with Conditioned(image, "-e", "GUNICORN_CMD_ARGS=--workers=2") as container:
        container.wait_ready()
        assert "GUNICORN_CMD_ARGS has no effect" in container.logs()


@pytest.mark.parametrize("options", [
    ["--read-only", "--tmpfs", "/tmp:rw,size=512m", "--user", "12345:0"], ["--read-only", "--tmpfs", "/tmp"],
    ["--user", "12345:0"], ["--shm-size", "1m"], ["--shm-size", "1g"],
    ["--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
])
def test_it_serves_wherever_a_platform_lets_it_write_to_tmp(demanding_image, options):
    with Conditioned(demanding_image, "-e", "MLFLOW_MODELS_WORKERS=1", *options) as container:
        container.wait_ready()
        assert served_predictions(container.invoke(BODY)) == [4.0, 6.0]
        container.output("python3", "/opt/slipway/serve.py", "check")
        container.output("python3", "-c", "import os; os.makedirs(os.path.expanduser('~/.cache/x'))")
        assert container.output("printenv", "HOME", "JOBLIB_TEMP_FOLDER").split() == ["/tmp", "/tmp"]


def test_without_any_place_to_write_it_ends_with_one_clear_line(image):
    with Conditioned(image, "--read-only", "--user", "12345:0") as container:
        wait_until(lambda: not container.state()["Running"], "the container's end", 30)
        assert container.state()["ExitCode"] != 0
        assert container.logs().strip().splitlines() == [
            "no directory for temporary files can be written: start the container with --tmpfs /tmp"]


def test_a_model_may_take_longer_to_load_than_a_request_may_take(old_image):
    with Conditioned(
        old_image, "-e", "MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT=5", "-e", "GUNICORN_CMD_ARGS=--workers=1",
    ) as container:
        container.wait_ready()
        assert served_predictions(container.invoke(BODY)) == [4.0, 6.0]
        said = container.logs()
        assert "TIMEOUT" not in said and said.count("Booting worker") == 1, said


def test_the_clock_is_utc_unless_the_container_is_told_otherwise(image):
    code = "import datetime; print(datetime.datetime.now().astimezone().utcoffset())"
    assert image.output("python3", "-c", code).strip() == "0:00:00"
    shanghai = run(
        *image.started(None, "--rm", "-e", "TZ=Asia/Shanghai", "--entrypoint", "python3"), "-c", code,
        env=image.environment)
    assert shanghai.strip() == "8:00:00"
    zones = "import zoneinfo; print(len(zoneinfo.available_timezones()) > 300)"
    assert image.output("python3", "-c", zones).strip() == "True"


def test_no_variable_of_the_build_is_left_in_the_image(image):
    names = {line.split("=")[0] for line in image.inspect()["Config"]["Env"]}
    assert names == {
        "PATH", "HOME", "JOBLIB_TEMP_FOLDER", "NUMBA_CACHE_DIR", "PYTHONUNBUFFERED", "MLFLOW_DISABLE_ENV_CREATION"}
    assert image.inspect()["Config"]["Healthcheck"]["StartPeriod"] >= 120e9
