// Put into MLflow's page by nginx: who is signed in, and the way out.
import { goToSignIn, signInAddress, signOut, whoAmI } from "./account.js";
import { h, icon } from "./lib/dom.js";
import { text } from "./lib/i18n.js";
import { root, styled } from "./mlflow/host.js";

/** Whether something was written, or is being looked at, that would be lost with the page. */
function isWriting() {
  if (root.querySelector(".build-dialog")) return true;
  return [...document.querySelectorAll("textarea, [role=dialog] input, [contenteditable=true]")]
    .some((field) => field.value || field.textContent);
}

class SessionControl {
  #line = h("div", { id: "slipway-session", class: "session", role: "group", ariaLabel: text("account"), hidden: true });
  #isStyled = false;
  #isLate = false;
  #sidebar = null;
  #sizes = new ResizeObserver(() => this.#place());
  // MLflow draws its page after this module runs, and again when it likes.
  #changes = new MutationObserver(() => this.#findSidebar());
  #hasEnded = false;

  constructor(user) {
    const leave = h("button", { ariaLabel: text("signOut"), title: `${text("signOut")} (${user})` },
      icon("leave"), h("b", {}, text("signOut")));
    leave.addEventListener("click", () => this.#leave(leave));
    this.#line.append(h("span", { title: user }, user), leave);
    root.append(this.#line);
    styled.then(() => { this.#isStyled = true; this.#place(); });
    setTimeout(() => { this.#isLate = true; this.#place(); }, 3000);
    addEventListener("resize", () => this.#place());
    this.#changes.observe(document.body, { childList: true, subtree: true });
    this.#findSidebar();
    this.#watchForTheEnd();
  }

  async #leave(button) {
    button.disabled = true;
    try {
      await signOut();
      goToSignIn();
    } catch (error) {
      button.disabled = false;
      button.title = error.message;
    }
  }

  #findSidebar() {
    const sidebar = document.querySelector("aside");
    if (sidebar === this.#sidebar && !this.#line.hidden) return;
    this.#sizes.disconnect();
    this.#sidebar = sidebar;
    if (sidebar) this.#sizes.observe(sidebar);
    this.#place();
  }

  /** MLflow 3: beside the version, below the button that folds the sidebar; in a folded one above the last two signs.
   *  MLflow 2: in the header, where that has room, else in the corner. */
  #place() {
    const box = this.#sidebar?.getBoundingClientRect();
    const header = document.querySelector("header");
    const isWide = box?.width > 150;
    this.#line.classList.toggle("narrow", Boolean(box) && !isWide);
    this.#line.classList.toggle("floating", !box);
    const place = { top: "auto", right: "auto", bottom: "auto", left: "auto", width: "auto" };
    if (isWide) Object.assign(place, { top: "41px", left: "64px", width: `${box.right - 64}px` });
    else if (box) Object.assign(place, { bottom: "80px", left: `${box.right - 32}px`, width: "32px" });
    else if (header && innerWidth > 900) Object.assign(place, { top: "17px", right: "244px" });
    else Object.assign(place, { bottom: "24px", left: "24px" });
    Object.assign(this.#line.style, place);
    // Not before its style is there, nor in the corner while MLflow has not drawn its page.
    this.#line.hidden = !this.#isStyled || !(box || header || this.#isLate);
  }

  /** MLflow shows a 401 as an error of its own: whoever has just clicked is led to the sign-in page. */
  #watchForTheEnd() {
    const observer = new PerformanceObserver((list) => {
      if (list.getEntries().some((entry) => entry.responseStatus === 401)) this.#lookAgain();
    });
    observer.observe({ type: "resource" });
    addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") this.#lookAgain(); });
  }

  async #lookAgain() {
    const me = await whoAmI().catch(() => null);
    // No answer is no end, and a 401 may be MLflow's own.
    if (!me || me.user) return;
    if (navigator.userActivation?.isActive && !isWriting()) return goToSignIn();
    if (!this.#hasEnded) this.#showEnd();
    this.#hasEnded = true;
  }

  #showEnd() {
    const way = h("a", { href: signInAddress(location), title: text("sessionEnded") }, icon("leave"), h("b", {}, text("signIn")));
    // The fragment of the moment, not of now.
    way.addEventListener("click", () => { way.href = signInAddress(location); });
    const told = h("span", { class: "ended", title: text("sessionEnded"), role: "alert" });
    this.#line.replaceChildren(told, way);
    told.textContent = text("sessionEnded");
  }
}

/** Who is signed in; null where that cannot be known now. */
export const me = await whoAmI().catch(() => null);
// Credentials that a browser sends by itself cannot be taken back from here.
if (me?.auth === "session") new SessionControl(me.user);
