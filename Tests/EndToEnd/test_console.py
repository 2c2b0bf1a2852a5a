"""The console at /slipway/ does everything that it is there for, in a real browser before a real Slipway."""

import gzip
import json
import re
import secrets

import pytest
from mlflow import MlflowClient

from support.console import build_address, console, version_address
from support.processes import PROJECT, run, wait_until
from support.registry import MANY, MODEL
from support.slipway import BASE

HOSTILE = "<img src=x onerror=alert(1)> & <b>sums"
HOSTILE_USER = ("<i>eve", secrets.token_urlsafe(12))
SHOTS = PROJECT / ".build" / "end-to-end" / "screenshots"
LOOKS = [(language, dark) for language in ("en-US", "zh-CN") for dark in (False, True)]


@pytest.fixture(scope="module")
def hosted(new_slipway, registry, registry_settings, base_image):
    """A Slipway of its own, which tries images only where it is asked to, and builds one at a time."""
    client = MlflowClient()
    source = client.get_model_version(MODEL, "1").source
    client.create_registered_model(HOSTILE, description="<script>alert(2)</script>")
    client.create_model_version(HOSTILE, source, model_id=source.removeprefix("models:/"))
    slipway = new_slipway("console", registry_settings, auth={"viewers": ["*"]},
                           builds={"smoke_test": False, "max_parallel": 1})
    run("htpasswd", "-iB", slipway.state / "htpasswd", HOSTILE_USER[0], input=HOSTILE_USER[1])
    return slipway.start()


@pytest.fixture(scope="module")
def good(hosted):
    """A build that was tried."""
    return hosted.succeed(model_name=MODEL, model_version="1", smoke_test=True)


@pytest.fixture(scope="module")
def failed(hosted):
    build = hosted.wait(hosted.submit(
        model_name=MODEL, model_version="1", extra_requirements=["no-such-package-of-slipway==9"])["build_id"])
    assert build["state"] == "failed"
    return build


@pytest.fixture(scope="module")
def batch(hosted, good):
    """Three builds at once, of versions that share all but their number."""
    answer = hosted.call("POST", f"{BASE}/batch", json={"model_name": MANY, "versions": ["1", "2", "3"]}).json()
    for result in answer["results"]:
        hosted.wait(result["build"]["build_id"])
    return answer["batch_id"]


@pytest.fixture(scope="module")
def addresses(good, failed, batch):
    """Every page, by a name for its picture."""
    return {
        "models": "#/models", "versions": version_address(MANY), "version": version_address(MODEL, 1),
        "builds": "#/builds", "batch": f"#/builds?batch_id={batch}", "build": build_address(good),
        "failed": build_address(failed), "compare": f"#/compare/{good['build_id']}/{failed['build_id']}",
        "audit": "#/audit", "system": "#/system", "nothing": "#/no/such/page",
    }


def long_build(hosted, name, **more):
    """A build that goes on for a while."""
    return hosted.submit(model_name=MODEL, model_version="1", no_cache=True, image_name=f"slipway/console:{name}", **more)


# Files


def test_the_console_is_small_and_strict(hosted, measure):
    page = hosted.call("GET", "/slipway/", user=False)
    assert page.status_code == 200 and page.headers["Cache-Control"] == "no-cache"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    for name in ("index.html", "login.html"):
        text = (PROJECT / "static" / name).read_text()
        assert not re.search(r"<style|\son\w+=|style=|<script(?! type=\"module\" src=)", text)
    size = 0
    for path in (PROJECT / "static").rglob("*"):
        if path.is_file():
            size += len(gzip.compress(path.read_bytes()))
            assert not re.search(rb"(?:innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval)\b", path.read_bytes()), path
    assert size < 120_000
    measure(f"the console: {size} bytes compressed")
    script = re.search(r'src="(/slipway/ui/[0-9a-f]{12}/console\.js)"', page.text)[1]
    asset = hosted.call("GET", script, user=False)
    assert asset.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert asset.headers["Content-Encoding"] == "gzip" and asset.headers["Content-Type"].startswith("text/javascript")
    assert asset.headers["Content-Security-Policy"] == policy
    assert hosted.call("GET", "/slipway/ui/console.js", user=False).headers["Cache-Control"] == "no-cache"
    for path in ("/slipway/ui/0123456789ab/../../nginx.conf", "/slipway/ui/0123456789ab/..%2f..%2fMakefile", "/slipway/ui/0123456789ab/"):
        assert hosted.call("GET", path, user=False).status_code in (400, 401, 403, 404)


