"""A finished image is tried without network before its build succeeds, and goes to a registry where that is asked for."""

import base64
import json
import os
import secrets
import subprocess

import mlflow
import pytest
import yaml

from support.imageregistry import ImageRegistry, ReadOnlyRegistry
from support.images import Image
from support.models import own_predictions, served_predictions, serving_example
from support.processes import free_port, kill, run, wait_until
from support.registry import MODEL, REQUIREMENTS
from support.slipway import BASE, problem, step

EXAMPLE = {"columns": ["a", "b"], "data": [[1.0, 3.0], [2.0, 4.0]]}
CODE = """
import mlflow
class Model(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        {load}
    def predict(self, context, model_input, params=None):
        {predict}
mlflow.models.set_model(Model())
"""
GOOD = "return [float(value) for value in model_input.sum(axis=1)]"


@pytest.fixture(scope="session")
def register(registry, work):
    """Registers a model that is a file of code and needs the same packages as all others, and returns its version."""
    def register(name, predict=GOOD, load="pass", example="serving_input_example.json"):
        code, folder = work / f"{name}.py", work / f"{name}-model"
        code.write_text(CODE.format(load=load, predict=predict))
        mlflow.pyfunc.save_model(
            folder, python_model=str(code), pip_requirements=REQUIREMENTS.read_text().split())
        if example == "serving_input_example.json":
            (folder / example).write_text(json.dumps({"dataframe_split": EXAMPLE}))
        elif example:
            # As MLflow before 2.14 saved it.
            (folder / example).write_text(json.dumps(EXAMPLE))
            model = yaml.safe_load((folder / "MLmodel").read_text())
            model["saved_input_example_info"] = {
                "artifact_path": example, "type": "dataframe", "pandas_orient": "split"}
            (folder / "MLmodel").write_text(yaml.safe_dump(model))
        return {"model_name": name, "model_version": registry.register_folder(name, folder)}
    return register


@pytest.fixture(scope="session")
def podman_slipway(new_slipway, registry_settings, podman, image_registries):
    return new_slipway(
        "podman-tried", registry_settings, "podman", podman.environment, images=push_settings(image_registries)).start()


@pytest.fixture(scope="session", params=["docker", "podman"])
def tried(request, docker):
    """A Slipway and its engine."""
    if request.param == "docker":
        return request.getfixturevalue("pushing_slipway"), docker, "docker"
    return request.getfixturevalue("podman_slipway"), request.getfixturevalue("podman"), "podman"


def fail(slipway, state, **fields):
    """A build that must end as failed in a state, its log, and no container of it."""
    build = slipway.wait(slipway.submit(**fields)["build_id"])
    assert build["state"] == "failed" and build["steps"][-1]["name"] == state, build
    assert build["error"]["hint"] and build["image"]["id"]
    return build, slipway.log(build["build_id"])


def containers(engine, kind, build_id):
    shown = run(kind, "ps", "-a", "--format", "{{.Names}}", env=os.environ | engine.environment)
    return [name for name in shown.split() if build_id in name]


def packages(slipway, build):
    """What the bill of materials says is in an image: versions by name."""
    answer = slipway.get(f"/{build['build_id']}/sbom")
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/json", answer.text
    bill = answer.json()
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert bill["metadata"]["component"]["name"] == build["image"]["reference"]
    assert len({part["bom-ref"] for part in bill["components"]}) == len(bill["components"])
    return {part["name"]: part["version"] for part in bill["components"]}


def test_what_was_built_and_what_is_in_it_can_be_read(slipway, first_build, docker):
    found = packages(slipway, first_build)
    for line in REQUIREMENTS.read_text().split():
        name, _, version = line.partition("==")
        assert name in found and version in ("", found[name]), line
    image = Image(first_build, docker.environment)
    assert found["libc6"] == image.output("dpkg-query", "-W", "-f", "${Version}", "libc6")
    dockerfile = slipway.get(f"/{first_build['build_id']}/dockerfile")
    assert dockerfile.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert dockerfile.content == (slipway.folder(first_build["build_id"]) / "Dockerfile").read_bytes()
    assert sum(layer["size_bytes"] for layer in first_build["image"]["layers"]) == pytest.approx(
        first_build["image"]["size_bytes"], rel=0.05)


