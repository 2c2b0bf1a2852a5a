"""The registry's password and the site's certificates stay out of images, logs, records and `ps`."""

import base64

import pytest

from support.images import Image


@pytest.fixture(scope="module")
def texts(registry_password, own_certificate):
    """What must be seen nowhere: the password, as it is and as it is sent, and a line of the certificate."""
    sent = base64.b64encode(f"slipway:{registry_password}".encode())
    return [registry_password.encode(), sent, own_certificate.splitlines()[5]]


def test_the_image_holds_no_secret(first_build, docker, texts):
    image = Image(first_build, docker.environment)
    # That something is found shows that the search works.
    marker = b"org.opencontainers.image.title"
    assert image.holds(marker, *texts) == {marker}
    history = image.history()
    assert not [text for text in texts if text.decode() in history]


def test_the_builds_files_and_the_pools_log_hold_no_secret(slipway, second_build, texts):
    files = [slipway.pool.log, *(path for path in slipway.state.rglob("builds/*/*") if path.is_file())]
    assert len(files) > 5
    for path in files:
        content = path.read_bytes()
        assert not [text for text in texts if text in content], path


def test_no_command_line_held_a_secret(command_lines, second_build, texts, slipway):
    for text in [*texts, slipway.admin[1].encode()]:
        assert not command_lines.holding(text.decode())


def test_the_builds_files_are_for_their_owner_only(slipway, first_build):
    assert slipway.folder(first_build["build_id"]).stat().st_mode & 0o077 == 0
