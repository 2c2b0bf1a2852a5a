// The sign-in page: asks for name and password, and goes on to the page that somebody wanted to see.
import { nextAddress, signIn, signOut, whoAmI } from "./account.js";
import { Refusal } from "./lib/api.js";
import { gloss, plural, text, translate } from "./lib/i18n.js";
import { applyTheme } from "./lib/theme.js";
import { showPreferences } from "./parts/preferences.js";

const byId = (id) => document.getElementById(id);

const next = nextAddress(location);

function show(user) {
  byId("form").hidden = Boolean(user);
  byId("known").hidden = !user;
  byId("who").textContent = text("signedInAs", { user });
  byId(user ? "continue" : "user").focus();
}

/** The words for a refusal; what only an administrator can mend is told as the server says it. */
function words(error) {
  if (!(error instanceof Refusal)) return text("noAnswer");
  switch (error.status) {
    case 401: return text("wrongPassword");
    case 429: return wait(Number(/\d+/.exec(error.hint)?.[0]));
    case 502: case 503: case 504: return text("notNow");
    default: return [gloss(error.code), error.message, error.hint && `(${error.hint})`].filter(Boolean).join(" ");
  }
}

function wait(seconds) {
  if (!seconds) return text("waitAWhile");
  if (seconds < 120) return plural("waitSeconds", seconds);
  return text("waitMinutes", { count: Math.ceil(seconds / 60) });
}

function showError(error) {
  byId("error").textContent = words(error);
}

function setWaiting(isWaiting) {
  byId("submit").disabled = isWaiting;
  byId("submit").textContent = text(isWaiting ? "signingIn" : "signIn");
}

byId("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  byId("error").textContent = "";
  setWaiting(true);
  try {
    await signIn(byId("user").value, byId("password").value);
    location.replace(next);
  } catch (error) {
    setWaiting(false);
    showError(error);
    byId("password").select();
  }
});

byId("other").addEventListener("click", async () => {
  try {
    await signOut();
  } catch (error) {
    showError(error);
  }
  show(null);
});

applyTheme();
translate(document);
showPreferences(byId("preferences"));
byId("continue").href = next;
try {
  const me = await whoAmI();
  show(me.user);
} catch (error) {
  show(null);
  // A password that the browser sends by itself may be wrong; that is no reason to complain before anything was asked.
  if (error.status !== 401) showError(error);
}
