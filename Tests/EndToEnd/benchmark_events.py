"""Thousands of watchers of one build on one responder: how soon they are told, what they cost, whom they hold up.

Run by `make bench`; usage: benchmark_events.py BINARY
"""

import base64
import json
import os
import pathlib
import re
import resource
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zlib

from support.processes import PROJECT, command_lines, run, wait_until
from support.registry import MODEL
from support.slipway import BASE, Slipway

PAGE = PROJECT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- events -->", "<!-- /events -->"
WATCHERS = 5000
# Seconds of quiet while all connect, then at a thousand lines a second, then at one.
CONNECTING, BUSY, CALM = 30, 120, 30
# Every so manieth watcher's lines are read one by one; of the others only that they come.
SAMPLE = 100
LINE = re.compile(r"^(\d+) t=([0-9.]+) ")


buffer = memoryview(bytearray(1 << 18))


class Watcher:
    def __init__(self, port, request, is_sample):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.sendall(request)
        self.socket.setblocking(False)
        self.is_sample = is_sample
        self.has_begun = False
        self.end = b""
        self.head, self.unzip = b"", zlib.decompressobj(wbits=31)
        # Of the stream, and of the log's text: what is not read yet.
        self.rest, self.text = b"", ""
        # Number, moment of printing, moment of receipt.
        self.lines = []

    def take(self, data, now):
        """Keeps the lines of the log events in what came."""
        if self.head is not None:
            self.head, found, data = (self.head + data).partition(b"\r\n\r\n")
            if not found:
                return
            assert b"\r\nContent-Encoding: gzip" in self.head, self.head
            self.head = None
        *events, self.rest = (self.rest + self.unzip.decompress(data)).split(b"\n\n")
        for event in events:
            if event.startswith(b"event: log\n"):
                self.text += json.loads(event.split(b"data: ", 1)[1])["text"]
                *lines, self.text = self.text.split("\n")
                found = (LINE.match(line) for line in lines)
                self.lines += [(int(line[1]), float(line[2]), now) for line in found if line]


def watch(port, path, user, count):
    """Follows `path` with `count` connections until all have ended; prints what came as JSON."""
    login = base64.b64encode(":".join(user).encode()).decode()
    request = (
        f"GET {path} HTTP/1.0\r\nHost: localhost\r\nAuthorization: Basic {login}\r\n"  # unchunked
        "Accept-Encoding: gzip, deflate, br\r\n\r\n").encode()  # as browsers do
    poller = select.epoll()
    watchers = {}
    ended = 0
    samples = []
    for number in range(count):
        watcher = Watcher(port, request, number % SAMPLE == 0)
        watchers[watcher.socket.fileno()] = watcher
        poller.register(watcher.socket, select.EPOLLIN)
        if watcher.is_sample:
            samples.append(watcher)
        # Four hundred a second: the machine has to open them all beside its other work.
        time.sleep(0.0025)
        if number % 100 == 99:
            ended += receive(poller, watchers, 0)
    print("connected", flush=True)
    while watchers:
        ended += receive(poller, watchers, 5)
    busy, calm = [], []
    for watcher in samples:
        numbers = [number for number, _, _ in watcher.lines]
        starts = [index for index, number in enumerate(numbers) if number == 0]
        assert len(starts) > 1 and numbers[starts[-2]:] == [*range(starts[-1] - starts[-2]), *range(len(numbers) - starts[-1])], (
            "lines were lost or told twice", starts, [(a, b) for a, b in zip(numbers, numbers[1:]) if b not in (0, a + 1)][:5])
        assert starts[-1] - starts[-2] >= BUSY * 1000 * 0.98
        busy += [received - told for _, told, received in watcher.lines[starts[-2]:starts[-1]]]
        # The first lines come behind those of the busy time.
        calm += [received - told for _, told, received in watcher.lines[starts[-1] + 5:]]
    print(json.dumps({"busy": spread(busy), "calm": spread(calm), "ended": ended}), flush=True)


def receive(poller, watchers, seconds):
    """How many streams ended, by their last event."""
    ended = 0
    for number, _ in poller.poll(seconds):
        watcher = watchers[number]
        count = watcher.socket.recv_into(buffer)
        now = time.monotonic()
        if watcher.is_sample:
            watcher.take(bytes(buffer[:count]), now)
        if not watcher.has_begun:
            assert buffer[:12] == b"HTTP/1.1 200", bytes(buffer[:count])
            watcher.has_begun = True
        # It may be the end of a gzip stream: its last block, checksum and length.
        if count < 1000 or buffer[count - 10:count - 8] == b"\3\0":
            watcher.end = (watcher.end + bytes(buffer[max(0, count - 16384):count]))[-16384:]
        if count == 0:
            ended += has_ended(watcher.end)
            poller.unregister(number)
            watcher.socket.close()
            del watchers[number]
    return ended


