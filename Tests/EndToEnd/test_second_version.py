"""Another version that needs the same packages costs next to nothing."""

import hashlib
import re

from support.images import Image
from support.registry import MODEL
from support.slipway import step


def test_the_second_version_reuses_the_layer_of_the_packages(slipway, second_build):
    log = slipway.log(second_build["build_id"])
    assert "CACHED" in log
    assert "Installed" not in log, "packages were installed again"


def test_the_second_version_builds_in_under_a_tenth_of_the_firsts_time(first_build, second_build, measure):
    first, second = step(first_build, "building")["seconds"], step(second_build, "building")["seconds"]
    measure(f"building step: first version {first:.1f} s, second {second:.1f} s")
    assert second < first / 10


def test_each_image_holds_its_own_version(first_build, second_build, docker, registry):
    digests = set()
    for version, build in ((1, first_build), (2, second_build)):
        digest = hashlib.sha256((registry.model_folder(version) / "model.skops").read_bytes()).hexdigest()
        shown = Image(build, docker.environment).output("sha256sum", "/opt/ml/model/model.skops")
        assert shown.split()[0] == digest
        digests.add(digest)
    assert len(digests) == 2


def test_one_more_requirement_costs_that_one(slipway, first_build, measure):
    build = slipway.succeed(
        model_name=MODEL, model_version="1", image_name="slipway/one-more:1", extra_requirements=["tabulate==0.9.0"],
        smoke_test=False)
    log = slipway.log(build["build_id"])
    assert re.search(r"^#\d+ .* \+ tabulate==0\.9\.0$", log, re.MULTILINE), log
    assert len(re.findall(r"^#\d+ \S+  \+ ", log, re.MULTILINE)) == 1, "other packages were installed again"
    first = re.search(r"^(#\d+) .*source=/opt/slipway/lock/first", log, re.MULTILINE).group(1)
    assert f"\n{first} CACHED\n" in log
    first, more = step(first_build, "building")["seconds"], step(build, "building")["seconds"]
    measure(f"building step: first version {first:.1f} s, one more requirement {more:.1f} s")
