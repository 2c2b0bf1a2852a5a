"""The same model by every engine: docker's old builder, podman and buildah (docker with BuildKit builds elsewhere)."""

import pytest

from support.engines import docker_without_buildkit
from support.images import Image
from support.models import own_predictions, served_predictions, serving_example
from support.registry import MODEL


@pytest.fixture(scope="session")
def by_legacy_docker(new_slipway, registry_settings, docker, work, base_image):
    slipway = new_slipway("legacy", registry_settings, docker_without_buildkit(work)).start()
    return slipway, docker, "docker"


@pytest.fixture(scope="session")
def by_podman(new_slipway, registry_settings, podman):
    return new_slipway("podman", registry_settings, "podman", podman.environment).start(), podman, "podman"


@pytest.fixture(scope="session")
def by_buildah(new_slipway, registry_settings, podman):
    return new_slipway("buildah", registry_settings, "buildah", podman.environment).start(), podman, "buildah"


@pytest.mark.parametrize("engine", ["by_legacy_docker", "by_podman", "by_buildah"])
def test_an_engine_builds_an_image_that_serves(
    request, engine, base_image, registry, registry_password, own_certificate, measure
):
    slipway, engine, kind = request.getfixturevalue(engine)
    build = slipway.succeed(model_name=MODEL, model_version="1")
    measure(f"{build['image']['engine']}: first build {build['duration_seconds']} s")
    assert build["image"]["engine"].startswith(f"{kind} ")
    image = Image(build, engine.environment)
    folder = registry.model_folder(1)
    with image.start() as container:
        container.wait_ready()
        assert served_predictions(container.invoke(serving_example(folder))) == own_predictions(folder)
        assert container.output("id", "-u").strip() != "0"
        assert container.output("stat", "-c", "%a", "/tmp").strip() == "1777"
        assert container.stop() == 0, container.logs()[-2000:]
    assert not image.holds(registry_password.encode(), own_certificate.splitlines()[5])


@pytest.mark.parametrize("engine", ["by_legacy_docker", "by_podman", "by_buildah"])
def test_an_engine_reuses_the_layer_of_the_packages(request, engine, base_image):
    slipway, _, _ = request.getfixturevalue(engine)
    build = slipway.succeed(model_name=MODEL, model_version="2")
    log = slipway.log(build["build_id"])
    assert "Using cache" in log and "Installed" not in log
