// Numbers, sizes and times as the reader's language writes them.
import { language } from "./i18n.js";

const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

export function number(value) {
  return value.toLocaleString(language);
}

/** A size in powers of a thousand, with three digits that mean something. */
export function bytes(count, locale = language) {
  let unit = 0;
  let value = count;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return new Intl.NumberFormat(locale, {
    style: "unit", unit: units[unit], unitDisplay: unit ? "short" : "long", maximumFractionDigits: digits,
  }).format(value);
}

/** A time span by its two largest parts: 400 ms, 12 sec, 3 min 5 sec, 2 hr 7 min. */
export function duration(seconds, locale = language) {
  const part = (value, unit, digits = 0) => new Intl.NumberFormat(locale, {
    style: "unit", unit, unitDisplay: "short", maximumFractionDigits: digits,
  }).format(value);
  if (seconds > 0 && seconds < 0.995) return part(Math.ceil(seconds * 1000), "millisecond");
  if (seconds < 9.95) return part(seconds, "second", 1);
  const whole = Math.round(seconds);
  if (whole < 60) return part(whole, "second");
  const [large, small, size, per] = whole < 3600 ? ["minute", "second", 60, 1] : ["hour", "minute", 3600, 60];
  const rest = Math.floor((whole % size) / per);
  const words = part(Math.floor(whole / size), large);
  return rest ? `${words} ${part(rest, small)}` : words;
}

export function dateTime(time, locale = language) {
  return new Date(time).toLocaleString(locale, { dateStyle: "medium", timeStyle: "medium" });
}

const spans = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** How long ago: 5 minutes ago, yesterday; what is older than a month by its date. */
export function relative(time, now = Date.now(), locale = language) {
  const seconds = (new Date(time) - now) / 1000;
  if (Math.abs(seconds) > 30 * 86400) return new Date(time).toLocaleDateString(locale, { dateStyle: "medium" });
  const [unit, size] = spans.find(([, each]) => Math.abs(seconds) >= each) ?? spans.at(-1);
  return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(Math.trunc(seconds / size), unit);
}

export function percent(share, locale = language) {
  return new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 }).format(share);
}