# Coming in


def test_signing_in_and_out(hosted, browser):
    with browser.visitor() as visitor:
        visitor.open(f"{hosted.url}/slipway/#/builds?state=failed")
        visitor.wait_sign_in()
        visitor.sign_in((hosted.admin[0], "wrong"))
        visitor.page.locator("#error", has_text="wrong").wait_for()
        visitor.sign_in(hosted.admin)
        visitor.wait_address(f"{hosted.url}/slipway/#/builds?state=failed")
        visitor.page.get_by_role("heading", name="Builds").wait_for()
        visitor.page.get_by_role("button", name="Sign out").click()
        visitor.wait_sign_in()
        assert visitor.token() is None and not visitor.challenged()


def test_a_session_that_ends_says_so_and_comes_back(hosted, browser, good):
    with console(hosted, browser, address="#/models") as seen:
        seen.wait_loaded()
        status, *_ = seen.visitor.fetch("/slipway/logout", method="POST", headers={"Content-Type": "application/json"}, body="{}")
        assert status == 200
        for address in (version_address(MANY), version_address(MODEL, 1), "#/builds", build_address(good), "#/audit", "#/system",
                        f"#/compare/{good['build_id']}/{good['build_id']}"):
            seen.open(address)
            seen.page.locator("main .placeholder", has_text="Your session has ended").first.wait_for()
        seen.page.locator("main").get_by_role("link", name="Sign in").first.click()
        seen.visitor.wait_sign_in()
        seen.visitor.sign_in(hosted.admin)
        seen.visitor.wait_address(lambda url: url.endswith(f"#/compare/{good['build_id']}/{good['build_id']}"))


def test_without_a_network_the_page_waits_for_it(hosted, browser):
    with console(hosted, browser, address="#/models") as seen:
        seen.wait_loaded()
        seen.visitor.context.set_offline(True)
        seen.page.locator("#banner", has_text="offline").wait_for()
        seen.open("#/builds")
        seen.page.locator("main .placeholder", has_text="offline").wait_for()
        seen.visitor.context.set_offline(False)
        seen.page.locator("main table, main .placeholder:has-text('No image')").first.wait_for()
        assert not seen.page.locator("#banner *").count()


def test_viewers_look_and_do_nothing(hosted, browser, good):
    with console(hosted, browser, user=hosted.plain_user, address=version_address(MODEL, 1)) as seen:
        seen.wait_loaded()
        assert not seen.button("Build Docker image").count()
        assert not seen.link("Audit").count() and not seen.link("System").count()
        seen.open(build_address(good)).wait_state("The image is ready.")
        for name in ("Retry", "Rebuild with changes", "Delete", "Cancel"):
            assert not seen.button(name).count()
        seen.open("#/builds")
        seen.page.locator("main table").wait_for()
        assert not seen.page.locator("main input[type=checkbox]").count()
        seen.open("#/audit")
        seen.page.locator("main", has_text="for administrators").wait_for()


# Building


def test_from_a_version_to_a_tested_image(hosted, browser, good):
    with console(hosted, browser, address="#/models") as seen:
        page = seen.page
        page.get_by_role("searchbox", name="Search models").fill("sums")
        page.locator("main td").get_by_role("link", name=MODEL, exact=True).click()
        seen.link("Version 1").click()
        page.locator("dd", has_text="READY").wait_for()
        page.locator("dd .chip", has_text="@champion").wait_for()
        page.locator("dd", has_text="the site's image for Python").wait_for()
        page.locator("main .copyable code", has_text="mlflow models build-docker").wait_for()
        seen.button("Build Docker image").click()
        page.get_by_label("Image name").fill("slipway/console:clicked")
        page.locator("dialog").get_by_role("button", name="Build", exact=False).last.click()
        page.locator("dialog a[href*='#/builds/']").wait_for()
        page.keyboard.press("Escape")
        page.locator("main td").get_by_role("link", name=f"{MODEL} 1").first.click()
        seen.wait_state("The image is ready.")
        for words in ("Run it", "Ask it for a prediction"):
            page.get_by_text(words, exact=True).wait_for()
        assert page.locator("link[rel=icon]").get_attribute("href").endswith("/icons/succeeded.svg")
        assert page.title().startswith("Succeeded")
        seen.open(build_address(good)).wait_state("The image is ready.")
        page.get_by_text("The image answered with 200.").wait_for()
        page.locator(".fold summary", has_text="Dockerfile").click()
        page.locator("pre", has_text="FROM ").wait_for()
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        seen.button("Copy: Run it").click()
        page.get_by_text("Copied").wait_for()
        assert page.evaluate("() => navigator.clipboard.readText()").endswith(good["image_name"])


