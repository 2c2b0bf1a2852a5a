"""The bundled sample, from an MLflow file store that no server stands before."""

from support.images import Image
from support.models import own_predictions, served_predictions, serving_example
from support.processes import PROJECT


def test_the_bundled_sample_becomes_an_image_that_serves(new_slipway, sample_store, docker, first_build):
    slipway = new_slipway("sample", {"uri": str(sample_store)}).start()
    build = slipway.succeed(model_name="iris", model_version="latest")
    sample = PROJECT / "samples" / "iris"
    with Image(build, docker.environment).start() as container:
        container.wait_ready()
        assert served_predictions(container.invoke(serving_example(sample))) == own_predictions(sample)
