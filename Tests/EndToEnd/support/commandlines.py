"""What `ps` shows, watched all the time."""

import threading

from support.processes import command_lines


class CommandLines:
    """Collects the distinct command lines of all processes of this machine, five times a second."""

    def __init__(self):
        self.seen = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self):
        while not self._stop.wait(0.2):
            self.seen.update(" ".join(words) for _, words in command_lines())

    def holding(self, secret):
        return [line for line in self.seen if secret in line]

    def stop(self):
        self._stop.set()
        self._thread.join()
