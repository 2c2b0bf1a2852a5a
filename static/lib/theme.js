// Light, dark, or as the system has it.
import { remember, remembered } from "./memory.js";

const memory = "slipway-theme";
export const themes = ["auto", "light", "dark"];

export function currentTheme() {
  const theme = remembered(memory);
  return themes.includes(theme) ? theme : "auto";
}

export function setTheme(theme) {
  remember(memory, theme);
  applyTheme(theme);
}

export function applyTheme(theme = currentTheme()) {
  document.documentElement.dataset.theme = theme;
}
