"""MLflow behind nginx and Slipway's sign-in, as people in a browser, programs and strangers meet it."""

import base64
import contextlib
import hashlib
import secrets
import sqlite3

import mlflow
import pytest
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from support.mlflow_proxy import MLflow, Recorder, TemporaryFiles, raw
from support.slipway import Slipway, problem

VIEWER = ("viewer", secrets.token_urlsafe(12))
BUILDER = ("builder", secrets.token_urlsafe(12))
ANA = ("ana", secrets.token_urlsafe(12))
MODEL = "sums of two"
PAGE = "/#/models/sums%20of%20two"
BUTTON = "/button.js"
SESSION = "/session.js"
# Tokens of sessions that tests began: no log may hold one.
tokens = []


@pytest.fixture(scope="module")
def made(binary, work, environment):
    """Slipways that need no container engine, each before some MLflow; all end with this file."""
    with contextlib.ExitStack() as stack:
        def make(name, server, **auth):
            slipway = Slipway(binary, work / "fronts" / name, {
                "registry": {"uri": server.url}, "images": {"engine": "/nonexistent/docker"},
                "auth": {"viewers": [VIEWER[0]], "builders": {BUILDER[0]: "sums*"}} | auth}, environment, server.url)
            for user, password in (VIEWER, BUILDER):
                slipway.command("user", "add", user, "--password-stdin", input=password)
            stack.callback(slipway.stop)
            return slipway.start()
        yield make


@pytest.fixture(scope="module")
def servers(work):
    """MLflow without users, and with its own; both start at once."""
    both = MLflow(work / "front-mlflow"), MLflow(work / "front-mlflow-users", has_users=True)
    try:
        yield [server.wait_ready() for server in both]
    finally:
        for server in both:
            server.stop()


@pytest.fixture(scope="module")
def front(made, servers):
    """MLflow without users of its own, Slipway's users in an htpasswd file."""
    servers[0].post("registered-models/create", name=MODEL)
    return made("plain", servers[0])


@pytest.fixture(scope="module")
def front_of_users(made, servers):
    """MLflow's basic-auth app, whose users Slipway takes."""
    servers[1].post("users/create", username=ANA[0], password=ANA[1])
    return made("users", servers[1], stores=["mlflow"])


@pytest.fixture(scope="module")
def recorder():
    recorder = Recorder()
    yield recorder
    recorder.stop()


@pytest.fixture(scope="module")
def noted(made, recorder):
    """Slipway before a server that takes notes."""
    return made("noted", recorder)


def session(slipway, user):
    """A program's session, as a browser would have it."""
    answer = slipway.call("POST", "/slipway/login", user=False, json=dict(zip(("user", "password"), user)))
    assert answer.status_code == 200, answer.text
    token = answer.cookies["slipway_session"]
    tokens.append(token)
    return {"Cookie": f"slipway_session={token}"}


def expire(slipway):
    """Lets every session's time run out, as if nobody had used it for a week."""
    with contextlib.closing(sqlite3.connect(slipway.state / "slipway.db", timeout=10)) as database, database:
        assert database.execute("UPDATE sessions SET seen_at = seen_at - 604800000").rowcount > 0


def open_page(visitor, slipway, user):
    """Signs a visitor in on the way to the model's page of MLflow, and waits for that."""
    visitor.open(slipway.url + PAGE).wait_sign_in()
    visitor.sign_in(user)
    visitor.wait_address(slipway.url + PAGE)
    tokens.append(visitor.token())
    visitor.page.wait_for_selector("aside")
    visitor.page.wait_for_selector("#slipway-session:not([hidden])")


# People


def test_an_anonymous_page_leads_to_the_sign_in_and_back_to_its_fragment(front, browser):
    with browser.visitor() as visitor:
        open_page(visitor, front, front.admin)
        visitor.page.wait_for_selector(f"h1:has-text('{MODEL}'), h2:has-text('{MODEL}')")
        assert visitor.page.locator(f"script[src$='{BUTTON}']").count() == 1
        assert visitor.challenged() == [] and not [line for line in visitor.complaints if "Security" in line]


