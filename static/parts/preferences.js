// The reader's language and colours, kept in this browser.
import { h, show } from "../lib/dom.js";
import { language, languageNames, setLanguage, text } from "../lib/i18n.js";
import { currentTheme, setTheme, themes } from "../lib/theme.js";

function choice(label, options, chosen, onChange) {
  return h("select", { ariaLabel: label, on: { change: (event) => onChange(event.target.value) } },
    options.map(([value, name]) => h("option", { value, selected: value === chosen }, name)));
}

export function showPreferences(node) {
  show(node,
    choice(text("language"), Object.entries(languageNames), language, (code) => { setLanguage(code); location.reload(); }),
    choice(text("theme"), themes.map((theme) => [theme, text(`theme_${theme}`)]), currentTheme(), setTheme));
}
