// Light, dark, or as the system has it.

const memory = "slipway-theme";
export const themes = ["auto", "light", "dark"];

export function currentTheme() {
  try {
    const theme = localStorage.getItem(memory);
    return themes.includes(theme) ? theme : "auto";
  } catch {
    return "auto";
  }
}

export function setTheme(theme) {
  localStorage.setItem(memory, theme);
  applyTheme();
}

export function applyTheme() {
  document.documentElement.dataset.theme = currentTheme();
}