def test_a_wrong_password_is_told_on_the_page(front, browser):
    with browser.visitor() as visitor:
        visitor.open(front.url).wait_sign_in()
        visitor.sign_in((VIEWER[0], "wrong"))
        visitor.page.wait_for_selector("[role=alert]:has-text('The user name or the password is wrong.')")
        assert visitor.page.is_enabled("#submit") and visitor.page.evaluate("document.activeElement.id") == "password"
        visitor.sign_in(VIEWER)
        visitor.wait_address(front.url + "/")
        assert 401 in [status for status, _, _ in visitor.answers] and visitor.challenged() == []


def test_who_signed_out_is_asked_again_and_the_old_cookie_opens_nothing(front, browser):
    with browser.visitor() as visitor:
        open_page(visitor, front, VIEWER)
        old = {"Cookie": f"slipway_session={visitor.token()}"}
        assert front.call("GET", "/", user=False, headers=old).status_code == 200
        visitor.click("#slipway-session >> text=Sign out")
        visitor.wait_sign_in()
        assert visitor.page.url.endswith(f"?next={PAGE}")
        assert visitor.token() is None
        assert front.call("GET", "/", user=False, headers=old).status_code == 401
        assert front.call("GET", "/ajax-api/2.0/mlflow/experiments/search", user=False, headers=old).status_code == 401
        visitor.open(front.url + PAGE).wait_sign_in()


def test_after_the_end_of_a_session_scripts_get_401_and_the_next_click_leads_to_the_sign_in(front, browser):
    with browser.visitor() as visitor:
        open_page(visitor, front, VIEWER)
        # What the driver does with a page counts as somebody's click for five seconds.
        visitor.page.evaluate(
            "setTimeout(async () => { await (await fetch('/ajax-api/2.0/mlflow/experiments/search')).text(); }, 6000)")
        visitor.page.wait_for_timeout(5500)
        expire(front)
        visitor.page.wait_for_timeout(1500)
        # Nobody has clicked: what stands on the page stays.
        assert visitor.page.url == front.url + PAGE
        visitor.page.wait_for_selector("#slipway-session >> text=Signed out")
        assert [url for status, url, _ in visitor.answers if status == 401 and url.endswith("/experiments/search")]
        visitor.click("aside a:has-text('Experiments')")
        visitor.wait_sign_in()
        assert visitor.page.url.endswith("/login.html?next=/#/experiments")
        status, text, headers = visitor.fetch("/ajax-api/2.0/mlflow/registered-models/search")
        assert status == 401 and '"error_code":"UNAUTHENTICATED"' in text and "www-authenticate" not in headers
        visitor.sign_in(VIEWER)
        visitor.wait_address(lambda address: address.startswith(front.url + "/#/experiments"))
        tokens.append(visitor.token())
        assert visitor.challenged() == []


@pytest.mark.parametrize("first, second", [("admin", "viewer"), ("viewer", "admin")])
def test_viewers_get_no_button_whoever_used_the_browser_before(front, browser, first, second):
    users = {"admin": front.admin, "viewer": VIEWER}
    with browser.visitor() as visitor:
        for name in (first, second):
            visitor.open(front.url).wait_sign_in()
            visitor.sign_in(users[name])
            visitor.wait_address(front.url + "/")
            visitor.page.wait_for_selector("#slipway-session:not([hidden])")
            assert visitor.page.locator(f"script[src$='{BUTTON}']").count() == (name == "admin")
            assert visitor.page.locator(f"script[src$='{SESSION}']").count() == (name == "viewer")
            visitor.click("#slipway-session >> text=Sign out")
            visitor.wait_sign_in()


@pytest.mark.parametrize("width, height", [(1280, 800), (1280, 560), (800, 600)])
def test_the_way_out_covers_nothing_of_mlflows(front, browser, width, height):
    with browser.visitor(width=width, height=height) as visitor:
        open_page(visitor, front, front.admin)
        visitor.open(f"{front.url}/#/experiments/0")
        visitor.page.wait_for_selector("aside a:has-text('Traces')")
        assert visitor.covered("#slipway-session") == []
        visitor.click("aside button")
        visitor.page.wait_for_selector("#slipway-session.narrow")
        assert height < 800 or visitor.covered("#slipway-session") == []
        visitor.click("#slipway-session button")
        visitor.wait_sign_in()


# The sign-in page