def test_what_is_in_an_image_that_was_not_tried_is_not_known(slipway, first_build):
    build = slipway.succeed(model_name=MODEL, model_version="1", smoke_test=False)
    answer = slipway.get(f"/{build['build_id']}/sbom")
    assert answer.status_code == 404 and "smoke_test" in problem(answer)["hint"]


def test_podman_removes_an_image_with_its_build(podman_slipway, podman):
    build = podman_slipway.succeed(
        model_name=MODEL, model_version="1", image_name="slipway/goes:1", tags=["too"], smoke_test=False)
    answer = podman_slipway.call("DELETE", f"{BASE}/{build['build_id']}?image=true")
    assert answer.status_code == 200 and answer.json()["image"]["removed"] is True, answer.text
    names = run("podman", "images", "--format", "{{.Repository}}", env=os.environ | podman.environment)
    assert "slipway/goes" not in names


def test_a_good_model_is_tried_and_its_build_shows_how_it_did(first_build, slipway, measure):
    assert [step["name"] for step in first_build["steps"]][-2:] == ["building", "verifying"]
    shown = first_build["verification"]
    assert shown["example"] == "serving_input_example.json" and shown["status"] == 200
    assert 0 < shown["startup_seconds"] < 60 and 0 <= shown["request_seconds"] < 60
    assert 50e6 < shown["memory_bytes"] < 4e9
    assert '| INFO:     Application startup complete.' in slipway.log(first_build["build_id"])
    measure(f"verifying: {step(first_build, 'verifying')['seconds']} s, of which {shown['startup_seconds']} s until "
            f"ready, {shown['memory_bytes'] >> 20} MiB")


def test_a_model_that_fails_at_its_example_never_succeeds_and_its_own_words_say_why(tried, register):
    slipway, engine, kind = tried
    build, log = fail(slipway, "verifying", **register(f"raises-{kind}", "raise KeyError('no \\x1b[31mage')"))
    assert build["error"]["error_code"] == "VERIFICATION_FAILED"
    assert "KeyError" in build["error"]["message"] and "status" in build["error"]["message"]
    hint = build["error"]["hint"]
    assert f'/opt/ml/model/raises-{kind}.py", line 7, in predict' in hint and "KeyError" in hint
    assert "\x1b" not in hint and "site-packages" not in hint and "dist-packages" not in hint
    assert build["verification"]["status"] >= 400
    # What is in it was looked up all the same.
    assert {"mlflow", "libc6"} <= packages(slipway, build).keys()
    layers = build["image"]["layers"]
    assert len(layers) > 3 and all(layer["size_bytes"] > 0 for layer in layers), layers
    assert any(layer["created_by"].startswith("COPY") for layer in layers)
    assert "| " in log and not containers(engine, kind, build["build_id"])


def test_a_model_that_cannot_load_fails_with_its_own_traceback(tried, register):
    slipway, engine, kind = tried
    build, log = fail(slipway, "verifying", **register(f"unloadable-{kind}", load="raise RuntimeError('no weights')"))
    assert "RuntimeError: no weights" in build["error"]["message"]
    assert "in load_context" in build["error"]["hint"] and "| RuntimeError: no weights" in log
    assert not containers(engine, kind, build["build_id"])


def test_a_model_that_reaches_for_the_network_fails_and_is_told_why(tried, register):
    slipway, _, kind = tried
    predict = "import socket; socket.create_connection(('192.0.2.1', 80), 5); return [1.0, 2.0]"
    build, _ = fail(slipway, "verifying", **register(f"reaching-{kind}", predict))
    assert "Network is unreachable" in build["error"]["message"] and "without network" in build["error"]["message"]


def test_a_model_that_dies_at_the_request_is_a_failure(slipway, first_build, register):
    build, _ = fail(slipway, "verifying", **register("dying", "import os; os._exit(3)"))
    assert "exit status 3" in build["error"]["message"]


def test_a_model_may_write_to_tmp_and_where_it_stands_and_nowhere_else(slipway, first_build, register):
    slipway.succeed(**register("writing", f"open('here', 'w'); open('/tmp/there', 'w'); {GOOD}"))
    build, _ = fail(slipway, "verifying", **register("scribbling", f"open('/opt/ml/model/x', 'w'); {GOOD}"))
    assert "Read-only file system" in build["error"]["message"]


def test_a_model_without_example_is_only_waited_for(slipway, first_build, register):
    build = slipway.succeed(**register("unexemplified", "raise ValueError()", example=None))
    assert "example" not in build["verification"] and "no example" in build["verification"]["note"]
    assert build["verification"]["startup_seconds"] > 0


