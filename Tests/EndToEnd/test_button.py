"""The button on MLflow's own pages, and the dialog that it opens, with real MLflow servers in a real browser."""

import contextlib
import re
import secrets
import urllib.parse

import pytest
from axe_playwright_python.sync_playwright import Axe
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from support.mlflow_proxy import MLflow
from support.processes import PROJECT, run
from support.registry import MODEL
from support.slipway import Slipway

BUILDER = ("builder", secrets.token_urlsafe(12))
VIEWER = ("viewer", secrets.token_urlsafe(12))
OLD_PYTHON = PROJECT / ".build" / "end-to-end" / "mlflow2" / "bin" / "python"
OTHER = "another"
# What MLflow takes as a name; some of it its own pages cannot show.
HOSTILE = ["<img src=x onerror=alert(1)>\"'", "a\"b'c`d#e?f;g+h\\i&j=k", "鸢尾花 模型", "../../x", "${1}{2}%s"]
BUILD = "#build:not([hidden])"
ASSISTANT = "[data-component-id='mlflow.assistant.chat_panel.close']"
axe = Axe()


def add_users(slipway):
    for user, password in (BUILDER, VIEWER):
        slipway.command("user", "add", user, "--password-stdin", input=password)
    return slipway.start()


ROLES = {"viewers": [VIEWER[0]], "builders": {BUILDER[0]: f"{MODEL}*"}}


@pytest.fixture(scope="session")
def site(new_slipway, registry_settings, registry):
    """MLflow 3 with a model that can be built, and ones that cannot be spelt."""
    client = MlflowClient(registry.url, registry.url)
    version = client.get_model_version(MODEL, "1")
    for name in [OTHER, *HOSTILE]:
        try:
            client.create_registered_model(name)
        except MlflowException as error:
            # A slash is refused by newer ones.
            assert "/" in name, error
            continue
        client.create_model_version(name, version.source, model_id=version.source.removeprefix("models:/"))
    return add_users(new_slipway("button", registry_settings, mlflow=registry.url, auth=ROLES))


@pytest.fixture(scope="session")
def old_site(work, binary, environment):
    """MLflow 2 and a model of no content, and no container engine."""
    mlflow = MLflow(work / "mlflow-2", python=OLD_PYTHON)
    slipway = None
    try:
        mlflow.wait_ready()
        client = MlflowClient(mlflow.url, mlflow.url)
        made = client.create_run("0")
        client.log_artifacts(made.info.run_id, str(PROJECT / "samples" / "iris"), "model")
        client.create_registered_model(MODEL)
        client.create_model_version(MODEL, f"{made.info.artifact_uri}/model", made.info.run_id)
        slipway = Slipway(binary, work / "fronts" / "mlflow-2", {
            "registry": {"uri": mlflow.url}, "images": {"engine": "/nonexistent/docker"}, "auth": ROLES},
            environment, mlflow.url)
        yield add_users(slipway)
    finally:
        if slipway:
            slipway.stop()
        mlflow.stop()


@pytest.fixture(params=["site", "old_site"])
def any_site(request):
    return request.getfixturevalue(request.param)


def page_of(model=MODEL, version="1"):
    return f"/#/models/{urllib.parse.quote(model, safe='')}/versions/{version}"


@contextlib.contextmanager
def at_version(site, browser, user=None, model=MODEL, **looks):
    """A visitor who looks at a version, with MLflow's news out of the way; no page may ask another host."""
    with browser.visitor(**looks) as visitor:
        foreign = []
        visitor.context.on("request", lambda request: foreign.append(request.url)
                           if not request.url.startswith((site.url + "/", "data:", "blob:")) else None)
        visitor.open(site.url + page_of(model)).wait_sign_in()
        visitor.sign_in(user or site.admin)
        visitor.page.wait_for_selector("h2:has-text('Version 1')")
        yield visitor
        assert foreign == []
        # Some names are too much for MLflow's own code.
        assert not [line for line in visitor.complaints if "Security" in line or "/slipway/" in line], visitor.complaints


def be_quiet(visitor):
    """MLflow's dialogs about novelties come a moment after the page."""
    visitor.page.wait_for_timeout(1000)
    visitor.page.keyboard.press("Escape")
    visitor.page.wait_for_selector("[role=dialog]", state="hidden")
    visitor.page.wait_for_timeout(500)


def open_dialog(visitor):
    visitor.click(BUILD)
    visitor.page.wait_for_selector("dialog[open]")
    return visitor.page.locator("dialog")


def order(dialog):
    dialog.get_by_role("button", name="Build image").click()


