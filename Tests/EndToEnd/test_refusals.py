"""Every bad request is refused in JSON, with a status and a message that helps, and leaves nothing behind."""

import base64
import json

import pytest

from support.processes import free_port
from support.registry import MODEL
from support.slipway import BASE, elsewhere, problem

AJAX = BASE.replace("/api/", "/ajax-api/")
GOOD = {"model_name": MODEL, "model_version": "1"}


@pytest.fixture(autouse=True)
def nothing_is_left_behind(slipway):
    before = slipway.build_folders()
    yield
    assert slipway.build_folders() == before


def refused(answer, status, code, *words):
    """Checks a refusal, and that its message or hint has all the words."""
    assert answer.status_code == status, answer.text
    body = problem(answer)
    assert body["error_code"] == code, body
    text = f"{body['message']} {body.get('hint', '')}"
    for word in words:
        assert word in text, text
    return body


# Who calls

ROUTES = [
    ("POST", BASE), ("GET", BASE), ("GET", f"{BASE}/01234567"), ("GET", f"{BASE}/01234567/log"),
    ("POST", AJAX), ("GET", AJAX), ("GET", f"{AJAX}/01234567"), ("GET", f"{AJAX}/01234567/log"),
    ("GET", f"{BASE}/no/such/route"),
]
CREDENTIALS = {
    "none": None,
    "a wrong password": "Basic " + base64.b64encode(b"admin:wrong").decode(),
    "an unknown user": "Basic " + base64.b64encode(b"nobody:wrong").decode(),
    "an empty user": "Basic " + base64.b64encode(b":").decode(),
    "no base64": "Basic !!!!",
    "no colon": "Basic " + base64.b64encode(b"admin").decode(),
    "another scheme": "Bearer 0123456789",
}


@pytest.mark.parametrize("kind", CREDENTIALS)
@pytest.mark.parametrize("method, path", ROUTES)
def test_missing_and_wrong_credentials_are_401(slipway, method, path, kind):
    headers = elsewhere() | ({"Authorization": CREDENTIALS[kind]} if CREDENTIALS[kind] else {})
    answer = slipway.call(method, path, user=False, headers=headers, json=GOOD if method == "POST" else None)
    refused(answer, 401, "UNAUTHENTICATED")
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize("method, path", ROUTES)
def test_who_is_no_administrator_is_403(slipway, method, path):
    answer = slipway.call(method, path, user=slipway.plain_user, json=GOOD if method == "POST" else None)
    refused(answer, 403, "PERMISSION_DENIED", slipway.plain_user[0])


# What is asked for

FIELDS = {
    "an empty object": ({}, "model_name"),
    "no model": ({"model_version": "1"}, "model_name"),
    "no version": ({"model_name": MODEL}, "model_version"),
    "an empty model name": ({"model_name": "", "model_version": "1"}, "model_name"),
    "null for a model": ({"model_name": None, "model_version": "1"}, "model_name"),
    "a number for a model": ({"model_name": 5, "model_version": "1"}, "model_name"),
    "a model name with a line's end": ({"model_name": "a\nb", "model_version": "1"}, "model_name"),
    "a model name without end": ({"model_name": "a" * 300, "model_version": "1"}, "model_name"),
    "a list for a version": ({"model_name": MODEL, "model_version": [1]}, "model_version"),
    "an unknown field": (GOOD | {"modelname": "x"}, "modelname"),
    "a text for no_cache": (GOOD | {"no_cache": "yes"}, "no_cache"),
    "a text for pull": (GOOD | {"pull": "no"}, "pull"),
    "a text for a number": (GOOD | {"timeout_seconds": "60"}, "timeout_seconds"),
    "no time at all": (GOOD | {"timeout_seconds": 0}, "timeout_seconds"),
    "half a second": (GOOD | {"timeout_seconds": 0.5}, "timeout_seconds"),
    "an unknown env manager": (GOOD | {"env_manager": "poetry"}, "env_manager"),
    "a number for an image": (GOOD | {"image_name": 1}, "image_name"),
}


