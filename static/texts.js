// What pages say, by language. A page marks an element with data-text="key", a module calls text("key", { name: value }).
const texts = {
  en: {
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
  },
  zh: {
    signIn: "登录",
    signOut: "退出登录",
    signingIn: "正在登录…",
    user: "用户名",
    password: "密码",
    signedInAs: "您已登录为 {user}。",
    continue: "继续",
    otherUser: "换一个账号登录",
    wrongPassword: "用户名或密码不正确。",
    waitSeconds: "密码错误次数过多，请在 {count} 秒后重试。",
    waitMinutes: "密码错误次数过多，请在 {count} 分钟后重试。",
    waitAWhile: "密码错误次数过多，请稍后重试。",
    notNow: "目前无法登录，请稍后重试。",
    noAnswer: "服务器没有响应，请稍后重试。",
    sessionEnded: "会话已结束",
    account: "已登录 Slipway",
  },
};

/** The language of the page's texts, as HTML's lang wants it. */
export const language = navigator.language.startsWith("zh") ? "zh-CN" : "en";

const chosen = texts[language.slice(0, 2)];

export function text(key, values = {}) {
  return chosen[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Puts its text into every element of a page that is marked with one. */
export function translate(page) {
  page.documentElement.lang = language;
  for (const element of page.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
}