def decided(visitor):
    """Waits until the dialog says what would be built."""
    visitor.page.wait_for_selector("dialog dt:has-text('Python version')")


def focus(page):
    return page.evaluate("""() => {
        let node = document.activeElement;
        while (node.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
        return node.id || node.textContent;
    }""")


def violations(visitor):
    """What axe-core finds in what is Slipway's."""
    found = axe.run(visitor.page, context="#slipway", options={"resultTypes": ["violations"]}).response
    assert found["passes"], "axe-core has looked at nothing"
    return [(each["id"], node["target"]) for each in found["violations"] for node in each["nodes"]]


# The button


@pytest.mark.parametrize("user, model, is_there", [
    (Slipway.admin, MODEL, True), (BUILDER, MODEL, True), (BUILDER, OTHER, False), (VIEWER, MODEL, False)])
def test_who_may_build_the_model_has_the_button(site, browser, user, model, is_there):
    with at_version(site, browser, user, model) as visitor:
        if is_there:
            visitor.page.wait_for_selector(BUILD)
            return
        # Longer than the button waits for MLflow.
        visitor.page.wait_for_timeout(2000)
        assert visitor.page.locator(BUILD).count() == 0
        assert visitor.page.locator("script[src$='/button.js']").count() == (user == BUILDER)


def test_it_comes_and_goes_with_the_page(any_site, browser):
    with at_version(any_site, browser) as visitor:
        page = visitor.page
        page.wait_for_selector(BUILD)
        visitor.click("a:has-text('Registered Models')")
        page.wait_for_selector(BUILD, state="hidden")
        visitor.click(f"a[href$='/models/{MODEL}']")
        page.wait_for_selector(f"h1:has-text('{MODEL}'), h2:has-text('{MODEL}')")
        assert page.locator(BUILD).count() == 0
        visitor.click("a:has-text('Version 1')")
        page.wait_for_selector(BUILD)
        page.go_back()
        page.wait_for_selector(BUILD, state="hidden")
        page.go_forward()
        page.wait_for_selector(BUILD)
        # An address that is typed, and one of MLflow's router.
        page.evaluate("location.hash = '#/experiments'")
        page.wait_for_selector(BUILD, state="hidden")
        page.evaluate("address => history.pushState(null, '', address)", page_of())
        page.wait_for_selector(BUILD)
        page.evaluate("history.replaceState(null, '', '#/models')")
        page.wait_for_selector(BUILD, state="hidden")
        assert page.locator("#slipway").count() == 1


@pytest.mark.parametrize("width, height", [(1280, 800), (1024, 700), (390, 800)])
def test_it_covers_nothing_that_a_person_uses(any_site, browser, width, height, request):
    with at_version(any_site, browser, width=width, height=height) as visitor:
        page = visitor.page
        visitor.page.wait_for_selector(BUILD)
        be_quiet(visitor)
        name = request.node.callspec.id
        assert visitor.covered(BUILD) == []
        visitor.screenshot(f"button-{name}")
        if page.locator(ASSISTANT).count():
            page.click(ASSISTANT)
            page.wait_for_selector(ASSISTANT, state="hidden")
            page.wait_for_timeout(500)
            assert visitor.covered(BUILD) == []
            visitor.screenshot(f"button-{name}-assistant-closed")
        button, promote = (page.locator(each).bounding_box() for each in (BUILD, "button:has-text('Promote model')"))
        if width > 1000:
            assert button["y"] == promote["y"] and button["height"] == promote["height"]
            assert button["x"] + button["width"] < promote["x"]
        # A window as low as this scrolls.
        page.set_viewport_size({"width": width, "height": 400})
        for far in (0, 60, 10_000):
            page.evaluate("""far => {
                for (const each of document.querySelectorAll("*")) if (each.scrollHeight > each.clientHeight) each.scrollTop = far;
            }""", far)
            page.wait_for_timeout(500)
            assert visitor.covered(BUILD) == [], far
        box = page.locator(BUILD).bounding_box()
        assert 0 <= box["x"] and box["x"] + box["width"] <= width and 0 <= box["y"] and box["y"] + box["height"] <= 400