@pytest.mark.parametrize("language, words", [("en-US", "Sign in"), ("zh-CN", "登录"), ("fr-FR", "Sign in")])
def test_the_sign_in_page_speaks_the_browsers_language_and_fits_a_phone(front, browser, language, words):
    with browser.visitor(language, width=360, height=640, dark=True) as visitor:
        visitor.open(front.url).wait_sign_in()
        page = visitor.page
        assert page.title() == page.inner_text("h1") == page.inner_text("#submit") == words
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.evaluate("document.activeElement.id") == "user"
        for name in ("user", "password"):
            assert page.get_attribute(f"#{name}", "autocomplete") in ("username", "current-password")
            assert page.locator(f"label[for={name}]").count() == 1
        page.keyboard.type(VIEWER[0])
        page.keyboard.press("Tab")
        page.keyboard.type("wrong")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=alert]:not(:empty)")
        assert not visitor.complaints or all("401" in line for line in visitor.complaints), visitor.complaints


NEXT = {
    "//evil.example/": "/", r"/\evil.example": "/", r"\\evil.example": "/", "https://evil.example/": "/",
    "javascript:alert(1)": "/", "/.//evil.example/": "/.//evil.example/", "evil": "/", "": "/",
    "/%0d%0aSet-Cookie:x=1": "/%0d%0aSet-Cookie:x=1", "/\t/evil.example": "/", "/@evil.example": "/@evil.example",
    "/slipway/ui/login.html": "/", "/?a=1&b=%2F": "/?a=1&b=%2F", "//user@evil.example": "/",
}


def test_the_sign_in_page_leads_nowhere_else(front, browser):
    with browser.visitor() as visitor:
        visitor.open(f"{front.url}/slipway/ui/login.html?next=//evil.example/#/models")
        visitor.wait_sign_in()
        visitor.sign_in(VIEWER)
        visitor.wait_address(front.url + "/#/models")
        tokens.append(visitor.token())
        for text, path in NEXT.items():
            visitor.open(f"{front.url}/slipway/ui/login.html?next={text}#here")
            visitor.page.wait_for_selector(f"#who:has-text('{VIEWER[0]}')")
            target = visitor.page.evaluate("document.getElementById('continue').href")
            # The browser takes a path of two slashes for what it is only behind the host.
            wanted = front.url + path.replace("/.//", "//") + "#here"
            assert target == wanted, text
        visitor.page.click("#continue")
        visitor.page.wait_for_load_state()
        assert visitor.page.url.startswith(front.url + "/")


@pytest.mark.parametrize("path", ["/%0d%0aSet-Cookie:x=1", "//evil.example/", "/%0aSet-Cookie:x=1/..%0a", "/?a=1&b=2"])
def test_the_redirect_to_the_sign_in_page_is_one_header(front, path):
    answer = raw(front.url, "GET", path, {"Host": "h", "Accept": "text/html,*/*"})
    assert answer.status == 302 and answer.headers["Location"] == f"/slipway/ui/login.html?next={path}"
    assert "Set-Cookie" not in answer.headers


def test_too_many_wrong_passwords_are_told_with_the_wait(front, browser):
    with browser.visitor(language="zh-CN") as visitor:
        visitor.open(front.url).wait_sign_in()
        for _ in range(8):
            visitor.sign_in(("guessed", "wrong"))
            with visitor.page.expect_response("**/slipway/login"):
                pass
            if [status for status, _, _ in visitor.answers if status == 429]:
                break
        visitor.page.wait_for_selector("[role=alert]:has-text('秒后重试')")
    answer = front.call("GET", "/api/2.0/mlflow/experiments/search", user=("guessed", "wrong"))
    assert answer.status_code == 503, answer.text
    body = problem(answer)
    assert body["error_code"] == "TEMPORARILY_UNAVAILABLE" and "too many wrong passwords" in body["hint"]


