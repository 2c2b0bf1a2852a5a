"""`make run` sets everything up by itself and takes it down again at Ctrl-C."""

import signal

import pytest
import requests
import yaml

from support.processes import PROJECT, Background, command_lines, free_port, wait_until
from support.slipway import BASE, ENDED


@pytest.fixture
def run(binary, work, docker, base_image, ca_bundle, environment):
    """dev/run once it is ready; that a base image is there already spares a second one."""
    state = work / "make-run"
    state.mkdir()
    (state / "slipway.yaml").write_text(yaml.safe_dump({
        "server": {"state": str(state)},
        "auth": {"htpasswd": str(state / "htpasswd"), "administrators": ["admin"]},
        "registry": {"uri": str(state / "mlruns")},
        "images": {"base_images": {"3.11": base_image}},
        "python": {"ca_bundle": str(ca_bundle)},
    }))
    port = free_port()
    process = Background(
        [PROJECT / "dev" / "run", binary, port, state], work / "make-run.log", environment | docker.environment)
    process.state, process.url = state, f"http://127.0.0.1:{port}"
    try:
        yield process.wait_ready(lambda: "==> Ready" in said(process) and process, "make run", 300)
    finally:
        process.stop(signal.SIGINT)


def said(process):
    return process.log.read_text()


def test_make_run_builds_the_sample_and_ends_all_at_ctrl_c(run):
    login = run.state / "admin-login"
    assert login.stat().st_mode & 0o777 == 0o600
    assert 'POST /invocations answers {"predictions"' in said(run)
    wait_until(lambda: "Ctrl-C" in said(run), "the last words")
    for words in ("docker ", f"{run.url}/slipway/", login.read_text().strip()):
        assert words in said(run)

    def call(method, path, **options):
        return requests.request(
            method, run.url + path, auth=tuple(login.read_text().strip().split(":", 1)), timeout=60, **options)

    page = call("GET", "/slipway/")
    assert page.status_code == 200 and page.headers["Content-Type"].startswith("text/html")
    answer = call("POST", BASE, json={"model_name": "iris", "model_version": "1"})
    build_id = answer.json()["build"]["build_id"]
    wait_until(lambda: call("GET", f"{BASE}/{build_id}").json()["build"]["state"] in ENDED, "the build's end", 300)
    assert call("GET", f"{BASE}/{build_id}").json()["build"]["state"] == "succeeded"

    run.stop(signal.SIGINT)
    assert [words for _, words in command_lines() if str(run.state) in " ".join(words)] == []