def test_it_follows_mlflows_dark_mode_at_once(old_site, browser):
    looks = "node => { const style = getComputedStyle(node); return [style.color, style.backgroundColor]; }"
    with at_version(old_site, browser) as visitor:
        page = visitor.page
        page.wait_for_selector(BUILD)
        light = page.locator(BUILD).evaluate(looks)
        visitor.click("[data-component-id*='darkthemeswitch']")
        page.wait_for_selector("body.dark-mode")
        assert page.locator(BUILD).evaluate(looks) != light
        assert violations(visitor) == []
        visitor.screenshot("button-dark")
        open_dialog(visitor)
        decided(visitor)
        assert page.locator("dialog").evaluate(looks)[1] != "rgb(255, 255, 255)"
        assert violations(visitor) == []
        visitor.screenshot("dialog-dark")


def test_the_script_has_a_name_that_browsers_may_keep(site):
    page = site.call("GET", "/").text
    [script] = re.findall(r'<script type="module" src="([^"]+)">', page)
    assert re.fullmatch(r"/slipway/ui/[0-9a-f]{12}/button\.js", script)
    answer = site.call("GET", script, user=False)
    assert answer.status_code == 200 and "immutable" in answer.headers["Cache-Control"]


# The dialog


@pytest.mark.parametrize("language, width", [("en-US", 1280), ("zh-CN", 390)])
def test_the_dialog_says_what_would_be_built(site, browser, language, width):
    with at_version(site, browser, language=language, width=width) as visitor:
        page = visitor.page
        dialog = open_dialog(visitor)
        page.wait_for_selector("dialog dt >> nth=1")
        assert page.input_value("#image_name") == f"slipway/{MODEL}:1"
        assert "slipway-python" in dialog.locator("#base_image-hint").inner_text()
        assert focus(page) == ("Build image" if language == "en-US" else "构建镜像")
        assert violations(visitor) == []
        visitor.screenshot(f"dialog-{language}-{width}")
        page.click("dialog details.more summary")
        page.fill("#image_name", "Not a name")
        page.wait_for_selector("#image_name-error:not(:empty)")
        assert page.get_attribute("#image_name", "aria-invalid") == "true"
        assert "image_name" in page.inner_text("#image_name-error")
        page.select_option("#env_manager", "virtualenv")
        page.fill("#image_name", "team/right:1")
        page.wait_for_selector("#image_name-error", state="hidden")
        page.wait_for_function("node => node.textContent.includes('virtual')" if language == "en-US" else
                               "node => node.textContent.includes('虚拟')", arg=page.query_selector("#env_manager-hint"))
        # What was written stays written.
        assert page.input_value("#image_name") == "team/right:1"
        assert violations(visitor) == []
        visitor.screenshot(f"dialog-advanced-{language}-{width}")
        box = dialog.bounding_box()
        assert 0 <= box["x"] and box["x"] + box["width"] <= width
        assert page.locator("dialog .body").evaluate("node => node.scrollWidth <= node.clientWidth")
        # Escape leaves, and the focus is where it was.
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog", state="detached")
        assert focus(page) == "build"


@pytest.mark.parametrize("language, width", [("en-US", 1280), ("zh-CN", 390)])
def test_nothing_in_the_dialog_moves_while_it_reads(site, browser, language, width):
    with at_version(site, browser, language=language, width=width) as visitor:
        page = visitor.page
        held = []
        page.route("**/build-docker/defaults?*", lambda route: held.append(route))
        dialog = open_dialog(visitor)
        where = """node => [node, ...node.querySelectorAll("input, select, button, .more summary")]
            .filter(each => each.checkVisibility()).map(each => [each.id, JSON.stringify(each.getBoundingClientRect())])"""
        page.wait_for_timeout(300)
        before = dialog.evaluate(where)
        assert held
        for route in held:
            route.continue_()
        page.unroute("**/build-docker/defaults?*")
        page.wait_for_selector("dialog dd")
        assert dialog.evaluate(where) == before


def test_a_wrong_field_is_told_at_the_field_wherever_it_is(site, browser):
    with at_version(site, browser) as visitor:
        page = visitor.page
        dialog = open_dialog(visitor)
        decided(visitor)
        page.click("dialog details.more summary")
        page.fill("#labels", "no pair")
        page.click("dialog details.more summary")
        order(dialog)
        page.wait_for_selector("#labels-error:has-text('no pair')")
        assert focus(page) == "labels"
        page.fill("#labels", "dev.slipway.mine=1")
        order(dialog)
        page.wait_for_selector("#labels-error:has-text(\"Slipway's own\")")
        page.fill("#labels", "")
        page.fill("#apt_packages", "git; rm")
        order(dialog)
        page.wait_for_selector("#apt_packages-error:not(:empty)")
        assert focus(page) == "apt_packages" and dialog.get_by_role("alert").count() == 0
        assert violations(visitor) == []