def test_the_list_and_the_log_are_live(hosted, browser):
    with console(hosted, browser, address="#/builds") as seen:
        page = seen.page
        page.locator(".live.on").wait_for()
        working = long_build(hosted, "live")
        waiting = long_build(hosted, "waiting")
        row = page.locator("tr", has_text=working["build_id"])
        row.locator(".badge.working").wait_for()
        page.locator("tr", has_text=waiting["build_id"]).locator(".badge.waiting", has_text="no. 1").wait_for()

        seen.open(build_address(waiting))
        seen.wait_state("Waiting: this build is next.")
        page.locator(".state-card.waiting").wait_for()
        page.locator(".log-lines", has_text="").wait_for()

        seen.open(build_address(working)).wait_state("Building the image.")
        assert page.locator("link[rel=icon]").get_attribute("href").endswith("/icons/working.svg")
        wait_until(lambda: any("RUN" in line for line in seen.log_lines().values()), "the log in the page")
        assert seen.button("Follow").get_attribute("aria-pressed") == "true"
        box = page.locator(".log-lines")
        at_end = "node => node.scrollTop + node.clientHeight >= node.scrollHeight - 40"
        wait_until(lambda: box.evaluate(at_end), "the end of the log in sight")

        # Scrolling up reads, and is not followed.
        wait_until(lambda: box.evaluate("node => node.scrollHeight > node.clientHeight + 200"), "a log to scroll in", 90)
        box.hover()
        page.mouse.wheel(0, -2000)
        wait_until(lambda: seen.button("Follow").get_attribute("aria-pressed") == "false", "reading in peace")

        seen.button("Cancel").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        seen.wait_state("The build was cancelled.")
        assert hosted.wait(working["build_id"])["state"] == "cancelled"
        page.locator(".state-card.cancelled").wait_for()
        hosted.call("POST", f"{BASE}/{waiting['build_id']}/cancel", json={})
        hosted.wait(waiting["build_id"])


def test_a_lost_stream_comes_back_and_nothing_is_shown_twice(hosted, browser):
    build = long_build(hosted, "lost")
    hosted.wait_building(build["build_id"])
    with console(hosted, browser, address=build_address(build)) as seen:
        seen.wait_state("Building the image.")
        hosted.pool.stop()
        seen.wait_state("Connection lost. Reconnecting…")
        seen.page.get_by_text("The build itself goes on").wait_for()
        seen.page.locator(".state-card.lost").wait_for()
        hosted.start_pool()
        seen.wait_state("Building the image.")
        seen.button("Cancel").click()
        seen.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        seen.wait_state("The build was cancelled.")
        lines = hosted.log(build["build_id"]).splitlines()
        seen.page.locator(".log-bar", has_text=f"{len(lines)} lines").first.wait_for()
        shown = seen.log_lines()
        assert len(shown) > 10 and max(shown) == len(lines)
        for number, words in shown.items():
            assert words.strip() == re.sub(r"^\[slipway \S+\] ", "", lines[number - 1]).strip()


