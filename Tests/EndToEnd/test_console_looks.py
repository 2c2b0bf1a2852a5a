"""The console is for everybody: in both languages and themes, at any width, by keyboard alone."""

import pytest

from support.console import Console, build_address, console, version_address
from support.processes import PROJECT
from support.registry import MANY, MODEL

SHOTS = PROJECT / ".build" / "end-to-end" / "screenshots"
LOOKS = [(language, dark) for language in ("en-US", "zh-CN") for dark in (False, True)]


@pytest.fixture(scope="module")
def addresses(good, failed, batch):
    """Every page, by a name for its picture."""
    return {
        "models": "#/models", "versions": version_address(MANY), "version": version_address(MODEL, 1),
        "builds": "#/builds", "batch": f"#/builds?batch_id={batch}", "build": build_address(good),
        "failed": build_address(failed), "compare": f"#/compare/{good['build_id']}/{failed['build_id']}",
        "audit": "#/audit", "system": "#/system", "nothing": "#/no/such/page",
    }


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
        take(Console(hosted, visitor), "login")
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