def test_names_are_text_and_come_back_as_they_are(site, browser):
    with at_version(site, browser) as visitor:
        page = visitor.page
        known = [model.name for model in MlflowClient(site.mlflow, site.mlflow).search_registered_models()]
        seen = [name for name in HOSTILE if name in known]
        assert len(seen) > 3
        for name in seen:
            with page.expect_request(lambda request: "/build-docker/defaults?" in request.url) as asked:
                page.evaluate("address => { location.hash = address }", page_of(name)[1:])
                dialog = open_dialog(visitor)
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(asked.value.url).query)
            assert query == {"model_name": [name], "model_version": ["1"]}
            decided(visitor)
            assert dialog.locator("#subject").inner_text() == f"{name}, version 1"
            assert page.locator("img[src=x]").count() == 0
            if "<" in name:
                visitor.screenshot("dialog-hostile")
            page.keyboard.press("Escape")


def test_by_keyboard_alone_and_mlflow_hears_nothing(site, browser):
    with at_version(site, browser) as visitor:
        page = visitor.page
        page.wait_for_selector(BUILD)
        be_quiet(visitor)
        page.evaluate("""() => { window.heard = []; document.addEventListener("keydown", event => window.heard.push(event.key)); }""")
        for _ in range(10):
            page.keyboard.press("Shift+Tab")
            if focus(page) == "build":
                break
        assert focus(page) == "build"
        page.keyboard.press("Enter")
        page.wait_for_selector("dialog[open]")
        decided(visitor)
        for _ in range(20):
            page.keyboard.press("Tab")
            if focus(page) == "image_name":
                break
        page.evaluate("window.heard = []")
        page.keyboard.type("abc/")
        assert page.evaluate("window.heard") == []
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog", state="detached")
        assert focus(page) == "build"


def test_mlflows_own_dialogs_lie_above_the_button(site, browser):
    at_its_middle = """node => {
        const { left, top, width, height } = node.getBoundingClientRect();
        return document.elementFromPoint(left + width / 2, top + height / 2).id;
    }"""
    with at_version(site, browser) as visitor:
        page = visitor.page
        page.wait_for_selector(BUILD)
        be_quiet(visitor)
        before = page.locator(BUILD).bounding_box()
        assert page.locator(BUILD).evaluate(at_its_middle) == "slipway"
        page.click("button:has-text('Promote model')")
        page.wait_for_selector("[role=dialog] button:has-text('Promote')")
        page.wait_for_timeout(500)
        assert page.locator(BUILD).evaluate(at_its_middle) != "slipway"
        assert page.locator(BUILD).bounding_box() == before
        page.keyboard.press("Escape")
        page.wait_for_selector("[role=dialog]", state="hidden")
        page.wait_for_timeout(500)
        assert page.locator(BUILD).evaluate(at_its_middle) == "slipway"


def test_the_way_back_closes_the_dialog(site, browser):
    with at_version(site, browser) as visitor:
        visitor.page.evaluate("address => { location.hash = address }", page_of(version="2")[1:])
        visitor.page.wait_for_selector("h2:has-text('Version 2')")
        open_dialog(visitor)
        visitor.page.go_back()
        visitor.page.wait_for_selector("dialog", state="detached")
        visitor.page.wait_for_selector(BUILD)


def test_a_session_that_has_ended_leads_to_the_sign_in_and_back(old_site, browser):
    with at_version(old_site, browser) as visitor:
        page = visitor.page
        dialog = open_dialog(visitor)
        decided(visitor)
        visitor.context.set_offline(True)
        order(dialog)
        page.wait_for_selector("dialog [role=alert]:has-text('cannot be reached')")
        visitor.context.set_offline(False)
        order(dialog)
        page.wait_for_selector("dialog [role=alert]:has-text('/nonexistent/docker')")
        visitor.context.clear_cookies()
        order(dialog)
        page.wait_for_selector("dialog [role=alert]:has-text('Your session has ended.')")
        assert violations(visitor) == []
        visitor.screenshot("dialog-session-ended")
        dialog.get_by_role("link", name="Sign in").click()
        visitor.wait_sign_in()
        visitor.sign_in(BUILDER)
        visitor.wait_address(old_site.url + page_of())
        page.wait_for_selector(BUILD)


def test_another_workspaces_model_is_not_taken_for_one_of_the_same_name(site, browser):
    with at_version(site, browser) as visitor:
        visitor.page.evaluate("address => { location.hash = address }", page_of(version="2")[1:] + "?workspace=team+a")
        dialog = open_dialog(visitor)
        dialog.get_by_role("alert").filter(has_text="team a").wait_for()
        assert dialog.get_by_role("button", name="Build image").is_disabled()


