"""The console at /slipway/ does everything that it is there for, in a real browser before a real Slipway."""

import gzip
import re

from support.console import build_address, console, long_build, version_address
from support.processes import PROJECT, wait_until
from support.registry import MANY, MODEL
from support.slipway import BASE


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


def test_viewers_look_and_do_nothing(hosted, browser, good, failed):
    with console(hosted, browser, user=hosted.plain_user, address=version_address(MODEL, 1)) as seen:
        seen.wait_loaded()
        assert not seen.button("Build Docker image").count()
        assert not seen.link("Audit").count() and not seen.link("System").count()
        seen.open(build_address(good)).wait_state("The image is ready.")
        for name in ("Retry", "Rebuild with changes", "Delete", "Cancel"):
            assert not seen.button(name).count()
        seen.open("#/builds")
        seen.page.locator("main table").wait_for()
        # They choose what to compare.
        boxes = seen.page.locator("main tbody input[type=checkbox]")
        for index in range(2):
            boxes.nth(index).check()
        seen.link("Compare").wait_for()
        assert not seen.page.locator(".choice-bar button:visible", has_text=re.compile("Cancel|Retry|Delete")).count()
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
        page.locator("dialog dd").first.wait_for()
        page.get_by_label("Image name").fill("slipway/console:clicked")
        page.locator("dialog").get_by_role("button", name="Build", exact=False).last.click()
        # The engine may have to be asked first.
        page.locator("dialog a[href*='#/builds/']").wait_for(timeout=60_000)
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

        # Headless browsers show notifications to nobody: it is noted that one was made.
        page.context.grant_permissions(["notifications"])
        page.evaluate("""() => {
            window.told = [];
            window.Notification = class extends Notification {
                constructor(title, options) { super(title, options); told.push(title); }
            };
        }""")
        seen.button("Tell me when it ends").click()
        wait_until(lambda: seen.button("Tell me when it ends").get_attribute("aria-pressed") == "true", "the bell")
        seen.button("Cancel").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        seen.wait_state("The build was cancelled.")
        assert page.evaluate("() => told") == ["The build was cancelled."]
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
        # The card is of the whole batch, whatever the list is asked for.
        seen.open(f"#{seen.page.url.partition('#')[2]}&state=failed")
        seen.page.locator("main .placeholder", has_text="Nothing matches").wait_for()
        seen.page.locator(".batch", has_text="3 of 3 builds have ended").wait_for()
        seen.page.go_back()
        seen.page.locator("main tbody tr").first.wait_for()
        boxes = seen.page.locator("main tbody input[type=checkbox]")
        assert boxes.count() == 3
        for index in range(2):
            boxes.nth(index).check()
        seen.link("Compare").click()
        seen.page.get_by_role("heading", name="Two builds compared").wait_for()
        seen.page.locator(".differs", has_text=f"{MANY} 1").first.wait_for()


def test_a_batch_refused_in_part_says_why(hosted, browser):
    with console(hosted, browser, address=version_address(MANY)) as seen:
        page = seen.page
        # As if version 10 were gone by the time that it is ordered.
        page.route("**/build-docker/batch", lambda route: route.continue_(
            post_data={"model_name": MANY, "versions": ["11", "404"]}))
        for version in ("11", "10"):
            page.get_by_role("checkbox", name=f"Choose version {version}", exact=True).check()
        seen.button("Build 2 Docker images").click()
        page.locator(".complaint li", has_text="Version 10: ").wait_for()
        assert page.locator("main tbody input:checked").count() == 1
        seen.link("See the others").click()
        page.locator(".batch", has_text="1 of 1 builds have ended").wait_for(timeout=120_000)


def test_a_batch_says_what_was_waiting_already(hosted, browser):
    working = long_build(hosted, "busy")
    waiting = hosted.submit(model_name=MANY, model_version="11")
    with console(hosted, browser, address=version_address(MANY)) as seen:
        for version in ("11", "10"):
            seen.page.get_by_role("checkbox", name=f"Choose version {version}", exact=True).check()
        seen.button("Build 2 Docker images").click()
        card = seen.page.locator(".batch", has_text="1 image was waiting or at work already")
        card.get_by_role("link", name=waiting["build_id"]).wait_for()
        seen.page.locator("main tbody tr").first.wait_for()
        assert seen.page.locator("main tbody tr").count() == 1
        hosted.call("POST", f"{BASE}/{working['build_id']}/cancel", json={})
        card.get_by_text("1 of 1 builds have ended").wait_for(timeout=120_000)
    hosted.wait(waiting["build_id"])


def test_versions_stay_chosen_from_page_to_page(hosted, browser):
    # As if a page held five.
    with console(hosted, browser, address="#/models") as seen:
        page = seen.page
        page.route("**/slipway/models/versions?*", lambda route: route.continue_(
            url=route.request.url.replace("max_results=50", "max_results=5")))
        seen.open(version_address(MANY))
        box = lambda version: page.get_by_role("checkbox", name=f"Choose version {version}", exact=True)
        box(11).check()
        seen.link("Older").click()
        box(6).check()
        page.locator(".choice-bar", has_text="2 chosen").wait_for()
        seen.link("Newest").click()
        box(11).wait_for()
        assert box(11).is_checked() and not box(10).is_checked()
        seen.button("Choose none").click()
        page.locator(".choice-bar").wait_for(state="hidden")
        assert not box(11).is_checked()
        seen.link("Older").click()
        box(6).wait_for()
        assert not box(6).is_checked()


def test_a_build_that_is_removed_meanwhile_says_so(hosted, browser):
    build = hosted.wait(hosted.submit(model_name=MANY, model_version="4")["build_id"])
    with console(hosted, browser, address=build_address(build)) as seen:
        seen.wait_state("The image is ready.")
        assert hosted.call("DELETE", f"{BASE}/{build['build_id']}", json={}).status_code == 200
        seen.wait_state("This build was removed.")
        for name in ("Retry", "Rebuild with changes", "Delete"):
            assert not seen.button(name).count()
        assert seen.page.locator("link[rel=icon]").get_attribute("href").endswith("/icon.svg")
        seen.link("See all builds").click()
        seen.page.get_by_role("heading", name="Builds").wait_for()


def test_what_was_ordered_differently_is_compared(hosted, browser, good, failed):
    with console(hosted, browser, address=f"#/compare/{good['build_id']}/{failed['build_id']}") as seen:
        row = seen.page.locator("tr", has_text="Extra requirements")
        row.locator(".differs", has_text="no-such-package-of-slipway==9").wait_for()


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