def test_a_batch_of_three(hosted, browser, good):
    with console(hosted, browser, address=version_address(MANY)) as seen:
        for version in ("11", "10", "9"):
            seen.page.get_by_role("checkbox", name=f"Choose version {version}", exact=True).check()
        seen.button("Build 3 Docker images").click()
        seen.page.locator(".batch", has_text="3 of 3 builds have ended").wait_for(timeout=120_000)
        seen.page.locator(".batch", has_text="3 succeeded").wait_for()
        boxes = seen.page.locator("main tbody input[type=checkbox]")
        assert boxes.count() == 3
        for index in range(2):
            boxes.nth(index).check()
        seen.link("Compare").click()
        seen.page.get_by_role("heading", name="Two builds compared").wait_for()
        seen.page.locator(".differs", has_text=f"{MANY} 1").first.wait_for()


def test_a_failed_build_opens_at_its_error_and_is_built_again_with_changes(hosted, browser, failed):
    with console(hosted, browser, address=build_address(failed)) as seen:
        seen.wait_state("The build has failed.")
        seen.page.locator("details.step[open]", has_text="Build the image").wait_for()
        seen.page.locator(".row.current", has_text=failed["error"]["message"][:30]).wait_for()
        seen.button("Rebuild with changes").click()
        name = seen.page.get_by_label("Image name")
        name.wait_for()
        assert name.input_value() == failed["image_name"]
        name.fill("slipway/console:again")
        seen.page.locator("dialog").get_by_role("button", name="Build", exact=False).last.click()
        seen.page.wait_for_url(lambda url: failed["build_id"] not in url)
        # The order said so, and says so again.
        again = hosted.wait(seen.page.url.rpartition("/")[2])
        assert again["image_name"] == "slipway/console:again"


def test_deleting(hosted, browser, batch):
    build = hosted.wait(hosted.submit(model_name=MANY, model_version="4")["build_id"])
    with console(hosted, browser, address=build_address(build)) as seen:
        seen.wait_state("The image is ready.")
        seen.button("Delete").click()
        seen.page.get_by_role("dialog").get_by_role("button", name="Back").click()
        seen.button("Delete").click()
        seen.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        seen.page.get_by_role("heading", name="Builds").wait_for()
        assert hosted.get(f"/{build['build_id']}").status_code == 404
        seen.open(build_address(build))
        seen.page.locator("main .placeholder", has_text="There is nothing here").wait_for()


# The log


@pytest.fixture(scope="module")
def huge(hosted):
    """A build of which the log has 100 MB."""
    build = hosted.wait(hosted.submit(model_name=MANY, model_version="5")["build_id"])
    line = "#{} {}.25 Downloading a wheel of some size \x1b[32mdone\x1b[0m {}\n"
    with (hosted.folder(build["build_id"]) / "build.log").open("w") as log:
        size = number = 0
        while size < 100_000_000:
            number += 1
            mark = "a needle" if number == 777_777 else "hay " * (number % 13)
            size += log.write(line.format(number % 30, number, mark))
    return build | {"lines": number}


def test_a_log_of_100_megabytes(hosted, browser, huge, measure):
    with console(hosted, browser, address="#/builds") as seen:
        page = seen.page
        page.evaluate("""() => {
            window.tasks = [];
            new PerformanceObserver(list => tasks.push(...list.getEntries().map(each => each.duration))).observe({ type: "longtask" });
            new MutationObserver((_, observer) => {
                if (!document.querySelector(".row .words")?.textContent) return;
                observer.disconnect();
                requestAnimationFrame(() => setTimeout(() => { window.painted = performance.now(); }));
            }).observe(document.body, { childList: true, subtree: true });
        }""")
        seen.open(build_address(huge))
        page.wait_for_function("() => window.painted")
        page.locator(".log-bar", has_text=f"{huge['lines']:,} lines").first.wait_for(timeout=60_000)
        began = page.evaluate("() => performance.getEntriesByType('resource').find(each => each.name.endsWith('/log')).responseStart")
        first = page.evaluate("() => window.painted") - began
        assert first < 1000, f"{first} ms from the response to the first line"
        box = page.locator(".log-lines")
        page.evaluate("() => { window.tasks.length = 0 }")
        box.hover()
        for _ in range(40):
            page.mouse.wheel(0, 1200)
        for share in (0.2, 0.9, 1, 0.5):
            box.evaluate("(node, share) => { node.scrollTop = share * node.scrollHeight }", share)
            page.wait_for_timeout(50)
        box.evaluate("node => { node.scrollTop = node.scrollHeight }")
        wait_until(lambda: max(seen.log_lines()) == huge["lines"], "the last line")
        page.get_by_role("searchbox", name="Search the log").fill("A Needle")
        page.locator(".search [role=status]", has_text="Line 1 of 1").wait_for(timeout=60_000)
        page.locator(".row.found mark", has_text="a needle").wait_for()
        assert seen.log_lines()[777_777].endswith("a needle")
        longest = max(page.evaluate("() => window.tasks"), default=0)
        assert longest < 200, f"a task of {longest} ms"
        memory = page.evaluate("""async () => performance.measureUserAgentSpecificMemory
            ? (await performance.measureUserAgentSpecificMemory()).bytes : 0""") or renderer_bytes(page)
        assert memory < 300e6, f"{memory / 1e6:.0f} MB"
        measure(f"a log of 100 MB: first line after {first:.0f} ms, longest task {longest:.0f} ms, {memory / 1e6:.0f} MB")


