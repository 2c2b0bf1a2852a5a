// A log of any length: its bytes as they came and where each line begins. Only lines that are asked for become text.
// Pure: no document here.
import { plain } from "./ansi.js";

const blockBits = 20;
const blockSize = 1 << blockBits;
const newline = 10;
const carriageReturn = 13;
/** Of a longer line only so many bytes are shown; the raw log has it whole. */
const longestLine = 16384;

export class LogWindow {
  #blocks = [];
  #size = 0;
  // Where lines begin; the last entry is where the next one will.
  #starts = new Uint32Array(1024);
  #count = 1;
  #decoder = new TextDecoder();
  // Of the long line that was asked for last: where what was written over ends, as far as it was looked at.
  #returned = { line: -1, from: 0, seen: 0 };

  get byteCount() { return this.#size; }

  /** Lines that there are; what comes after the last line's end is none until it has a first byte. */
  get lineCount() { return this.#count - (this.#starts[this.#count - 1] === this.#size ? 1 : 0); }

  append(bytes) {
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) {
      this.#addStart(this.#size + at + 1);
    }
    for (let at = 0; at < bytes.length;) {
      const used = this.#size & (blockSize - 1);
      if (used === 0) this.#blocks.push(new Uint8Array(blockSize));
      const piece = bytes.subarray(at, at + blockSize - used);
      this.#blocks.at(-1).set(piece, used);
      this.#size += piece.length;
      at += piece.length;
    }
  }

  #addStart(offset) {
    if (this.#count === this.#starts.length) {
      const longer = new Uint32Array(this.#count * 2);
      longer.set(this.#starts);
      this.#starts = longer;
    }
    this.#starts[this.#count] = offset;
    this.#count += 1;
  }

  #end(line) {
    return line + 1 < this.#count ? this.#starts[line + 1] - 1 : this.#size;
  }

  #decode(from, to) {
    const first = from >> blockBits;
    const start = from & (blockSize - 1);
    if (to - (first << blockBits) <= blockSize) {
      return this.#decoder.decode(this.#blocks[first]?.subarray(start, start + to - from) ?? new Uint8Array());
    }
    const whole = new Uint8Array(to - from);
    for (let at = from; at < to;) {
      const begin = at & (blockSize - 1);
      const piece = this.#blocks[at >> blockBits].subarray(begin, Math.min(blockSize, begin + to - at));
      whole.set(piece, at - from);
      at += piece.length;
    }
    return this.#decoder.decode(whole);
  }