def has_ended(end):
    """Whether what came last has the last event in it, in a stream that is whole."""
    *_, block, last = end.split(b"\0\0\xff\xff")
    assert last[:2] == b"\3\0" and len(last) == 10, last
    return b"event: eof" in zlib.decompressobj(wbits=-15).decompress(block)


def spread(values):
    values.sort()
    return {"count": len(values), "p50": values[len(values) // 2], "p99": values[len(values) * 99 // 100], "max": values[-1]}


class Latency(threading.Thread):
    """Asks for the build twenty times a second, and keeps how long each answer took."""

    def __init__(self, slipway, path):
        super().__init__(daemon=True)
        self.slipway, self.path = slipway, path
        self.seconds = []
        self.done = False

    def run(self):
        while not self.done:
            began = time.monotonic()
            assert self.slipway.call("GET", self.path).status_code == 200
            self.seconds.append(time.monotonic() - began)
            time.sleep(0.05)

    def take(self):
        taken, self.seconds = self.seconds, []
        return spread(taken)


def memory(pid):
    """Resident bytes."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


def measure(binary, work):
    run(PROJECT / "dev" / "sample-store", PROJECT / "samples" / "iris", work / "mlruns", MODEL)
    engine = pathlib.Path(shutil.copy(PROJECT / "Tests/EndToEnd/support/talking_engine.py", work))
    (work / "plan").write_text(f"{CONNECTING} 1 {BUSY} 1000 {CALM} 1")
    settings = {
        "registry": {"uri": str(work / "mlruns")},
        "images": {"engine": str(engine)},
        "server": {"responders": 1},
    }
    os.environ["CONNECTIONS"] = str(3 * WATCHERS)
    slipway = Slipway(binary, work / "slipway", settings, os.environ).start()
    try:
        responder, = (pid for pid, words in command_lines() if words[1:2] == ["respond"] and pid in slipway.responders())
        build = slipway.submit(model_name=MODEL, model_version="1")["build_id"]
        path = f"{BASE}/{build}"
        wait_until(lambda: " t=" in slipway.log(build), "the engine's first line", 20)
        latency = Latency(slipway, path)
        latency.start()
        time.sleep(5)
        before = memory(responder)
        alone = latency.take()
        # Only what comes after the quiet time is read.
        offset = len(slipway.log(build).encode())
        client = subprocess.Popen(
            [sys.executable, __file__, "watch", str(slipway.port), f"{path}/events?offset={offset}", *slipway.admin,
             str(WATCHERS)], stdout=subprocess.PIPE, text=True)
        began = time.monotonic()
        assert client.stdout.readline() == "connected\n"
        print(f"{WATCHERS} watchers connected in {time.monotonic() - began:.1f} s", flush=True)
        latency.take()
        peak = 0
        while client.poll() is None and slipway.status_file(build)["state"] == "building":
            time.sleep(1)
            peak = max(peak, memory(responder))
        beside = latency.take()
        latency.done = True
        latency.join()
        assert client.wait() == 0, slipway.log(build)[-2000:]
        result = json.loads(client.stdout.read())
        assert result["ended"] == WATCHERS, result
        return result | {"alone": alone, "beside": beside, "each": (peak - before) / WATCHERS}
    finally:
        slipway.stop()


def rows(result):
    def milliseconds(value):
        return f"{value * 1000:.0f} ms"
    return [
        ("from the engine's line to a watcher, 1,000 lines a second, 99th percentile",
         milliseconds(result["busy"]["p99"]), "< 250 ms", result["busy"]["p99"] < 0.25),
        ("the same at one line a second", milliseconds(result["calm"]["p99"]), "< 100 ms", result["calm"]["p99"] < 0.1),
        ("the responder's memory for a watcher", f"{result['each']:.0f} B", "< 2,000 B", result["each"] < 2000),
        ("`GET BASE/ID` alone, 99th percentile", milliseconds(result["alone"]["p99"]), "", True),
        ("the same beside all watchers", milliseconds(result["beside"]["p99"]), "< 50 ms", result["beside"]["p99"] < 0.05),
    ]


def main():
    work = pathlib.Path(tempfile.mkdtemp(prefix="slipway-bench-", dir="/var/tmp"))
    try:
        result = measure(pathlib.Path(sys.argv[1]).resolve(), work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(json.dumps(result))
    lines = [f"| {what} | {value} | {goal} | {'yes' if met else 'no'} |" for what, value, goal, met in rows(result)]
    table = "\n".join([f"| {WATCHERS} watchers of one build, one responder | | goal | met |", "|---|---|---|---|", *lines])
    text = PAGE.read_text()
    PAGE.write_text(f"{text.split(BEGIN)[0]}{BEGIN}\n{table}\n{END}{text.split(END)[1]}")
    print(table)
    return 0 if all(row[-1] for row in rows(result)) else 1


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    if sys.argv[1] == "watch":
        watch(int(sys.argv[2]), sys.argv[3], (sys.argv[4], sys.argv[5]), int(sys.argv[6]))
        sys.exit()
    sys.exit(main())