def renderer_bytes(page):
    """What the page's own process holds alone: the largest renderer there is."""
    found = []
    session = page.context.browser.new_browser_cdp_session()
    for process in session.send("SystemInfo.getProcessInfo")["processInfo"]:
        if process["type"] == "renderer":
            try:
                text = open(f"/proc/{process['id']}/smaps_rollup").read()
            except OSError:
                continue
            found.append(sum(int(size) for size in re.findall(r"^Private_\w+:\s+(\d+) kB", text, re.MULTILINE)) * 1024)
    assert found
    return max(found)


def test_lines_have_addresses_that_win_over_following(hosted, browser, huge):
    working = long_build(hosted, "line")
    hosted.wait_building(working["build_id"])
    with console(hosted, browser, address=build_address(working, line=3)) as seen:
        seen.page.locator(".row.current .at", has_text="3").wait_for()
        assert seen.button("Follow").get_attribute("aria-pressed") == "false"
        seen.page.wait_for_timeout(1500)
        assert seen.page.locator(".row.current .at").text_content() == "3"
        hosted.call("POST", f"{BASE}/{working['build_id']}/cancel", json={})
        seen.wait_state("cancelled")
        assert seen.page.locator(".row.current .at").text_content() == "3"
        seen.open(build_address(huge, line=500_000))
        seen.page.locator(".row.current .at", has_text="500000").wait_for(timeout=60_000)
        assert seen.log_lines()[500_000] == f"#{500_000 % 30} 500000.25 Downloading a wheel of some size done {'hay ' * (500_000 % 13)}"
        seen.page.get_by_label("Go to line").fill("900000")
        seen.page.keyboard.press("Enter")
        seen.page.locator(".row.current .at", has_text="900000").wait_for()
        seen.visitor.wait_address(lambda url: url.endswith("?line=900000"))
        seen.page.locator(".log-bar", has_text=f"{huge['lines']:,} lines").first.wait_for(timeout=60_000)
        assert seen.page.locator(".row.current .at").text_content() == "900000"
        seen.page.go_back()
        seen.page.locator(".row.current .at", has_text="500000").wait_for()
        assert seen.link("Raw").get_attribute("href").endswith(f"/{huge['build_id']}/log")


