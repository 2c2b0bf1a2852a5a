"""A site whose only way out is a proxy that asks for a login."""

import json
import secrets

import pytest

from support.images import Image
from support.processes import Background, free_port
from support.registry import MODEL


class Proxy:
    """tinyproxy, where containers reach it."""

    def __init__(self, folder, host):
        folder.mkdir()
        self.password = secrets.token_hex(8)
        self.address = f"{host}:{free_port()}"
        self.log = folder / "tinyproxy.log"
        (folder / "tinyproxy.conf").write_text(
            f'Port {self.address.rpartition(":")[2]}\nListen {host}\nTimeout 60\nMaxClients 100\n'
            f'LogFile "{self.log}"\nLogLevel Connect\nBasicAuth px {self.password}\nConnectPort 443\n')
        self.process = Background(["tinyproxy", "-d", "-c", folder / "tinyproxy.conf"], folder / "tinyproxy.out", None)
        self.url = f"http://px:{self.password}@{self.address}"

    def connections(self):
        return self.log.read_text(errors="replace").count("Connect (file descriptor") if self.log.exists() else 0

    def stop(self):
        self.process.stop()


@pytest.fixture(scope="session")
def proxy(work, docker):
    proxy = Proxy(work / "proxy", docker.address)
    yield proxy
    proxy.stop()


@pytest.fixture(scope="session")
def proxied_slipway(new_slipway, registry_settings, proxy, work):
    file = work / "proxy" / "url"
    file.touch(0o600)
    file.write_text(proxy.url + "\n")
    return new_slipway("proxied", registry_settings, network={
        "http_proxy_file": str(file), "https_proxy_file": str(file), "no_proxy": "127.0.0.1,localhost"}).start()


@pytest.fixture(scope="session")
def build_through_proxy(proxied_slipway, base_image):
    return proxied_slipway.succeed(model_name=MODEL, model_version="1", no_cache=True, image_name="slipway/proxied:1")


@pytest.fixture(scope="session")
def build_without_proxy(proxied_slipway, proxy, build_through_proxy):
    """The id of a build whose installer tries to reach the proxy again for two minutes."""
    proxy.stop()
    return proxied_slipway.submit(
        model_name=MODEL, model_version="1", no_cache=True, image_name="slipway/proxied:2",
        extra_requirements=["colorama"])["build_id"]


def test_a_build_goes_through_the_proxy_and_nothing_tells_of_it(
        build_through_proxy, proxied_slipway, proxy, base_image, docker, build_without_proxy):
    assert proxy.connections() > 0
    image = Image(build_through_proxy, docker.environment)
    assert "proxy" not in image.history().lower() and "_proxy" not in json.dumps(image.inspect()).lower()
    assert not image.holds(proxy.password.encode())
    for path in proxied_slipway.state.rglob("*"):
        assert not path.is_file() or proxy.password.encode() not in path.read_bytes(), path


@pytest.mark.late
def test_a_proxy_that_is_gone_is_named_without_its_password(proxied_slipway, proxy, base_image, build_without_proxy):
    build = proxied_slipway.wait(build_without_proxy, seconds=300)
    assert build["state"] == "failed"
    told = json.dumps(build["error"])
    assert proxy.address in told and proxy.password not in told
    assert proxy.password not in proxied_slipway.log(build["build_id"])
