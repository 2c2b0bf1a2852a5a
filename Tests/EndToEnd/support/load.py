"""Many requests at once, by wrk."""

import base64
import json
import os
import pathlib
import signal
import subprocess
import threading


class Load:
    """A running wrk: `count` authenticated requests and a few more, or as many as there is time for until `end`."""

    def __init__(self, slipway, path, count="", connections=32):
        credentials = base64.b64encode(":".join(slipway.admin).encode()).decode()
        self._lines = []
        self._process = subprocess.Popen(
            ["wrk", "-t1", f"-c{connections}", "-d300s", "--timeout", "30s",
             "-s", str(pathlib.Path(__file__).with_name("requests.lua")), slipway.url + path],
            stdout=subprocess.PIPE, text=True, env=os.environ | {
                "WRK_AUTHORIZATION": f"Basic {credentials}", "WRK_REQUESTS": str(count)})
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            self._lines.append(line)
            # wrk counts seconds, not requests: it sleeps until it is told.
            if line == "enough\n":
                self.end()

    def end(self):
        self._process.send_signal(signal.SIGINT)

    def result(self):
        """Counts of what was answered and of everything that went wrong."""
        self._reader.join()
        assert self._process.wait() == 0, self._lines
        return json.loads(self._lines[-1])


def failures(result):
    """The counts of a result that must be zero."""
    return {name: result[name] for name in ("refused", "connect", "read", "write", "timeout") if result[name]}