def test_an_example_that_an_older_mlflow_saved_is_sent_too(slipway, first_build, register):
    build = slipway.succeed(**register("older", example="input_example.json"))
    assert build["verification"]["example"] == "input_example.json" and build["verification"]["status"] == 200


def test_another_number_of_predictions_is_a_warning(slipway, first_build, register):
    build = slipway.succeed(**register("short", "return [1.0]"))
    assert any("2 rows" in warning for warning in build["warnings"]), build["warnings"]


def test_whoever_asks_for_no_trial_gets_none(slipway, first_build, register):
    build = slipway.succeed(**register("untried", "raise ValueError()"), smoke_test=False)
    assert "verifying" not in [step["name"] for step in build["steps"]] and "verification" not in build


def test_a_model_that_needs_longer_than_it_may_is_named_by_the_setting(
    new_slipway, registry_settings, first_build, register, docker
):
    impatient = new_slipway("impatient", registry_settings, builds={"smoke_test_seconds": 5}).start()
    build, _ = fail(impatient, "verifying", **register("sleepy", load="import time; time.sleep(60)"))
    assert "within 5 seconds" in build["error"]["message"]
    assert "builds.smoke_test_seconds" in build["error"]["hint"]
    assert not containers(docker, "docker", build["build_id"])


def test_a_killed_runner_leaves_no_container(tried, register, faults):
    slipway, engine, kind = tried
    fields = register(f"abandoned-{kind}", load="import time; time.sleep(300)")
    build_id = slipway.submit(**fields)["build_id"]
    wait_until(lambda: containers(engine, kind, build_id), "the container", 120)
    [runner] = slipway.runners(build_id)
    kill(runner)
    wait_until(lambda: not containers(engine, kind, build_id), "the container's end", 10)
    assert slipway.wait(build_id)["error"]["error_code"] == "RUNNER_LOST"
    faults.note("runner killed: verifying")


# Pushing


@pytest.fixture(scope="session")
def image_registries(work):
    """One that anybody may write to, and one that wants a login."""
    registries = []
    try:
        registries.append(ImageRegistry(work / "images-open"))
        registries.append(ImageRegistry(work / "images-closed", ("pusher", secrets.token_urlsafe(12))))
        yield registries
    finally:
        for registry in registries:
            registry.stop()


def auth_file(registry, password):
    """As `docker login` and `podman login` write it."""
    path = registry.folder / f"auth-{len(list(registry.folder.glob('auth-*')))}.json"
    entry = base64.b64encode(f"{registry.login[0]}:{password}".encode()).decode()
    path.write_text(json.dumps({"auths": {registry.host: {"auth": entry}}}))
    return path


def push_settings(registries, password=None):
    closed = registries[1]
    return {
        "push_registry": f"{closed.host}/models",
        "registry_auth_file": str(auth_file(closed, password or closed.login[1])),
        "insecure_registries": [registry.host for registry in registries],
    }


@pytest.fixture(scope="session")
def pushing_slipway(new_slipway, registry_settings, first_build, image_registries, command_lines):
    return new_slipway("pushing", registry_settings, images=push_settings(image_registries)).start()


def test_all_names_of_an_image_are_pushed_and_it_can_be_pulled_and_run(tried, image_registries, registry):
    slipway, engine, kind = tried
    host = image_registries[0].host
    build = slipway.succeed(
        model_name=MODEL, model_version="1", image_name=f"{host}/team/sums-{kind}:1", tags=["stable"], push=True)
    assert [step["name"] for step in build["steps"]][-2:] == ["verifying", "pushing"]
    assert build["pushed"] == [f"{host}/team/sums-{kind}:1", f"{host}/team/sums-{kind}:stable"]
    digest = image_registries[0].digest(f"team/sums-{kind}", "stable")
    assert build["image"]["digest"] == digest == image_registries[0].digest(f"team/sums-{kind}", "1")

    environment = os.environ | engine.environment
    run(kind, "rmi", "-f", *build["pushed"], env=environment)
    insecure = ["--tls-verify=false"] if kind == "podman" else []
    name = f"{host}/team/sums-{kind}@{digest}"
    run(kind, "pull", *insecure, name, env=environment)
    pulled = build["image"] | {"reference": name, "run": [*build["image"]["run"][:-1], name]}
    with Image({"image": pulled}, engine.environment).start() as container:
        container.wait_ready()
        folder = registry.model_folder(1)
        assert served_predictions(container.invoke(serving_example(folder))) == own_predictions(folder)


