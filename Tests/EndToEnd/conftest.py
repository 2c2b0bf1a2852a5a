"""The parts that tests share; the dear ones are made once for the whole run.

`dev/end-to-end BINARY` runs the suite and says where: END_TO_END_BINARY is the program, END_TO_END_WORK an empty folder
that it removes afterwards, together with every process that has it in its environment.
"""

import os
import pathlib
import secrets
import signal
import sys
from contextlib import ExitStack

import pytest
from mlflow import MlflowClient

from support.browser import Browser
from support.commandlines import CommandLines
from support.console import HOSTILE, HOSTILE_USER
from support.engines import Docker, Podman
from support.faults import FaultTable
from support.faults_disk import Site
from support.files import FileServer
from support.models import ModelServer
from support.processes import PROJECT, Background, run
from support.registry import MANY, MODEL, Registry
from support.slipway import BASE, Slipway

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
BASE_IMAGE = f"localhost/slipway-python:{PYTHON}"
measured = []
table = FaultTable()
skipped = []


def pytest_configure():
    """Both signals take down what was put up; a shell's background processes ignore SIGINT otherwise."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """What needs no image goes first: the base image is made meanwhile."""
    items.sort(key=lambda item: ("base_image" in item.fixturenames, item.get_closest_marker("late") is not None))


def pytest_runtest_makereport(item, call):
    """A fault whose test fails stands in the table too, by the test's name."""
    if call.excinfo and call.excinfo.errisinstance((AssertionError, OSError)) and "faults" in item.fixturenames:
        table.note(item.name, 1, [call.excinfo.value])


def pytest_runtest_logreport(report):
    if report.skipped:
        skipped.append(report.nodeid)


def pytest_sessionfinish(session):
    if os.environ.get("CI") == "true" and skipped:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    for line in measured + table.lines():
        terminalreporter.write_line(line)
    if os.environ.get("CI") == "true" and skipped:
        terminalreporter.write_line(f"CI=true and skipped, which counts as failed: {', '.join(skipped)}")


@pytest.fixture(scope="session")
def measure():
    """Notes a figure for the end of the report."""
    return measured.append


@pytest.fixture(scope="session")
def faults():
    """The table of faults at the end of the report."""
    return table


@pytest.fixture(scope="session")
def site(binary, work, environment):
    """What trials begin with, see support/faults_disk.py."""
    return Site(binary, work / "faults", environment)


@pytest.fixture(scope="session")
def binary():
    return pathlib.Path(os.environ["END_TO_END_BINARY"])


@pytest.fixture(scope="session")
def work():
    return pathlib.Path(os.environ["END_TO_END_WORK"])


@pytest.fixture(scope="session")
def environment():
    """What every Slipway is started with: nothing of the caller's settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SLIPWAY_")}


# Engines and the base image


@pytest.fixture(scope="session")
def docker(work):
    docker = Docker(work)
    try:
        docker.start()
        yield docker
    finally:
        docker.stop()


@pytest.fixture(scope="session")
def base_image_being_made(binary, work, environment, docker):
    """Slipway makes the base image, beside the tests that need none."""
    process = Background(
        [binary, "base-image", "create", "--tag", BASE_IMAGE], work / "base-image.log",
        environment | docker.environment
        | {"SLIPWAY_IMAGES_ENGINE": "docker", "SLIPWAY_SERVER_STATE": str(work / "base-image")})
    yield process
    process.stop()


@pytest.fixture(scope="session")
def base_image(base_image_being_made):
    assert base_image_being_made.process.wait(400) == 0, base_image_being_made.tail()
    return BASE_IMAGE


@pytest.fixture(scope="session")
def podman(work, docker, base_image):
    podman = Podman(work)
    try:
        podman.load(docker, base_image)
        yield podman
    finally:
        podman.stop()


# The registry


@pytest.fixture(scope="session")
def registry(work, base_image_being_made):
    registry = Registry(work)
    try:
        registry.wait_ready()
        registry.register()
        yield registry
    finally:
        registry.stop()


@pytest.fixture(scope="session")
def registry_password():
    """The server asks for none, and Slipway sends it all the same."""
    return secrets.token_urlsafe(18)


@pytest.fixture(scope="session")
def model_server(registry, work):
    server = ModelServer(registry.model_folder(1), work / "models-serve.log")
    try:
        yield server.wait_ready()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def sample_store(work):
    """The bundled sample in an MLflow file store, which needs no server."""
    store = work / "mlruns"
    run(PROJECT / "dev" / "sample-store", PROJECT / "samples" / "iris", store, "iris")
    return store


@pytest.fixture(scope="session")
def browser():
    browser = Browser()
    yield browser
    browser.stop()


# Certificates


@pytest.fixture(scope="session")
def own_certificate(work):
    """A certificate authority of the suite's own, in PEM."""
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=slipway end to end",
        "-keyout", work / "ca.key", "-out", work / "ca.pem")
    return (work / "ca.pem").read_bytes()


