"""The console's log: as long as it gets, by lines that have addresses, and nothing in it but text."""

import json
import re

import pytest

from support.console import HOSTILE, HOSTILE_USER, build_address, console, long_build
from support.processes import wait_until
from support.registry import MANY
from support.slipway import BASE


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


def place(line):
    """How far down the log's window a line stands; nowhere while lines are drawn."""
    return line.evaluate_all(
        """rows => rows.filter(row => row.isConnected).map(row => row.getBoundingClientRect().y
            - row.closest('.log-lines').getBoundingClientRect().y)[0] ?? null""")


def is_at(line, wanted):
    found = place(line)
    return found is not None and abs(found - wanted) < 20


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
        current = seen.page.locator(".row.current")
        # Once more, from elsewhere: by its number, and by its link, though the address is the same.
        for go in (lambda: seen.page.get_by_label("Go to line").press("Enter"),
                   lambda: current.locator(".at").click()):
            there = place(current)
            seen.page.locator(".log-lines").evaluate("node => { node.scrollTop -= 30 }")
            wait_until(lambda: not is_at(current, there), "the line elsewhere")
            go()
            wait_until(lambda: is_at(current, there), "the line at its place")
        seen.page.go_back()
        seen.page.locator(".row.current .at", has_text="500000").wait_for()
        assert seen.link("Raw").get_attribute("href").endswith(f"/{huge['build_id']}/log")


def test_the_end_is_followed_until_somebody_scrolls_up(hosted, browser):
    """This test writes into the log as well, so that it need not wait for the engine's lines."""
    working = long_build(hosted, "followed")
    hosted.wait_building(working["build_id"])
    with console(hosted, browser, address=build_address(working)) as seen:
        box, button = seen.page.locator(".log-lines"), seen.button("Follow")
        seen.wait_state("Building the image.")
        written = 0

        def write():
            nonlocal written
            written += 1
            before = box.evaluate("node => node.scrollHeight")
            with (hosted.folder(working["build_id"]) / "build.log").open("a") as log:
                log.write("a line\n" * 100 + f"mark {written}\n")
            wait_until(lambda: box.evaluate("node => node.scrollHeight") >= before + 2000, "a hundred lines more")

        def is_at_end():
            return f"mark {written}" in seen.log_lines().values() and button.get_attribute("aria-pressed") == "true"

        def is_left():
            return button.get_attribute("aria-pressed") == "false"

        for _ in range(3):
            write()
            wait_until(is_at_end, "the end, followed")
        box.hover()
        seen.page.mouse.wheel(0, -1000)
        wait_until(is_left, "reading in peace")
        at = box.evaluate("node => node.scrollTop")
        write()
        assert box.evaluate("node => node.scrollTop") == at and is_left() and not is_at_end()
        button.click()
        wait_until(is_at_end, "the end, gone back to")
        write()
        wait_until(is_at_end, "the end, followed again")
        # Who comes back to the end by hand follows too.
        box.hover()
        seen.page.mouse.wheel(0, -1000)
        wait_until(is_left, "reading once more")
        seen.page.mouse.wheel(0, 9000)
        wait_until(is_at_end, "the end, come back to by hand")
        hosted.call("POST", f"{BASE}/{working['build_id']}/cancel", json={})
        hosted.wait(working["build_id"])


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