@pytest.mark.parametrize("kind", FIELDS)
@pytest.mark.parametrize("base", [BASE, AJAX])
def test_a_wrong_field_is_400_and_named(slipway, base, kind):
    fields, name = FIELDS[kind]
    refused(slipway.call("POST", base, json=fields), 400, "INVALID_PARAMETER_VALUE", name)


BODIES = {
    "nothing": b"",
    "half an object": b'{"model_name": "sums", ',
    "two objects": b"{}{}",
    "a list": b"[]",
    "a text": b'"sums"',
    "no UTF-8": b'{"model_name": "\xff", "model_version": "1"}',
    "lists without end": b"[" * 200_000,
    "objects without end": b'{"a":' * 100_000,
    "a zero byte": b'{"model_name": "a\x00b", "model_version": "1"}',
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_that_is_no_json_object_is_400(slipway, kind):
    responders = slipway.all_responders()
    answer = slipway.call("POST", BASE, data=BODIES[kind], headers={"Content-Type": "application/json"})
    refused(answer, 400, "INVALID_PARAMETER_VALUE")
    assert slipway.responders() == responders


def test_a_body_of_another_type_is_400(slipway):
    answer = slipway.call("POST", BASE, data=json.dumps(GOOD), headers={"Content-Type": "text/plain"})
    refused(answer, 400, "INVALID_PARAMETER_VALUE", "Content-Type", "application/json")


@pytest.mark.parametrize("field", ["image_name", "base_image"])
@pytest.mark.parametrize("reference, rule", [
    ("", "empty"), ("Upper/Case", "Upper"), ("team/Churn", "lower-case"), ("two words", "letters, digits"),
    ("a:b:c", "lower-case"), ("churn:", "tag"), ("churn:-1", "tag"), ("churn:" + "t" * 129, "tag"),
    ("churn@sha256:12", "digest"), ("/churn", "lower-case"), ("churn/", "lower-case"), ("a//b", "lower-case"),
    ("host:99999/churn", "host"), ("-churn", "lower-case"), ("a" * 256, "255"), ("chürn", "letters"),
    ("$(id)", "letters"), ("churn\nRUN id", "letters"),
])
def test_an_invalid_image_reference_is_400_with_the_rule(slipway, field, reference, rule):
    refused(slipway.post(**GOOD, **{field: reference}), 400, "INVALID_PARAMETER_VALUE", field, rule)


@pytest.mark.parametrize("fields, words", [
    ({"model_name": "no such model", "model_version": "1"}, ["no such model"]),
    ({"model_name": "no such model", "model_version": "latest"}, ["no such model"]),
    ({"model_name": "no such model", "model_version": "@champion"}, ["no such model"]),
    ({"model_name": MODEL, "model_version": "999"}, [MODEL, "999"]),
    ({"model_name": MODEL, "model_version": "@nobody"}, [MODEL, "nobody"]),
    ({"model_name": MODEL, "model_version": "Archived"}, [MODEL, "Archived"]),
])
def test_an_unknown_model_or_version_is_404_and_named(slipway, fields, words):
    refused(slipway.post(**fields), 404, "RESOURCE_DOES_NOT_EXIST", *words)


@pytest.mark.parametrize("base", [BASE, AJAX])
def test_a_body_over_a_megabyte_is_413(slipway, base):
    body = json.dumps({"model_name": "a" * (1 << 20), "model_version": "1"})
    answer = slipway.call("POST", base, data=body, headers={"Content-Type": "application/json"})
    refused(answer, 413, "REQUEST_TOO_LARGE")


def test_a_body_just_under_a_megabyte_is_read(slipway):
    body = json.dumps({"model_name": "a" * ((1 << 20) - 100), "model_version": "1"})
    answer = slipway.call("POST", BASE, data=body, headers={"Content-Type": "application/json"})
    refused(answer, 400, "INVALID_PARAMETER_VALUE", "model_name")


def test_a_body_of_unknown_length_is_read(slipway):
    pieces = iter([b'{"model_name": "no such ', b'model", "model_version": "1"}'])
    answer = slipway.call("POST", BASE, data=pieces, headers={"Content-Type": "application/json"})
    refused(answer, 404, "RESOURCE_DOES_NOT_EXIST", "no such model")


# Where it is asked


@pytest.mark.parametrize("method, path, allowed", [
    *[(method, base, "GET, HEAD, POST") for method in ("PUT", "DELETE", "PATCH", "OPTIONS") for base in (BASE, AJAX)],
    ("POST", f"{BASE}/01234567", "DELETE, GET, HEAD"), ("PUT", f"{AJAX}/01234567", "DELETE, GET, HEAD"),
    ("GET", f"{BASE}/01234567/cancel", "POST"),
    ("DELETE", f"{BASE}/01234567/log", "GET, HEAD"), ("POST", "/slipway/me", "GET, HEAD"),
    ("POST", "/slipway/healthz", "GET, HEAD"),
])
def test_a_method_that_is_not_allowed_is_405_with_allow(slipway, method, path, allowed):
    answer = slipway.call(method, path)
    refused(answer, 405, "METHOD_NOT_ALLOWED", allowed)
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize("path", [
    f"{BASE}/01234567", f"{BASE}/01234567/log", f"{BASE}/0123456", f"{BASE}/ABCDEF01", f"{BASE}/0123456%37",
    f"{BASE}/", f"{BASE}/01234567/", f"{BASE}/01234567/nothing", "/slipway/nothing", f"{AJAX}/01234567",
])
def test_what_does_not_exist_is_404(slipway, path):
    refused(slipway.call("GET", path), 404, "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.parametrize("query, name", [
    ("nonsense=1", "nonsense"), ("state=done", "state"), ("max_results=0", "max_results"),
    ("max_results=many", "max_results"), ("page_token=abc", "page_token"), ("created_after=yesterday", "created_after"),
    ("created_before=2026-13-01T00:00:00Z", "created_before"), ("order_by=model_name", "order_by"),
    ("text=%ff", "query"),
])
def test_a_wrong_field_of_a_listing_is_400_and_named(slipway, query, name):
    refused(slipway.get(f"?{query}"), 400, "INVALID_PARAMETER_VALUE", name)