def test_what_others_wrote_is_text(hosted, browser, good):
    """Markup and escapes in a model's name, its description, a user's name, an error, a log and an image's layers."""
    build = hosted.wait(hosted.submit(model_name=HOSTILE, model_version="1")["build_id"])
    folder = hosted.folder(build["build_id"])
    status = json.loads((folder / "status.json").read_text())
    markup = "<script>window.harm = 1</script><img src=x onerror='window.harm = 1'>"
    status |= {
        "state": "failed", "created_by": HOSTILE_USER[0], "warnings": [markup],
        "error": {"error_code": "BUILD_FAILED", "message": f"broken {markup}", "hint": f"mend {markup}"}}
    # As Slipway writes it.
    (folder / "status.json").write_text(json.dumps(status, separators=(",", ":"), sort_keys=True))
    (folder / "build.log").write_text(
        f"{markup}\n\x1b[31;1mred {markup}\x1b[0m plain\n\x1b]0;title\x07\x1b[2J\x1b[1;1Hmoved\n\x1b]8;;javascript:window.harm=1\x07link\x1b]8;;\x07\n"
        "\u202eturned\nbroken \x00\x01 bytes\r\n" + "x" * 200_000 + "\n")
    with console(hosted, browser, user=HOSTILE_USER, address="#/models") as seen:
        page = seen.page
        page.locator("#account", has_text=HOSTILE_USER[0]).wait_for()
        page.locator("main", has_text="<script>alert(2)</script>").wait_for()
        page.locator("main td").get_by_role("link", name=HOSTILE).first.click()
        seen.link("Version 1").click()
        page.get_by_role("heading", name=f"{HOSTILE}, version 1").wait_for()
        seen.open(build_address(build)).wait_state("The build has failed.")
        page.locator(".error-words", has_text=f"broken {markup}").wait_for()
        wait_until(lambda: len(seen.log_lines()) >= 7, "the log")
        lines = seen.log_lines()
        assert lines[1] == markup and lines[2] == f"red {markup} plain" and lines[3] == "moved" and lines[4] == "link"
        assert lines[5] == "\ufffdturned" and lines[6] == "broken  bytes" and lines[7].endswith("…")
        assert page.locator(".row .ink.bold", has_text="red").count() == 1
        assert page.evaluate("() => window.harm") is None
        assert not page.locator("main img, main script, .log-lines [href^=javascript]").count()
        assert not [line for line in seen.visitor.complaints if "Content Security" in line], seen.visitor.complaints


# For everybody


def test_the_language_is_the_browsers_until_another_is_chosen(hosted, browser):
    with console(hosted, browser, address="#/models", language="zh-CN") as seen:
        seen.page.get_by_role("heading", name="模型").wait_for()
        assert seen.page.locator("html").get_attribute("lang") == "zh-CN"
        seen.page.get_by_label("语言").select_option("English")
        seen.page.get_by_role("heading", name="Models").wait_for()
        seen.page.reload()
        seen.page.get_by_role("heading", name="Models").wait_for()
        seen.page.get_by_label("Colours").select_option("Dark")
        dark = "() => getComputedStyle(document.body).backgroundColor"
        assert seen.page.evaluate(dark) == "rgb(17, 23, 28)"
        seen.page.reload()
        seen.page.get_by_role("heading", name="Models").wait_for()
        assert seen.page.evaluate(dark) == "rgb(17, 23, 28)"


@pytest.mark.parametrize("language, dark", LOOKS)
def test_every_page_in_every_look(hosted, browser, addresses, language, dark):
    """axe-core finds nothing to complain about; the pictures are for people to look at."""
    look = f"{language}-{'dark' if dark else 'light'}"
    SHOTS.mkdir(parents=True, exist_ok=True)
    found = []

    def take(seen, name):
        seen.page.screenshot(path=SHOTS / f"{name}-{look}.png", full_page=True)
        # What axe-core sees is the same in both languages.
        if language == "en-US":
            found.extend((name, *each) for each in seen.problems())

    with browser.visitor(language=language, dark=dark) as visitor:
        visitor.open(f"{hosted.url}/slipway/")
        visitor.wait_sign_in()
        visitor.page.screenshot(path=SHOTS / f"login-{look}.png")
    with console(hosted, browser, language=language, dark=dark) as seen:
        for name, address in addresses.items():
            seen.open(address).wait_loaded()
            seen.page.wait_for_timeout(300)
            take(seen, name)
        seen.open(addresses["version"]).wait_loaded()
        seen.page.locator("main button.primary").first.click()
        seen.page.locator("dialog[open]").wait_for()
        seen.page.wait_for_timeout(500)
        take(seen, "dialog")
        seen.page.keyboard.press("Escape")
        seen.open(addresses["build"]).wait_loaded()
        seen.page.locator(".actions button").last.click()
        seen.page.locator("dialog.confirm").wait_for()
        take(seen, "confirm")
    assert not found, found


@pytest.mark.parametrize("width", [360, 1920])
def test_no_page_is_wider_than_the_window(hosted, browser, addresses, width):
    with console(hosted, browser, width=width) as seen:
        for name, address in addresses.items():
            seen.open(address).wait_loaded()
            seen.page.screenshot(path=SHOTS / f"{name}-{width}.png", full_page=True)
            assert seen.page.evaluate("() => document.documentElement.scrollWidth") <= width, name
        if width == 360:
            assert not seen.problems()


