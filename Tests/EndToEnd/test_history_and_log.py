"""Listings of builds, and the log of one."""

import pytest

from support.registry import MODEL
from support.slipway import BASE


def listed(slipway, **query):
    answer = slipway.get("", params=query)
    assert answer.status_code == 200, answer.text
    return [build["build_id"] for build in answer.json()["builds"]]


@pytest.fixture(scope="module")
def ids(slipway, first_build, second_build):
    return first_build["build_id"], second_build["build_id"]


def test_the_newest_build_comes_first_unless_asked_otherwise(slipway, ids):
    newest = listed(slipway)
    assert newest.index(ids[1]) < newest.index(ids[0])
    assert listed(slipway, order_by="created_at ASC") == newest[::-1]
    assert listed(slipway, order_by="created_at DESC") == newest


@pytest.mark.parametrize("query, found", [
    ({"model_name": MODEL}, (True, True)), ({"model_name": "other"}, (False, False)),
    ({"model_version": "2"}, (False, True)), ({"model_name": MODEL, "model_version": "1"}, (True, False)),
    ({"state": "succeeded"}, (True, True)), ({"state": "failed"}, (False, False)),
    ({"user": "admin"}, (True, True)), ({"user": "reader"}, (False, False)),
    ({"text": MODEL}, (True, True)), ({"text": "no such text"}, (False, False)), ({"text": "%"}, (False, False)),
    ({"created_after": "2020-01-01T00:00:00Z"}, (True, True)),
    ({"created_before": "2020-01-01T00:00:00Z"}, (False, False)),
])
def test_a_listing_can_be_narrowed(slipway, ids, query, found):
    ids_found = listed(slipway, **query)
    assert tuple(build_id in ids_found for build_id in ids) == found


def test_a_listing_is_narrowed_by_the_moment_of_another_build(slipway, ids, second_build):
    before = listed(slipway, created_before=second_build["created_at"])
    assert ids[0] in before and ids[1] not in before


@pytest.mark.parametrize("order", ["created_at ASC", "created_at DESC"])
def test_pages_give_every_build_once(slipway, ids, order):
    query, pages = {"order_by": order, "max_results": 2}, []
    while True:
        page = slipway.get("", params=query).json()
        assert len(page["builds"]) <= 2
        pages += [build["build_id"] for build in page["builds"]]
        if "next_page_token" not in page:
            break
        query["page_token"] = page["next_page_token"]
    assert pages == listed(slipway, order_by=order)


def test_both_of_mlflows_prefixes_answer_alike(slipway, ids):
    for path in ("", f"/{ids[0]}", f"/{ids[0]}/log"):
        api = slipway.call("GET", BASE + path)
        ajax = slipway.call("GET", BASE.replace("/api/", "/ajax-api/") + path)
        assert api.status_code == ajax.status_code == 200 and api.content == ajax.content


def test_a_log_is_plain_text_that_no_browser_takes_for_a_page(slipway, ids):
    answer = slipway.get(f"/{ids[0]}/log")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "succeeded" not in answer.headers and MODEL in answer.text


@pytest.mark.parametrize("header, status, part", [
    ("bytes=0-9", 206, slice(0, 10)), ("bytes=10-", 206, slice(10, None)), ("bytes=-20", 206, slice(-20, None)),
    ("bytes=5-999999999", 206, slice(5, None)), ("bytes=0-1,5-6", 200, slice(None)), ("lines=1-2", 200, slice(None)),
])
def test_a_range_gives_a_part_of_the_log(slipway, ids, header, status, part):
    whole = slipway.get(f"/{ids[0]}/log").content
    answer = slipway.get(f"/{ids[0]}/log", headers={"Range": header})
    assert answer.status_code == status and answer.content == whole[part]
    if status == 206:
        start, stop, _ = part.indices(len(whole))
        assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(whole)}"


def test_a_range_beyond_the_log_is_416(slipway, ids):
    size = len(slipway.get(f"/{ids[0]}/log").content)
    answer = slipway.get(f"/{ids[0]}/log", headers={"Range": f"bytes={size}-"})
    assert answer.status_code == 416 and answer.headers["Content-Range"] == f"bytes */{size}"


def test_a_reader_goes_on_where_it_stopped(slipway, ids):
    whole = slipway.get(f"/{ids[0]}/log").content
    assert slipway.get(f"/{ids[0]}/log?offset=100").content == whole[100:]
    assert slipway.get(f"/{ids[0]}/log?offset={len(whole)}").content == b""
    assert slipway.get(f"/{ids[0]}/log?offset={len(whole) + 5}").content == b""
    assert slipway.get(f"/{ids[0]}/log?offset=-1").status_code == 400


def test_me_says_who_calls(slipway):
    assert slipway.call("GET", "/slipway/me").json() == {
        "user": "admin", "is_admin": True, "auth": "basic", "role": "administrator", "store": "htpasswd",
        "models": ["*"]}
    reader = slipway.call("GET", "/slipway/me", user=slipway.plain_user).json()
    assert (reader["user"], reader["is_admin"]) == ("reader", False)
    assert not slipway.call("GET", "/slipway/me", user=False).json().get("user")
