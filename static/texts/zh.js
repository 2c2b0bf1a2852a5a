// 简体中文。{name} 会被替换；key.other 用于数量。
export default {
  // 登录与退出
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

  // 构建对话框与按钮
};