def test_the_console_leads_to_the_sign_in_and_offers_the_way_out(front, browser):
    console = f"{front.url}/slipway/"
    with browser.visitor() as visitor:
        visitor.open(console).wait_sign_in()
        visitor.sign_in(front.admin)
        visitor.wait_address(console)
        tokens.append(visitor.token())
        visitor.page.wait_for_selector(f"#account:has-text('{front.admin[0]}')")
        expire(front)
        visitor.page.get_by_role("link", name="Builds").click()
        visitor.page.locator("main").get_by_role("link", name="Sign in").click()
        visitor.wait_sign_in()
        visitor.sign_in(front.admin)
        visitor.wait_address(f"{console}#/builds")
        visitor.page.get_by_role("button", name="Sign out").click()
        visitor.wait_sign_in()
        assert visitor.page.url.endswith("?next=/slipway/#/builds") and visitor.token() is None
        assert visitor.challenged() == [] and not [line for line in visitor.complaints if "Security" in line]


# Programs


@pytest.fixture
def client(front, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", VIEWER[0])
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", VIEWER[1])
    return MlflowClient(front.url)


def test_mlflows_client_logs_registers_and_downloads_300_megabytes(front, client, tmp_path, measure):
    piece = secrets.token_bytes(1 << 20)
    digest = hashlib.sha256()
    with (tmp_path / "big.bin").open("wb") as file:
        for number in range(300):
            part = number.to_bytes(4) + piece
            digest.update(part)
            file.write(part)
    run = client.create_run("0")
    client.log_metric(run.info.run_id, "loss", 0.5)
    with TemporaryFiles(front) as files:
        client.log_artifact(run.info.run_id, str(tmp_path / "big.bin"), "data")
        (tmp_path / "big.bin").unlink()
        fetched = mlflow.artifacts.download_artifacts(
            run_id=run.info.run_id, artifact_path="data/big.bin", dst_path=str(tmp_path), tracking_uri=front.url)
    with open(fetched, "rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == digest.hexdigest()
    measure(f"nginx before MLflow: 300 MB up and down, at most {files.most} bytes in nginx's temporary files")
    assert files.most < 1 << 20
    client.create_registered_model("through nginx")
    version = client.create_model_version("through nginx", f"{run.info.artifact_uri}/data", run.info.run_id)
    assert version.version == "1" and client.get_run(run.info.run_id).data.metrics == {"loss": 0.5}


def test_missing_credentials_are_a_readable_exception(front, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_USERNAME", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_PASSWORD", raising=False)
    with pytest.raises(MlflowException) as raised:
        MlflowClient(front.url).search_experiments()
    assert raised.value.error_code == "UNAUTHENTICATED" and "sign in to use this" in raised.value.message


def test_programs_are_challenged_and_browsers_are_not(front):
    path = "/api/2.0/mlflow/experiments/search"
    answer = front.call("GET", path, user=False)
    assert answer.status_code == 401 and answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert problem(answer)["error_code"] == "UNAUTHENTICATED"
    for browsers in ({"User-Agent": "Mozilla/5.0"}, {"Sec-Fetch-Site": "same-origin"}):
        answer = front.call("GET", path, user=False, headers=browsers)
        assert answer.status_code == 401 and "WWW-Authenticate" not in answer.headers
    assert front.call("GET", path, user=("admin", "wrong")).status_code == 401
    assert front.call("POST", "/", user=False, headers={"Accept": "text/html"}).status_code == 401


def test_only_what_mlflow_shows_everybody_is_open(front):
    page = front.call("GET", "/").text
    script = page.partition('src="')[2].partition('"')[0].lstrip("./")
    assert script.startswith("static-files/"), page
    answer = front.call("GET", f"/{script}", user=False)
    assert answer.status_code == 200 and "javascript" in answer.headers["Content-Type"]
    assert front.call("GET", "/health", user=False).text == "OK"
    assert front.call("GET", "/favicon.ico", user=False).status_code == 204
    for path in ("/version", "/graphql", "/api/2.0/mlflow/experiments/search", "/static-files/../version",
                 "/static-files/%2e%2e/version", "/health/", "/slipway/auth", "/metrics", "/get-artifact"):
        assert raw(front.url, "GET", path, {"Host": "h"}).status in (401, 404), path


# Whose page it is


def own(slipway):
    return {"Origin": slipway.url, "User-Agent": "Mozilla/5.0"}


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1", "http://localhost:1"])
def test_a_change_from_another_sites_page_is_403(front, origin):
    answer = front.call("POST", "/ajax-api/2.0/mlflow/experiments/search", user=VIEWER, json={"max_results": 1},
                        headers={"Origin": origin})
    assert answer.status_code == 403, answer.text
    assert problem(answer)["error_code"] == "PERMISSION_DENIED"


def test_a_change_from_this_sites_page_reaches_mlflow(front):
    answer = front.call("POST", "/ajax-api/2.0/mlflow/experiments/search", user=False, json={"max_results": 1},
                        headers=session(front, VIEWER) | own(front))
    assert answer.status_code == 200 and answer.json()["experiments"]


# What MLflow is told


def test_neither_a_session_nor_a_password_of_slipways_reaches_mlflow(noted, recorder):
    cookie = session(noted, VIEWER)["Cookie"]
    token = tokens[-1]
    for cookies, left in [
        (cookie, None), (f"a=1; {cookie}; b=2", "a=1; b=2"), (f"__Host-{cookie}; {cookie}; b=2", "b=2"),
        (f"a=1; {cookie}", "a=1; "), (f"xslipway_session=1; {cookie}", "xslipway_session=1; "),
        (f"{cookie};b=2", "b=2"),
    ]:
        assert noted.call("GET", "/x", user=False, headers={"Cookie": cookies}).status_code == 200
        assert recorder.last()[2]["Cookie"] == left
    # With several tokens Slipway believes none; a password beside them still lets in.
    many = "; ".join([cookie] * 3 + ["c=3"])
    assert noted.call("GET", "/x", user=VIEWER, headers={"Cookie": many}).status_code == 200
    assert recorder.last()[2]["Cookie"] is None
    assert recorder.last()[2]["Authorization"] is None
    seen = recorder.all_bytes()
    basic = base64.b64encode(":".join(VIEWER).encode()).decode()
    assert token not in seen and VIEWER[1] not in seen and basic not in seen


def test_mlflow_is_told_who_it_is_and_no_client_can_say_so(noted, recorder):
    lies = {
        "X-Slipway-User": "admin", "X-Slipway-Admin": "1", "X-Slipway-Builder": "1",
        "X-Slipway-Authorization": "Basic eDp5",
        "X-Forwarded-For": "6.6.6.6", "X-Forwarded-Host": "evil.example", "Forwarded": "for=1",
        "Slipway-Internal": "1", "SLIPWAY_INTERNAL": "1",
    }
    answer = noted.call("GET", "/", user=VIEWER, headers=lies)
    assert answer.status_code == 200 and SESSION in answer.text and BUTTON not in answer.text
    told = recorder.last()[2]
    assert told["X-Slipway-User"] == VIEWER[0] and told["X-Slipway-Admin"] == "0"
    assert told["X-Slipway-Builder"] is None
    assert told["X-Slipway-Authorization"] is None and told["Authorization"] is None
    assert told["X-Forwarded-For"] == "127.0.0.1" and told["Host"] == "localhost"
    assert told["X-Forwarded-Host"] is None and told["Forwarded"] is None
    before = len(recorder.requests)
    assert noted.call("GET", "/", user=False, headers=lies).status_code == 401
    assert noted.call("GET", "/slipway/auth", user=False, headers=lies).status_code == 404
    assert len(recorder.requests) == before
    assert noted.call("GET", "/static-files/a.js", user=False, headers=lies).status_code == 200
    assert recorder.last()[2]["X-Slipway-User"] is None and recorder.last()[2]["X-Slipway-Admin"] is None


def test_the_page_is_always_whole_and_never_kept(noted, recorder):
    asked = {"If-None-Match": '"one"', "If-Modified-Since": "Fri, 01 Jan 2027 00:00:00 GMT", "Range": "bytes=0-9",
             "If-Range": '"one"', "Accept-Encoding": "gzip"}
    answer = noted.call("GET", "/", headers=asked)
    assert answer.status_code == 200 and answer.text.count(BUTTON) == 1
    assert answer.headers["Cache-Control"] == "no-store"
    assert not {"ETag", "Last-Modified", "Accept-Ranges"} & set(answer.headers)
    told = recorder.last()[2]
    assert not [name for name in asked if told[name]]
    # Only this page: what else looks like one may be somebody's artifact.
    assert BUTTON not in noted.call("GET", "/get-artifact").text


def test_nobody_but_who_may_build_gets_the_button(noted):
    users = (noted.admin, True), (VIEWER, False), (BUILDER, True), (noted.plain_user, False), (noted.admin, True)
    for user, has_button in users:
        answer = noted.call("GET", "/", user=user)
        assert answer.status_code == 200
        assert (BUTTON in answer.text, SESSION in answer.text) == (has_button, not has_button)
    for user in (False, (noted.admin[0], "wrong")):
        answer = noted.call("GET", "/", user=user)
        assert answer.status_code == 401 and SESSION not in answer.text


@pytest.mark.parametrize("sent, matched", [
    ("/gateway/x/../../static-files/a.js", "/static-files/a.js"), ("/gateway/x/..%2f../health", "/health"),
    ("/api//../static-files/a%20b", "/static-files/a%20b"), ("/static-files/%0d%0aX:y", "/static-files/%0D%0AX:y"),
])
def test_an_open_path_reaches_mlflow_as_nginx_understood_it(noted, recorder, sent, matched):
    assert raw(noted.url, "GET", sent, {"Host": "h"}).status == 200
    assert recorder.last()[1] == matched


# MLflow's own users


def test_mlflow_sees_its_own_user_by_password_and_by_session(front_of_users, servers):
    path = "/ajax-api/2.0/mlflow/users/current"
    assert front_of_users.call("GET", path, user=ANA).json()["user"]["username"] == ANA[0]
    headers = session(front_of_users, ANA)
    assert front_of_users.call("GET", path, user=False, headers=headers).json()["user"]["username"] == ANA[0]
    me = front_of_users.call("GET", "/slipway/me", user=False, headers=headers).json()
    assert me["user"] == ANA[0] and me["store"] == "mlflow" and not me["is_admin"]
    # MLflow's permissions hold: a change of its users is its administrator's.
    answer = front_of_users.call(
        "POST", "/api/2.0/mlflow/users/create", user=ANA, json={"username": "x", "password": "long enough, 12"})
    assert answer.status_code == 403
    assert front_of_users.call("GET", path, user=(ANA[0], "wrong")).status_code == 401
    admin = session(front_of_users, servers[1].admin)
    page = front_of_users.call("GET", "/", user=False, headers=admin)
    assert page.status_code == 200 and BUTTON in page.text
    assert BUTTON not in front_of_users.call("GET", "/", user=ANA).text


def test_an_mlflow_user_signs_in_and_works_in_the_browser(front_of_users, browser):
    with browser.visitor() as visitor:
        visitor.open(f"{front_of_users.url}/#/experiments").wait_sign_in()
        visitor.sign_in(ANA)
        visitor.page.wait_for_selector("#slipway-session:not([hidden])")
        tokens.append(visitor.token())
        status, text, _ = visitor.fetch("/ajax-api/2.0/mlflow/experiments/search?max_results=5")
        assert status == 200 and "Default" in text
        assert visitor.challenged() == []


# At the end


def test_without_slipway_nobody_gets_in_and_the_reason_is_told(noted, recorder):
    noted.pool.stop()
    before = len(recorder.requests)
    answer = noted.call("GET", "/", user=VIEWER)
    assert answer.status_code == 503, answer.text
    body = problem(answer)
    assert body["error_code"] == "TEMPORARILY_UNAVAILABLE" and "slipway serve" in body["hint"]
    assert len(recorder.requests) == before


def test_no_log_holds_a_password_or_a_token(front, front_of_users, noted, servers):
    passwords = [VIEWER[1], ANA[1], front.admin[1], servers[1].admin[1]]
    words = [*filter(None, tokens), *passwords]
    words += [base64.b64encode(f"{user}:{password}".encode()).decode() for user, password in (VIEWER, ANA, front.admin)]
    assert len(words) > 10
    read = 0
    for slipway in (front, front_of_users, noted):
        logs = [slipway.pool.log, slipway.state / "nginx.out", *(slipway.state / "nginx").glob("*.log")]
        for log in logs:
            content = log.read_text(errors="replace")
            read += len(content)
            assert not [word for word in words if word in content], log
    assert read > 10_000
    for server in servers:
        assert not [word for word in words if word in server.server.tail(10_000_000)]
