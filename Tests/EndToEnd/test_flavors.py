"""Models of every kind: their images predict what the models do that MLflow loads here."""

from functools import partial

import pytest

from support import flavors
from support.images import Image
from support.models import flat, own_predictions, served_predictions, serving_example

FLAVORS = {
    "xgboost": flavors.xgboost, "lightgbm": flavors.lightgbm, "statsmodels": flavors.statsmodels,
    "torch": flavors.torch, "pyfunc": flavors.pyfunc,
}


@pytest.fixture(scope="module", params=list(FLAVORS))
def flavor(request, registry, work):
    log_model = FLAVORS[request.param]
    if log_model is flavors.pyfunc:
        log_model = partial(log_model, work)
    return request.param, registry.log(request.param, log_model)


def test_an_image_predicts_as_its_model_does(flavor, slipway, base_image, docker):
    name, folder = flavor
    # The one with code of its own takes the other environment too.
    managers = ["local", "virtualenv"] if name == "pyfunc" else ["local"]
    for manager in managers:
        build = slipway.succeed(model_name=name, model_version="1", env_manager=manager)
        image = Image(build, docker.environment)
        with image.start() as container:
            container.wait_ready()
            answer = container.invoke(serving_example(folder))
            assert flat(served_predictions(answer)) == pytest.approx(own_predictions(folder), rel=1e-5)
            if manager == "virtualenv":
                where = container.output("python3", "-c", "import mlflow; print(mlflow.__file__)")
                assert where.startswith("/opt/slipway/venv/lib/"), where
    if name == "torch":
        assert "nvidia" not in image.output("python3", "-m", "pip", "list")
        assert "+cpu" in slipway.log(build["build_id"])
    if name == "lightgbm":
        assert any("libgomp1 is installed" in warning for warning in build["warnings"])