  /** Whether a line is so long that not all of it is looked at in one go. */
  #isLonger(line, size) {
    return this.#end(line) - this.#starts[line] > size;
  }

  /** Where what a terminal would show of a long line begins and ends. */
  #shown(line) {
    const start = this.#starts[line];
    let end = this.#end(line);
    while (end > start && this.#byte(end - 1) === carriageReturn) end -= 1;
    const known = this.#returned.line === line && this.#returned.seen <= end ? this.#returned : { from: start, seen: start };
    this.#returned = { line, from: this.#lastReturn(known.seen, end) + 1 || known.from, seen: end };
    return [this.#returned.from, end];
  }

  #byte(at) {
    return this.#blocks[at >> blockBits][at & (blockSize - 1)];
  }

  #lastReturn(from, to) {
    for (let end = to; end > from;) {
      const block = (end - 1) >> blockBits << blockBits;
      const begin = Math.max(from, block);
      const found = this.#blocks[block >> blockBits].subarray(begin - block, end - block).lastIndexOf(carriageReturn);
      if (found >= 0) return begin + found;
      end = begin;
    }
    return -1;
  }

  /** One line's text, with its colours' codes; lines count from 0. */
  text(line) {
    if (!this.#isLonger(line, longestLine)) return overwritten(this.#decode(this.#starts[line], this.#end(line)));
    const [from, end] = this.#shown(line);
    const to = Math.min(end, from + longestLine);
    return this.#decode(from, to) + (to < end ? " …" : "");
  }

  /** Lines from `line` on that contain `query` in any letter case, as far as one slice of the log goes.
   *
   *  Returns the lines, and `next`: where the next slice begins, which is `lineCount` at the end. */
  search(query, line = 0, sliceSize = 65536) {
    const count = this.lineCount;
    const found = [];
    if (!query || line >= count) return { found, next: count };
    const sought = query.toLowerCase();
    if (this.#isLonger(line, sliceSize)) return { found: this.#contains(line, sought, sliceSize) ? [line] : [], next: line + 1 };
    let next = this.#lineAt(this.#starts[line] + sliceSize, line + 1, count);
    // The last one may go far beyond the slice: it is one of its own.
    if (this.#isLonger(next - 1, sliceSize)) next -= 1;
    const text = plainLines(this.#decode(this.#starts[line], this.#end(next - 1))).toLowerCase();
    let at = 0;
    for (let hit = text.indexOf(sought); hit >= 0; hit = text.indexOf(sought, at)) {
      for (let end = text.indexOf("\n", at); end >= 0 && end < hit; end = text.indexOf("\n", at)) {
        line += 1;
        at = end + 1;
      }
      found.push(line);
      const end = text.indexOf("\n", hit);
      if (end < 0) break;
      line += 1;
      at = end + 1;
    }
    return { found, next };
  }

  /** Whether a long line contains it, in pieces that overlap by more than it has bytes. */
  #contains(line, sought, pieceSize) {
    const [from, end] = this.#shown(line);
    const overlap = sought.length * 4 + 64;
    for (let at = from; at < end; at += pieceSize) {
      const piece = this.#decode(at, Math.min(end, at + pieceSize + overlap));
      if (plainLines(piece).toLowerCase().includes(sought)) return true;
    }
    return false;
  }

  /** The first line that begins at or after `offset`, between two lines. */
  #lineAt(offset, low, high) {
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle] < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** What a terminal would show in the end of a line that was written over. */
function overwritten(line) {
  const text = line.replace(/\r+$/, "");
  return text.slice(text.lastIndexOf("\r") + 1);
}

function plainLines(text) {
  return /[\r\x1b\x80-\x9f]/.test(text) ? text.split("\n").map((line) => plain(overwritten(line))).join("\n") : text;
}

/** A window of lines of one height in a box that scrolls. Browsers make no element as high as a long log: beyond
 *  `highest` pixels the scroll bar goes further at a time. */
export class Geometry {
  constructor(lineHeight, highest = 8_000_000) {
    this.lineHeight = lineHeight;
    this.highest = highest;
  }

  height(count) {
    return Math.min(count * this.lineHeight, this.highest);
  }

  /** Whether the box is less high than its lines are together. */
  isFolded(count) {
    return count * this.lineHeight > this.highest;
  }

  #ratio(count, view) {
    const free = this.height(count) - view;
    return free > 0 ? Math.max(1, (count * this.lineHeight - view) / free) : 1;
  }

  /** What is to be drawn at a place of the scroll bar: lines `first` up to `last`, the first of them at pixel `top`;
   *  `at` is the line at the view's upper edge, with how much of it is out of sight. */
  window(scrollTop, view, count, more = 0) {
    const content = scrollTop * this.#ratio(count, view);
    const line = Math.min(Math.floor(content / this.lineHeight), Math.max(count - 1, 0));
    const first = Math.max(0, line - more);
    const last = Math.min(count, Math.ceil((content + view) / this.lineHeight) + more);
    return { first, last, top: scrollTop - (content - first * this.lineHeight), at: content / this.lineHeight };
  }

  /** Where the scroll bar has to be for a line to stand at a share of the view's height. */
  scrollTop(line, view, count, share = 0) {
    const content = line * this.lineHeight - (view - this.lineHeight) * share;
    return Math.max(0, content / this.#ratio(count, view));
  }
}

const complaint = /^(?:#\d+ (?:[\d.]+ )?)?\s*(?:error\b|e: |fatal\b|traceback \(most recent|[\w.]*(?:error|exception): |failed to )/i;

/** The line at which a failed build's log is to be opened: where its error is first told, else the first complaint.
 *  Slipway's own lines tell it once more at the end. */
export async function firstError(log, message = "", pause = () => {}) {
  const words = message.split("\n")[0].slice(0, 32).trimEnd();
  const isTold = (line) => line.includes(words);
  return (words.length > 8 ? await firstLine(log, words, isTold, pause) : null)
    ?? firstLine(log, "r", (line) => complaint.test(line), pause);
}

async function firstLine(log, query, isIt, pause) {
  for (let line = 0; line < log.lineCount;) {
    const { found, next } = log.search(query, line);
    for (const each of found) {
      const words = plain(log.text(each));
      if (!words.startsWith("[slipway ") && isIt(words)) return each;
    }
    line = next;
    await pause();
  }
  return null;
}
