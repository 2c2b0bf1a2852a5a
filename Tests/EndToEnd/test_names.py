"""Names of models and files arrive as they are, whatever characters they hold."""

import os
import shutil

import pytest

from support.images import Image
from support.slipway import problem
from support.standin import Standin

NAMES = ["fraud model", "50%25 off", "team/churn", "a+b&c=d#e", "it's", 'say "x"', "prix/année; 100 %", "?a=b"]
FILES = ["logistic regression/weights 100%.bin", "ä.txt", "a+b&c=d;e.txt", "#x?.txt", "%41.txt"]


@pytest.fixture(scope="session")
def standin(registry, work):
    folder = work / "odd-model"
    shutil.copytree(registry.model_folder(1), folder)
    for number, name in enumerate(FILES):
        file = folder / "artifacts" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{number}\n")
    standin = Standin({name: {"1": "READY"} for name in NAMES}, folder)
    yield standin
    standin.stop()


@pytest.fixture(scope="session")
def odd(new_slipway, standin):
    """A Slipway whose registry is the stand-in."""
    return new_slipway("names", {"uri": standin.url}).start()


@pytest.mark.parametrize("name", NAMES)
def test_a_model_of_any_name_can_be_built(odd, base_image, name):
    build = odd.submit(model_name=name, model_version="1")
    assert build["model_name"] == name
    assert build["build_id"] in [
        build["build_id"] for build in odd.get(params={"model_name": name}).json()["builds"]]


@pytest.mark.parametrize("name", ["a\nb", "a\x00b", "a\x7fb", "a\u0085b"])
def test_control_characters_are_refused_before_the_registry_is_asked(odd, standin, name):
    asked = len(standin.requests)
    answer = odd.post(model_name=name, model_version="1")
    assert answer.status_code == 400 and "model_name" in problem(answer)["message"]
    assert len(standin.requests) == asked


def test_files_of_any_name_arrive_unchanged_in_the_image(odd, docker, base_image):
    image = Image(odd.succeed(model_name=NAMES[0], model_version="1"), docker.environment)
    listed = image.output("find", "/opt/ml/model/artifacts", "-type", "f").splitlines()
    assert sorted(listed) == sorted(os.path.join("/opt/ml/model/artifacts", name) for name in FILES)
    for number, name in enumerate(FILES):
        assert image.output("cat", f"/opt/ml/model/artifacts/{name}") == f"{number}\n"