def test_nothing_of_slipways_is_inline(site, browser):
    """MLflow's page has no policy; here it gets one that only tells."""
    with at_version(site, browser) as visitor:
        page = visitor.page

        def with_policy(route):
            answer = route.fetch()
            route.fulfill(response=answer, headers=answer.headers | {
                "content-security-policy-report-only": "script-src 'self'; style-src 'self'; img-src 'self' data:"})
        page.add_init_script("""
            window.told = [];
            document.addEventListener("securitypolicyviolation", event => window.told.push([event.sourceFile, event.violatedDirective]));
        """)
        page.route(site.url + "/", with_policy)
        page.reload()
        page.wait_for_selector(BUILD)
        open_dialog(visitor)
        decided(visitor)
        told = page.evaluate("window.told")
        # MLflow's own show that the policy is looked at.
        assert told and not [each for each in told if "/slipway/" in each[0]]


# From click to image


def test_two_clicks_make_a_tested_image(site, browser, docker, base_image):
    with at_version(site, browser) as visitor, at_version(site, browser, BUILDER) as second:
        page = visitor.page
        page.wait_for_selector(BUILD)
        be_quiet(visitor)
        # The two.
        page.click(BUILD)
        page.get_by_role("button", name="Build image").click()
        words = page.locator("dialog h3")
        words.wait_for()
        link = page.get_by_role("link", name="Open the live log")
        build_id = link.get_attribute("href").removeprefix("/slipway/#/builds/")
        build = site.build(build_id)
        assert build["model_name"] == MODEL and build["created_by"] == site.admin[0]
        assert build["image_name"] in page.inner_text("dialog dl") and build_id in page.inner_text("dialog dl")
        page.wait_for_function("node => node.textContent.includes('Building')", arg=words.element_handle(), timeout=60_000)
        assert violations(visitor) == []
        visitor.screenshot("dialog-building")
        # Whoever orders the same meanwhile is shown this one.
        order(open_dialog(second))
        second.page.wait_for_selector("dialog .note:has-text('being built already')")
        assert build_id in second.page.inner_text("dialog dl")
        with visitor.context.expect_page() as opened:
            link.click()
        opened.value.wait_for_url(f"{site.url}/slipway/#/builds/{build_id}")
        opened.value.close()
        for each in (page, second.page):
            each.wait_for_selector("dialog h3:has-text('Your tested image is ready.')", timeout=400_000)
        build = site.build(build_id)
        assert build["state"] == "succeeded" and build["verification"]["status"] == 200
        lines = page.locator("dialog .copyable code").all_inner_texts()
        assert lines[0].split() == build["image"]["run"]
        example, _, asked = lines[1].partition(" | ")
        assert asked.startswith("curl ") and asked.endswith("/invocations")
        # As pasted into a shell.
        assert run("sh", "-c", example, env=docker.environment | {"PATH": "/usr/bin:/bin"}).startswith("{")
        assert violations(visitor) == []
        visitor.screenshot("dialog-succeeded")
        page.get_by_role("button", name="Close").last.click()
        page.wait_for_selector("dialog", state="detached")
        assert focus(page) == "build"


def test_a_failed_build_tells_why_and_can_be_ordered_with_changes(site, browser, base_image):
    with at_version(site, browser, BUILDER) as visitor:
        page = visitor.page
        dialog = open_dialog(visitor)
        page.click("dialog details.more summary")
        page.fill("#image_name", "team/broken:1")
        page.fill("#extra_requirements", "slipway-has-no-such-package==1")
        order(dialog)
        page.wait_for_selector("dialog h3:has-text('has failed')", timeout=120_000)
        error = dialog.get_by_role("alert").inner_text()
        build = site.build(re.search(r"#/builds/([0-9a-f]+)", dialog.get_by_role("link").first.get_attribute("href"))[1])
        assert build["error"]["message"] in error and build["error"].get("hint", "") in error
        assert violations(visitor) == []
        visitor.screenshot("dialog-failed")
        page.get_by_role("button", name="Change and try again").click()
        decided(visitor)
        # All is as it was, and goes out again as it is.
        page.fill("#apt_packages", "git; rm")
        with page.expect_request(lambda request: request.method == "POST") as sent:
            order(dialog)
        assert sent.value.post_data_json == {
            "model_name": MODEL, "model_version": "1", "image_name": "team/broken:1", "apt_packages": ["git;", "rm"],
            "extra_requirements": ["slipway-has-no-such-package==1"]}
