"""Finished images: started as their build says, asked, stopped and searched."""

import itertools
import json
import os
import subprocess

import requests

from support.processes import free_port, run, wait_until

_numbers = itertools.count(1)


class Image:
    """An image by the command that its build offers for starting it."""

    def __init__(self, build, environment):
        self.command = build["image"]["run"]
        self.reference = build["image"]["reference"]
        self.engine = self.command[0]
        self.environment = os.environ | environment

    def start(self):
        return Container(self)

    def started(self, port, *before_image):
        """The offered command for another port (None: for none), with options before the image's name."""
        assert self.command[-1] == self.reference, self.command
        words = [word for word in self.command[:-1] if word != "--rm"]
        place = words.index("--publish")
        words[place:place + 2] = ["--publish", f"127.0.0.1:{port}:8080"] if port else []
        return [*words, *before_image, self.reference]

    def output(self, entrypoint, *arguments):
        """What a program of the image prints."""
        return run(*self.started(None, "--rm", "--entrypoint", entrypoint), *arguments, env=self.environment)

    def inspect(self):
        return json.loads(run(self.engine, "image", "inspect", self.reference, env=self.environment))[0]

    def history(self):
        return run(self.engine, "history", "--no-trunc", self.reference, env=self.environment)

    def holds(self, *needles):
        """Which of some byte strings stand anywhere in the saved image, its layers and its configuration."""
        with subprocess.Popen(
            [self.engine, "save", self.reference], stdout=subprocess.PIPE, env=self.environment
        ) as saving:
            found = search(saving.stdout, needles)
        assert saving.returncode == 0
        return found


class Container:
    """A container that serves its model on a port of this machine."""

    def __init__(self, image):
        self.image = image
        self.name = f"slipway-test-{os.getpid()}-{next(_numbers)}"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        run(*image.started(port, "-d", "--name", self.name), env=image.environment)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._engine("rm", "-f", self.name)

    def wait_ready(self):
        wait_until(self._ready, f"{self.image.reference} to answer /ping", 120)
        return self

    def _ready(self):
        state = self.state()
        assert state["Running"], f"the container ended: {state}\n{self.logs()[-3000:]}"
        try:
            return self.request("GET", "/ping").status_code == 200
        except requests.ConnectionError:
            return False

    def request(self, method, path, **options):
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, self.url + path, timeout=60, **options)

    def invoke(self, body, content_type="application/json"):
        return self.request("POST", "/invocations", data=body, headers={"Content-Type": content_type})

    def state(self):
        return json.loads(self._engine("inspect", "-f", "{{json .State}}", self.name))

    def logs(self):
        done = subprocess.run(
            [self.image.engine, "logs", self.name], text=True, capture_output=True, check=False,
            env=self.image.environment)
        return done.stdout + done.stderr

    def output(self, *command):
        return self._engine("exec", self.name, *command)

    def stop(self):
        """Stops it as a person does, and returns the exit code."""
        self._engine("stop", self.name)
        return self.state()["ExitCode"]

    def _engine(self, *words):
        return run(self.image.engine, *words, env=self.image.environment)


def search(stream, needles, chunk=1 << 20):
    """Which of `needles` stand in a byte stream."""
    found, overlap, rest = set(), max(map(len, needles)) - 1, b""
    while data := stream.read(chunk):
        window = rest + data
        found |= {needle for needle in needles if needle in window}
        rest = window[-overlap:]
    return found
