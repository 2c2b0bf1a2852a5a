"""The console in a browser: its pages' addresses, and what everybody does there."""

import contextlib
import secrets
import urllib.parse

from axe_playwright_python.sync_playwright import Axe

from support.registry import MODEL

# A model and a user whose names are markup.
HOSTILE = "<img src=x onerror=alert(1)> & <b>sums"
HOSTILE_USER = ("<i>eve", secrets.token_urlsafe(12))
axe = Axe()


class Console:
    """One Slipway's console, and one visitor in it."""

    def __init__(self, slipway, visitor):
        self.slipway = slipway
        self.visitor = visitor
        self.page = visitor.page
        self.foreign = []
        visitor.context.on("request", self._note)

    def _note(self, request):
        if not request.url.startswith((self.slipway.url + "/", "data:")):
            self.foreign.append(request.url)

    def sign_in(self, user=None, address=""):
        """Comes in by the sign-in page, to the page of an address."""
        self.page.goto(f"{self.slipway.url}/slipway/{address}")
        self.visitor.wait_sign_in()
        self.visitor.sign_in(user or self.slipway.admin)
        self.page.wait_for_selector("#account .who")
        return self

    def open(self, address):
        """Another page, as a link would."""
        self.page.evaluate("address => { location.hash = address }", address)
        return self

    def wait_loaded(self):
        self.page.wait_for_function("() => document.querySelector('main h1') && !document.querySelector('main .spinner')")

    def wait_state(self, words, seconds=120):
        """Waits until the page of a build says so."""
        self.page.locator(".state-words", has_text=words).wait_for(timeout=seconds * 1000)

    def button(self, name, exact=True):
        return self.page.get_by_role("button", name=name, exact=exact)

    def link(self, name, exact=True):
        return self.page.get_by_role("link", name=name, exact=exact)

    def log_lines(self):
        """The lines that are drawn, by their numbers."""
        return dict(self.page.eval_on_selector_all(
            ".log-lines .row", "rows => rows.map(row => [+row.querySelector('.at').textContent, row.querySelector('.words').textContent])"))

    # Keys

    def focused(self):
        """What has the focus: its role or element, and its name."""
        return self.page.evaluate("""() => {
            let node = document.activeElement;
            while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
            const name = node.ariaLabel || node.labels?.[0]?.textContent || node.textContent || "";
            return [node.localName, name.trim(), node.id];
        }""")

    def tab_to(self, name, most=120):
        """Presses Tab until something of that name has the focus, which must show."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if name in self.focused()[1:]:
                assert self.page.evaluate("""() => {
                    let node = document.activeElement;
                    while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
                    return getComputedStyle(node).outlineStyle !== "none";
                }"""), f"{name} has the focus, and nobody sees it"
                return
        raise AssertionError(f"no way to {name!r} by Tab; the last was {self.focused()}")

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def problems(self):
        """What axe-core finds, each with its place."""
        found = axe.run(self.page, options={"resultTypes": ["violations"], "runOnly": {
            "type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}})
        return [(each["id"], node["target"], node.get("failureSummary", "").splitlines()[1:2])
                for each in found.response["violations"] for node in each["nodes"]]


@contextlib.contextmanager
def console(slipway, browser, user=None, address="", **looks):
    with browser.visitor(**looks) as visitor:
        seen = Console(slipway, visitor).sign_in(user, address)
        yield seen
        assert not seen.foreign, seen.foreign


def version_address(model, version=None):
    path = f"#/models/{urllib.parse.quote(model, safe='')}"
    return path if version is None else f"{path}/versions/{version}"


def build_address(build, **query):
    return f"#/builds/{build['build_id']}" + (f"?{urllib.parse.urlencode(query)}" if query else "")


def long_build(hosted, name, **more):
    """A build that goes on for a while."""
    return hosted.submit(model_name=MODEL, model_version="1", no_cache=True, image_name=f"slipway/console:{name}", **more)
