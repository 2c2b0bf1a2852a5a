// What pages say, in English. {name} is filled in; key.one and key.other go with a number.
export default {
  // Signing in and out
  signIn: "Sign in",
  signOut: "Sign out",
  signingIn: "Signing in…",
  user: "User name",
  password: "Password",
  signedInAs: "You are signed in as {user}.",
  continue: "Continue",
  otherUser: "Sign in as somebody else",
  wrongPassword: "The user name or the password is wrong.",
  waitSeconds: "Too many wrong passwords. Try again in {count} seconds.",
  waitMinutes: "Too many wrong passwords. Try again in {count} minutes.",
  waitAWhile: "Too many wrong passwords. Try again in a while.",
  notNow: "Signing in does not work at the moment. Try again shortly.",
  noAnswer: "The server does not answer. Try again shortly.",
  sessionEnded: "Signed out",
  account: "Signed in to Slipway",

  // The build dialog and the button
};