def test_everything_by_keyboard_alone(hosted, browser, failed, batch):
    with browser.visitor() as visitor:
        from support.console import Console
        seen = Console(hosted, visitor)
        page = seen.page
        page.goto(f"{hosted.url}/slipway/")
        visitor.wait_sign_in()
        page.keyboard.type(hosted.admin[0])
        seen.tab_to("Password")
        page.keyboard.type(hosted.admin[1])
        seen.press("Enter")
        page.get_by_role("heading", name="Models").wait_for()

        seen.tab_to("Skip to content")
        seen.press("Enter")
        seen.tab_to("Search models")
        page.keyboard.type(MANY)
        page.wait_for_url(lambda url: "filter=" in url)
        page.locator("main tbody tr").first.wait_for()
        seen.wait_loaded()
        seen.tab_to(MANY)
        seen.press("Enter")
        page.get_by_role("heading", name=MANY).wait_for()
        seen.wait_loaded()
        for version in ("8", "7"):
            seen.tab_to(f"Choose version {version}")
            seen.press("Space")
        seen.tab_to("Build 2 Docker images")
        seen.press("Enter")
        page.locator(".batch", has_text="2 of 2 builds have ended").wait_for(timeout=120_000)

        # Two of them compared, one deleted.
        page.locator("main tbody tr").first.wait_for()
        ids = [each.strip() for each in page.locator("main tbody .nowrap").all_text_contents()]
        for build_id in ids:
            version = hosted.build(build_id)["model_version"]
            seen.tab_to(f"Choose build {build_id} of {MANY} {version}")
            seen.press("Space")
        seen.tab_to("Compare")
        seen.press("Enter")
        page.get_by_role("heading", name="Two builds compared").wait_for()
        seen.wait_loaded()
        seen.tab_to(ids[1])
        seen.press("Enter")
        seen.wait_state("The image is ready.")
        seen.tab_to("Delete")
        seen.press("Enter")
        seen.tab_to("Delete")
        seen.press("Enter")
        page.get_by_role("heading", name="Builds").wait_for()

        # A version's dialog, and its build to the end.
        seen.open(version_address(MODEL, 1)).wait_loaded()
        seen.tab_to("Build Docker image")
        seen.press("Enter")
        page.locator("dialog dd").first.wait_for()
        seen.tab_to("Image name")
        seen.press("Control+a")
        page.keyboard.type("slipway/console:keys")
        seen.press("Enter")
        page.locator("dialog a[href*='#/builds/']").wait_for()
        link = page.locator("dialog a[href*='#/builds/']").first
        seen.tab_to(link.text_content().strip())
        seen.press("Enter")
        seen.wait_state("The image is ready.")

        # The log: a search, a line, the colours of the page.
        seen.open(build_address(failed)).wait_state("The build has failed.")
        seen.tab_to("Show in the log")
        seen.press("Enter")
        seen.tab_to("Search the log")
        page.keyboard.type("no-such-package")
        page.locator(".search [role=status]", has_text="Line 1 of").wait_for()
        seen.press("Enter")
        seen.tab_to("Go to line")
        page.keyboard.type("2")
        seen.press("Enter")
        page.locator(".row.current .at", has_text="2").wait_for()
        seen.tab_to("Log")
        before = page.locator(".log-lines").evaluate("node => node.scrollTop")
        seen.press("PageDown")
        assert page.locator(".log-lines").evaluate("node => node.scrollTop") >= before
        seen.tab_to("Retry")
        seen.press("Enter")
        page.wait_for_url(lambda url: failed["build_id"] not in url)
        again = page.url.rpartition("/")[2]
        seen.wait_state("The build has failed.")
        assert hosted.build(again)["retry_of"] == failed["build_id"]

        seen.tab_to("Language")
        seen.press("ArrowDown")
        page.get_by_text("构建失败。").first.wait_for()
        seen.tab_to("退出登录")
        seen.press("Enter")
        visitor.wait_sign_in()
