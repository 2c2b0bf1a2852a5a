// The console: who is here, which page the address means, and what stands around every page.
import { goToSignIn, signOut, whoAmI } from "./account.js";
import { startClock } from "./lib/clock.js";
import { h, icon, show } from "./lib/dom.js";
import { text, translate } from "./lib/i18n.js";
import { address, match } from "./lib/routes.js";
import { applyTheme } from "./lib/theme.js";
import * as audit from "./pages/audit.js";
import * as build from "./pages/build.js";
import * as builds from "./pages/builds.js";
import * as compare from "./pages/compare.js";
import * as models from "./pages/models.js";
import * as system from "./pages/system.js";
import * as version from "./pages/version.js";
import * as versions from "./pages/versions.js";
import { isAdministrator } from "./parts/build-actions.js";
import { showPreferences } from "./parts/preferences.js";
import { complaint, empty, fill, signInLink } from "./parts/problem.js";

const pages = { audit, build, builds, compare, models, system, version, versions };
const sections = [
  ["models", ["models", "versions", "version"]],
  ["builds", ["builds", "build", "compare"]],
  ["audit", ["audit"]],
  ["system", ["system"]],
];
const forAdministrators = ["audit", "system"];
const byId = (id) => document.getElementById(id);

class Console {
  #me;
  #current = null;
  #stopping = new AbortController();

  start(me) {
    this.#me = me;
    this.#showAccount();
    addEventListener("hashchange", () => this.#route());
    this.#route(true);
  }

  #route(isFirst = false) {
    const found = ["", "#", "#/"].includes(location.hash) ? match("#/models") : match(location.hash);
    this.#showSections(found?.name);
    const key = JSON.stringify([found?.name, found?.parameters]);
    if (found && this.#current?.key === key && this.#current.page.update) {
      // Another page of a list begins at its top, but nobody is taken from the field that they write in.
      if (found.query.page !== this.#current.query.page && !document.querySelector("form:focus-within")) this.#begin(this.#current.page);
      this.#current.query = found.query;
      return this.#current.page.update(found);
    }
    this.#stopping.abort();
    this.#stopping = new AbortController();
    const page = this.#open(found);
    this.#current = { key, page, query: found?.query };
    this.#setTitle(page.title);
    show(byId("main"), page.node);
    if (!isFirst) this.#begin(page);
  }

  /** Screen readers and keys go on from the page's beginning. */
  #begin(page) {
    scrollTo(0, 0);
    (page.node.querySelector("h1") ?? byId("main")).focus({ preventScroll: true });
  }

  #open(found) {
    const isForbidden = forAdministrators.includes(found?.name) && !isAdministrator(this.#me);
    if (!found || isForbidden) {
      return { title: text("notFound"), node: h("div", {}, h("h1", { tabIndex: -1 }, text("notFound")), empty(text(isForbidden ? "forAdministrators" : "noPage"), h("a", { href: address("models"), class: "button" }, text("toModels")))) };
    }
    const context = { me: this.#me, announce: (words) => { byId("announcer").textContent = words; }, setTitle: (title) => this.#setTitle(title) };
    return pages[found.name].page({ parameters: found.parameters, query: found.query, context, signal: this.#stopping.signal });
  }

  #setTitle(title) {
    document.title = `${title} · Slipway`;
  }

  #showSections(name) {
    const own = sections.filter(([section]) => isAdministrator(this.#me) || !forAdministrators.includes(section));
    show(byId("sections"), own.map(([section, names]) => h("a", {
      href: address(section), "aria-current": names.includes(name) ? (name === section ? "page" : "true") : null,
    }, text(section))));
  }

  #showAccount() {
    const trouble = byId("banner");
    // Credentials that a browser sends by itself cannot be taken back from here.
    const leave = this.#me.auth === "session" && h("button", { type: "button", class: "plain small", on: { click: () => {
      signOut().then(goToSignIn, (error) => show(trouble, complaint(error)));
    } } }, text("signOut"));
    show(byId("account"), h("span", { class: "who", title: text(`role_${this.#me.role ?? "none"}`) }, this.#me.user), leave);
  }
}

/** What every page has to say above itself: no network, or nobody signed in any more. */
function banners() {
  const banner = byId("banner");
  const offline = () => h("p", { class: "banner" }, icon("lost"), text("offline"));
  const see = () => { if (!navigator.onLine) show(banner, offline()); else if (!banner.querySelector("a")) show(banner); };
  addEventListener("online", see);
  addEventListener("offline", see);
  addEventListener("slipway-signed-out", () => {
    if (!banner.querySelector("a")) show(banner, h("p", { class: "banner" }, icon("clock"), text("sessionOver"), signInLink()));
  });
  see();
}

// As a link it would be an address, and those are pages here.
byId("skip").addEventListener("click", (event) => { event.preventDefault(); byId("main").focus(); });
applyTheme();
translate(document);
showPreferences(byId("preferences"));
banners();
startClock();
const starting = new AbortController();
fill(byId("main"), starting.signal, whoAmI, (me) => {
  if (!me.user) return goToSignIn();
  starting.abort();
  // Once what stood there meanwhile is gone.
  return queueMicrotask(() => new Console().start(me));
});