# What is missing on this side


def test_an_unreachable_registry_is_503_with_its_address_and_no_credentials(new_slipway, work):
    secret = "correct-horse-battery"
    (work / "unreachable-password").write_text(secret)
    uri = f"http://127.0.0.1:{free_port()}"
    slipway = new_slipway("unreachable", {
        "uri": uri, "username": "registry-user", "password_file": str(work / "unreachable-password")}).start()
    answer = slipway.post(**GOOD)
    refused(answer, 503, "TEMPORARILY_UNAVAILABLE", uri)
    assert secret not in answer.text and "registry-user" not in answer.text
    assert secret not in slipway.pool.tail(100_000)
    assert slipway.build_folders() == []


ENGINES = {
    "an engine's path where nothing is": ("/nonexistent/docker", {}),
    "a search path without engines": ("auto", {"PATH": "/nonexistent"}),
    "a daemon that is not there": ("docker", {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}),
}


@pytest.mark.parametrize("kind", ENGINES)
def test_no_container_engine_is_503_with_what_to_start(new_slipway, sample_store, kind):
    engine, environment = ENGINES[kind]
    slipway = new_slipway(
        f"engine-{list(ENGINES).index(kind)}", {"uri": str(sample_store)}, engine, environment).start()
    body = refused(slipway.post(model_name="iris", model_version="1"), 503, "TEMPORARILY_UNAVAILABLE")
    assert any(word in body["hint"] for word in ("start", "install"))
    assert slipway.build_folders() == []
