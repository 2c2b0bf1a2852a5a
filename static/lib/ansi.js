// What terminals make of a line: colours and other looks. Pure; whatever is no colour is dropped, never shown or obeyed.

// Control sequences, strings to the terminal (titles, links, clipboards), and other escapes; then single controls. A string
// ends before another begins: nothing is looked through more than once.
const sequence = /(?:\x1b\[|\x9b)([0-?]*)[ -/]*([@-~])|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c|$)|\x1b[ -/]*[0-~]?/g;
// Controls that are no tab; and those by which text can be made to read in another order than it has.
const controls = /[\0-\x08\x0a-\x1f\x7f-\x9f]/g;
const reordering = /[\u202a-\u202e\u2066-\u2069]/g;
const escape = /[\x1b\x80-\x9f]/;

/** A line's text without looks. */
export function plain(line) {
  return cleaned(escape.test(line) ? line.replace(sequence, "") : line);
}

/** A line in pieces of one look each: `{ text, look }`. A look has `color` and `background` (0 to 255, or three of
 *  those), `bold`, `dim`, `italic`, `underline`, `strike`. */
export function parse(line) {
  if (!escape.test(line)) return line ? [{ text: cleaned(line), look: {} }] : [];
  const pieces = [];
  let look = {};
  let at = 0;
  const add = (text) => { if (text) pieces.push({ text, look: seen(look) }); };
  for (const match of line.matchAll(sequence)) {
    add(cleaned(line.slice(at, match.index)));
    at = match.index + match[0].length;
    if (match[2] === "m" && /^[\d;:]*$/.test(match[1])) look = changed(look, match[1]);
  }
  add(cleaned(line.slice(at)));
  return pieces;
}

function cleaned(text) {
  return text.replace(controls, "").replace(reordering, "\ufffd");
}

function seen({ inverse, ...look }) {
  if (!inverse) return look;
  const { color, background, ...rest } = look;
  return { ...rest, ...(background !== undefined && { color: background }), background: color ?? 7 };
}

const setters = {
  1: { bold: true }, 2: { dim: true }, 3: { italic: true }, 4: { underline: true }, 7: { inverse: true },
  9: { strike: true }, 22: { bold: undefined, dim: undefined }, 23: { italic: undefined },
  24: { underline: undefined }, 27: { inverse: undefined }, 29: { strike: undefined },
  39: { color: undefined }, 49: { background: undefined },
};

function changed(look, parameters) {
  const codes = parameters.split(/[;:]/).map(Number);
  let next = look;
  for (let index = 0; index < codes.length; index += 1) {
    const code = codes[index];
    if (code === 0) next = {};
    else if (code === 38 || code === 48) {
      const [color, used] = extended(codes.slice(index + 1));
      if (color !== undefined) next = { ...next, [code === 38 ? "color" : "background"]: color };
      index += used;
    } else next = { ...next, ...setters[code], ...basic(code) };
  }
  return Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined));
}

function basic(code) {
  if (code >= 30 && code <= 37) return { color: code - 30 };
  if (code >= 90 && code <= 97) return { color: code - 82 };
  if (code >= 40 && code <= 47) return { background: code - 40 };
  if (code >= 100 && code <= 107) return { background: code - 92 };
  return {};
}

/** The colour that follows 38 or 48, and how many codes it took. */
function extended([kind, ...values]) {
  const isByte = (value) => Number.isInteger(value) && value >= 0 && value <= 255;
  if (kind === 5) return [isByte(values[0]) ? values[0] : undefined, 2];
  if (kind === 2) {
    const color = values.slice(0, 3);
    return [color.length === 3 && color.every(isByte) ? color : undefined, 4];
  }
  return [undefined, 1];
}

/** Red, green and blue of one of the 240 colours after the first 16, which themes choose. */
export function rgb(color) {
  if (Array.isArray(color)) return color;
  if (color >= 232) return Array(3).fill(8 + (color - 232) * 10);
  const level = (value) => (value ? 55 + value * 40 : 0);
  const cube = color - 16;
  return [level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)];
}
