import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { follow } from "../../static/lib/events.js";

// What a browser has and Node has not, with streams that break when they are told to.
class Stream extends EventTarget {
  static CLOSED = 2;
  static all = [];
  readyState = 0;
  constructor(path) { super(); this.path = path; Stream.all.push(this); }
  close() { this.readyState = Stream.CLOSED; }
  open() { this.readyState = 1; this.dispatchEvent(new Event("open")); }
  fail(readyState) { this.readyState = readyState; this.dispatchEvent(new Event("error")); }
  tell(kind, data) { this.dispatchEvent(Object.assign(new Event(kind), { data: JSON.stringify(data) })); }
  static get live() { return Stream.all.filter((each) => each.readyState !== Stream.CLOSED); }
}

// Time that passes when it is told to.
class Clock {
  now = 0;
  timers = new Set();

  set(act, milliseconds, ...values) {
    const timer = { at: this.now + milliseconds, act: () => act(...values) };
    this.timers.add(timer);
    return timer;
  }

  tick(milliseconds) {
    this.now += milliseconds;
    for (const timer of [...this.timers].filter((each) => each.at <= this.now).sort((a, b) => a.at - b.at)) {
      if (this.timers.delete(timer)) timer.act();
    }
  }
}

const own = [globalThis.setTimeout, globalThis.clearTimeout];
let clock;
let answer;
let asked;
let page;

beforeEach(() => {
  clock = new Clock();
  globalThis.setTimeout = (...values) => clock.set(...values);
  globalThis.clearTimeout = (timer) => clock.timers.delete(timer);
  Stream.all = [];
  asked = [];
  answer = [200, { build: { state: "building" } }];
  page = Object.assign(new EventTarget(), { hidden: false });
  globalThis.document = page;
  globalThis.EventSource = Stream;
  globalThis.fetch = async (path) => {
    asked.push(path);
    return new Response(JSON.stringify(answer[1]), { status: answer[0] });
  };
});

afterEach(() => { [globalThis.setTimeout, globalThis.clearTimeout] = own; });

function followed() {
  const stopping = new AbortController();
  const states = [];
  const builds = [];
  follow("/builds/b1/events", {
    query: () => ({ offset: builds.length }), on: { status: (build) => builds.push(build.state) },
    onState: (state, refusal) => states.push(refusal ? `${state} ${refusal.status}` : state), signal: stopping.signal,
  });
  return { stopping, states, builds };
}

function hide(isHidden) {
  page.hidden = isHidden;
  page.dispatchEvent(new Event("visibilitychange"));
}

/** Lets time pass, and what waits for an answer have it. */
async function pass(milliseconds) {
  clock.tick(milliseconds);
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
}

test("a hidden page holds no stream, and still learns of its build", async () => {
  const { stopping, states, builds } = followed();
  Stream.all[0].open();
  Stream.all[0].tell("status", { state: "queued" });
  hide(true);
  assert.equal(Stream.live.length, 0);
  answer = [200, { build: { state: "succeeded" } }];
  await pass(30000);
  await pass(30000);
  assert.deepEqual(builds, ["queued", "succeeded", "succeeded"]);
  assert.deepEqual(asked, ["/builds/b1", "/builds/b1"]);
  hide(false);
  assert.equal(Stream.live.length, 1);
  assert.equal(Stream.live[0].path, "/builds/b1/events?offset=3");
  await pass(60000);
  assert.equal(asked.length, 2);
  assert.deepEqual(states, ["open"]);
  stopping.abort();
  hide(true);
  hide(false);
  await pass(60000);
  assert.equal(Stream.live.length, 0);
  assert.equal(asked.length, 2);
});

test("a page that begins hidden connects when it is seen", () => {
  page.hidden = true;
  followed();
  assert.equal(Stream.all.length, 0);
  hide(false);
  assert.equal(Stream.live.length, 1);
});

test("a stream that is back soon was not lost", async () => {
  const { states } = followed();
  Stream.all[0].open();
  Stream.all[0].fail(0);
  await pass(3000);
  Stream.all[0].open();
  await pass(10000);
  assert.deepEqual(states, ["open", "open"]);
  Stream.all[0].fail(0);
  await pass(3000);
  Stream.all[0].fail(0);
  await pass(1000);
  assert.deepEqual(states, ["open", "open", "lost"]);
});

for (const status of [401, 403, 404]) {
  test(`what is refused with ${status} is not tried again`, async () => {
    const { states } = followed();
    answer = [status, {}];
    Stream.all[0].fail(Stream.CLOSED);
    await pass(1000);
    hide(true);
    hide(false);
    await pass(60000);
    assert.deepEqual(states, [`closed ${status}`]);
    assert.equal(Stream.all.length, 1);
  });
}

test("a server that is away is tried with growing pauses", async () => {
  const { states } = followed();
  answer = [502, {}];
  for (const pause of [1000, 2000, 4000, 8000, 15000, 15000]) {
    const count = Stream.all.length;
    Stream.all.at(-1).fail(Stream.CLOSED);
    await pass(pause - 1);
    assert.equal(Stream.all.length, count);
    await pass(1);
    assert.equal(Stream.all.length, count + 1);
  }
  assert.deepEqual(states, ["lost"]);
});

test("the end is the end", async () => {
  const { states } = followed();
  Stream.all[0].open();
  Stream.all[0].tell("eof", { reason: "ended" });
  hide(true);
  hide(false);
  await pass(60000);
  assert.deepEqual(states, ["open", "closed"]);
  assert.equal(Stream.all.length, 1);
  assert.deepEqual(asked, []);
});
