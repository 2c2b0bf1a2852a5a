"""Debian's Chromium, with a fresh profile."""

from playwright.sync_api import TimeoutError, sync_playwright

from support.processes import PROJECT

SCREENSHOTS = PROJECT / ".build" / "end-to-end" / "screenshots"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync")


class Browser:
    """One process for all pages; every visitor has cookies and a cache of their own."""

    def __init__(self):
        self.playwright = sync_playwright().start()
        self.chromium = self.playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)

    def visitor(self, language="en-US", width=1280, height=800, dark=False):
        return Visitor(self.chromium.new_context(
            locale=language, viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"))

    def stop(self):
        self.chromium.close()
        self.playwright.stop()


class Visitor:
    """Somebody with one tab open, and what their browser was answered and complained about."""

    def __init__(self, context):
        self.context = context
        self.page = context.new_page()
        self.page.set_default_timeout(10_000)
        self.answers = []
        self.complaints = []
        self.page.on("response", lambda answer: self.answers.append((answer.status, answer.url, answer.headers)))
        self.page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def open(self, url):
        self.page.goto(url)
        return self

    def sign_in(self, user):
        """Fills in the sign-in page, which must be there, with a name and a password."""
        self.page.fill("#user", user[0])
        self.page.fill("#password", user[1])
        self.page.click("#submit")

    def wait_address(self, address):
        """Waits for an address: the whole, or what a function says yes to."""
        self.page.wait_for_url(address)

    def wait_sign_in(self):
        self.wait_address(lambda address: "/slipway/ui/login.html?next=" in address)
        self.page.wait_for_selector("#user")

    def click(self, selector):
        """Clicks something of MLflow's, whose dialogs about novelties come when they like and block everything else."""
        for _ in range(5):
            self.page.keyboard.press("Escape")
            if (seen := self.page.locator("[role=dialog] button:has-text('Got it')")).count():
                seen.first.click()
            try:
                return self.page.locator(selector).first.click(timeout=1500)
            except TimeoutError:
                pass
        raise AssertionError(f"{selector} cannot be clicked at {self.page.url}")

    def covered(self, selector):
        """What of MLflow's a person could click or write into, and something of Slipway's lies over it."""
        return self.page.locator(selector).evaluate("""own => {
            const box = own.getBoundingClientRect();
            return [...document.querySelectorAll("a, button, input, textarea, select, [role=button], [role=tab], [role=radio]")]
                .filter(other => other.checkVisibility() && !other.closest("[role=dialog]"))
                .filter(other => {
                    const { left, right, top, bottom } = other.getBoundingClientRect();
                    return left < box.right && box.left < right && top < box.bottom && box.top < bottom;
                }).map(other => other.outerHTML);
        }""")

    def screenshot(self, name):
        """For people, who look at them after the run."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    def token(self):
        """The session cookie's value."""
        return next((each["value"] for each in self.context.cookies() if each["name"] == "slipway_session"), None)

    def challenged(self):
        """Addresses whose answer would have put up the browser's own dialog."""
        return [url for _, url, headers in self.answers if "www-authenticate" in headers]

    def fetch(self, path, **options):
        """What a script of the page gets: status, text and headers."""
        return self.page.evaluate(
            """async ([path, options]) => {
                const answer = await fetch(path, options);
                return [answer.status, await answer.text(), Object.fromEntries(answer.headers)];
            }""", [path, options])