@pytest.fixture(scope="session")
def ca_bundle(work, own_certificate):
    """What this machine trusts, and the suite's own certificate."""
    system = pathlib.Path(os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"))
    bundle = work / "ca-bundle.pem"
    bundle.write_bytes(system.read_bytes() + own_certificate)
    return bundle


# Slipway


@pytest.fixture(scope="session")
def mirror(work, docker):
    """A site's own server of packages, where containers reach it; torch's wheels lie there as on their own index."""
    root = work / "mirror"
    torch = root / "whl" / "cpu" / "torch"
    torch.mkdir(parents=True)
    for wheel in (PROJECT / ".build" / "end-to-end" / "wheels").glob("torch-*.whl"):
        (torch / wheel.name).hardlink_to(wheel)
    server = FileServer(root, docker.address)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def command_lines():
    """Everything that a user of this machine could have seen by `ps` while the suite ran."""
    watcher = CommandLines()
    yield watcher
    watcher.stop()


@pytest.fixture(scope="session")
def new_slipway(binary, work, environment, ca_bundle, docker, mirror):
    """Makes a Slipway by its name, its registry and its engine; all end with the suite."""
    with ExitStack() as stack:
        def make(name, registry, engine="docker", engine_environment=docker.environment, base_image=BASE_IMAGE,
                 mlflow=None, **more):
            """`more` are settings by section, which win; nginx shows the server at the URL `mlflow` too."""
            settings = {
                "registry": registry,
                "images": {"engine": str(engine), "base_images": {PYTHON: base_image, "3.11": base_image}},
                "python": {"ca_bundle": str(ca_bundle), "torch_wheels_url": f"{mirror.url}/whl"},
            }
            if "PIP_INDEX_URL" in os.environ:
                settings["python"]["index_url"] = os.environ["PIP_INDEX_URL"]
            for section, values in more.items():
                settings[section] = settings.get(section, {}) | values
            slipway = Slipway(binary, work / "slipways" / name, settings, environment | engine_environment, mlflow)
            stack.callback(slipway.stop)
            return slipway
        yield make


@pytest.fixture(scope="session")
def registry_settings(work, registry, registry_password):
    password_file = work / "registry-password"
    password_file.write_text(f"{registry_password}\n")
    return {"uri": registry.url, "username": "slipway", "password_file": str(password_file)}


@pytest.fixture(scope="session")
def slipway(new_slipway, registry_settings, command_lines):
    """The Slipway of most tests: a real MLflow server, Docker with BuildKit."""
    return new_slipway("main", registry_settings).start()


@pytest.fixture(scope="session")
def first_build(slipway, base_image):
    """The first build of all, with an empty cache."""
    return slipway.succeed(model_name=MODEL, model_version="1")


@pytest.fixture(scope="session")
def second_build(slipway, first_build):
    """The model's second version, which needs the same packages."""
    return slipway.succeed(model_name=MODEL, model_version="2")


# The console


@pytest.fixture(scope="session")
def hosted(new_slipway, registry, registry_settings, base_image):
    """The Slipway whose console is looked at: it tries images only where it is asked to, and builds one at a time."""
    client = MlflowClient()
    source = client.get_model_version(MODEL, "1").source
    client.create_registered_model(HOSTILE, description="<script>alert(2)</script>")
    client.create_model_version(HOSTILE, source, model_id=source.removeprefix("models:/"))
    slipway = new_slipway("console", registry_settings, auth={"viewers": ["*"]},
                           builds={"smoke_test": False, "max_parallel": 1})
    run("htpasswd", "-iB", slipway.state / "htpasswd", HOSTILE_USER[0], input=HOSTILE_USER[1])
    return slipway.start()


@pytest.fixture(scope="session")
def good(hosted):
    """A build that was tried."""
    return hosted.succeed(model_name=MODEL, model_version="1", smoke_test=True)


@pytest.fixture(scope="session")
def failed(hosted):
    build = hosted.wait(hosted.submit(
        model_name=MODEL, model_version="1", extra_requirements=["no-such-package-of-slipway==9"])["build_id"])
    assert build["state"] == "failed"
    return build


@pytest.fixture(scope="session")
def batch(hosted, good):
    """Three builds at once, of versions that share all but their number."""
    answer = hosted.call("POST", f"{BASE}/batch", json={"model_name": MANY, "versions": ["1", "2", "3"]}).json()
    for result in answer["results"]:
        hosted.wait(result["build"]["build_id"])
    return answer["batch_id"]
