"""FROM lines name their registry, so that no engine asks which was meant."""

import os

from support.processes import run
from support.registry import MODEL


def from_lines(slipway, build):
    dockerfile = (slipway.folder(build["build_id"]) / "Dockerfile").read_text()
    lines = [line.split() for line in dockerfile.splitlines() if line.startswith("FROM ")]
    stages = {words[3] for words in lines if len(words) == 4}
    return [words for words in lines if words[1] not in stages]


def test_every_from_line_is_qualified(slipway, first_build, base_image):
    lines = from_lines(slipway, first_build)
    assert lines
    assert {words[1] for words in lines} == {base_image}


def test_a_short_base_image_is_written_out(slipway, first_build, docker, base_image):
    short = "slipway-test-base:1"
    run("docker", "tag", base_image, short, env=os.environ | docker.environment)
    build = slipway.succeed(model_name=MODEL, model_version="1", base_image=short)
    assert build["base_image"] == f"docker.io/library/{short}"
    assert {words[1] for words in from_lines(slipway, build)} == {f"docker.io/library/{short}"}