def test_a_name_without_registry_goes_below_the_sites_by_the_sites_login(
    tried, image_registries, command_lines, measure
):
    slipway, _, kind = tried
    closed = image_registries[1]
    build = slipway.succeed(
        model_name=MODEL, model_version="1", image_name=f"slipway/closed-{kind}:1", push=True, smoke_test=False)
    assert build["pushed"] == [f"{closed.host}/models/slipway/closed-{kind}:1"]
    assert build["image"]["digest"] == closed.digest(f"models/slipway/closed-{kind}", "1")
    measure(f"pushing by {kind}: {step(build, 'pushing')['seconds']} s")
    password = closed.login[1]
    shown = [password, base64.b64encode(f"{closed.login[0]}:{password}".encode()).decode()]
    for path in [slipway.pool.log, *slipway.state.rglob("*")]:
        if path.is_file():
            content = path.read_bytes()
            assert not [text for text in shown if text.encode() in content], path
    for text in shown:
        assert not command_lines.holding(text)


def test_a_wrong_password_ends_the_build_before_it_begins(new_slipway, registry_settings, first_build, image_registries):
    closed = image_registries[1]
    wrong = new_slipway("wrong-login", registry_settings, images=push_settings(image_registries, "wrong")).start()
    build = wrong.wait(wrong.submit(model_name=MODEL, model_version="1", push=True)["build_id"])
    assert (build["state"], build["steps"][-1]["name"], build.get("image")) == ("failed", "preparing", None)
    assert build["error"]["error_code"] == "PUSH_FAILED"
    assert build["error"]["message"] == f"the registry {closed.host} refused the login of {closed.login[0]}"
    assert "podman login" in build["error"]["hint"] and "wrong" not in wrong.log(build["build_id"])


def test_a_registry_that_lets_the_login_in_and_not_write_is_told_apart_and_the_image_stays(
    new_slipway, registry_settings, podman, work
):
    with ReadOnlyRegistry(("pusher", "k9-right")) as registry:
        file = work / "read-only-login.json"
        login = base64.b64encode(":".join(registry.login).encode()).decode()
        file.write_text(json.dumps({"auths": {registry.host: {"auth": login}}}))
        # docker would try for most of a minute.
        slipway = new_slipway("read-only-registry", registry_settings, "podman", podman.environment, images={
            "push_registry": f"{registry.host}/team", "registry_auth_file": str(file),
            "insecure_registries": [registry.host]}).start()
        build, log = fail(slipway, "pushing", model_name=MODEL, model_version="1", push=True, smoke_test=False)
        assert f"the registry {registry.host} does not let this login write to team/" in build["error"]["message"]
        assert "the right to write there" in build["error"]["hint"] and "next try" not in log
        assert build["pushed"] == [] and "k9-right" not in log
        assert run("podman", "image", "inspect", build["image"]["id"], env=os.environ | podman.environment)


def test_a_registry_that_does_not_answer_is_tried_again_and_named(pushing_slipway):
    host = f"127.0.0.1:{free_port()}"
    build, log = fail(
        pushing_slipway, "pushing", model_name=MODEL, model_version="1", image_name=f"{host}/sums:1", push=True,
        smoke_test=False)
    assert f"the registry {host} does not answer" in build["error"]["message"]
    assert log.count("the next try follows") == 2


def test_a_push_without_any_registry_is_refused_at_once(slipway, first_build):
    answer = slipway.post(model_name=MODEL, model_version="1", image_name="slipway/nowhere:1", push=True)
    assert answer.status_code == 400
    assert problem(answer)["message"].startswith("push: ") and "images.push_registry" in problem(answer)["hint"]


def test_check_config_says_what_is_wrong_with_the_file_of_logins(binary, work, environment):
    settings, logins = work / "push.yaml", work / "logins.json"
    settings.write_text(f"images:\n  push_registry: nohost\n  registry_auth_file: {logins}\n")
    logins.write_text("secret")

    def check():
        done = subprocess.run(
            [binary, "check-config", "--config", settings], text=True, capture_output=True, check=False,
            env=environment)
        return done.stdout + done.stderr
    assert f"{settings}:2: images.push_registry: must be a registry's host" in check()
    settings.write_text(f"images:\n  registry_auth_file: {logins}\n")
    assert "images.registry_auth_file" in check() and "secret" not in check()
