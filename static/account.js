// Who is signed in here, signing in and out, and the way to the sign-in page and back.
import { get, post } from "./lib/api.js";

export const whoAmI = () => get("/slipway/me");
export const signIn = (user, password) => post("/slipway/login", { user, password });
export const signOut = () => post("/slipway/logout");

const signInPage = "/slipway/ui/login.html";

/** The sign-in page's address, from which one comes back to `place`. nginx writes it the same way: `next` is the last
 *  field and stands there as it is, so that nothing has to be encoded. */
export function signInAddress(place) {
  return `${signInPage}?next=${place.pathname}${place.search}${place.hash}`;
}

export function goToSignIn() {
  location.assign(signInAddress(location));
}

/** Where the sign-in page leads, given its own address: a page of this site and no other. */
export function nextAddress(here) {
  const address = ownPage(here) ?? new URL("/", here.origin);
  // A fragment never reaches a server: the browser kept it on its way here.
  if (here.hash) address.hash = here.hash;
  return address;
}

function ownPage(here) {
  const next = here.search.startsWith("?next=") ? here.search.slice("?next=".length) : "";
  // One slash: two, or one and a backslash, begin the name of a host.
  if (!/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(next) || !URL.canParse(next, here.origin)) return null;
  const address = new URL(next, here.origin);
  return address.origin === here.origin && address.pathname !== signInPage ? address : null;
}
