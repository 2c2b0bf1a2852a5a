"""A whole Slipway: settings, users, pool and nginx over a state folder of its own."""

import json
import os
import pathlib
import secrets
import signal

import requests
import yaml

from support.processes import PROJECT, Background, children, command_lines, free_port, kill, run, wait_until

BASE = "/api/2.0/mlflow/models/build-docker"
ENDED = ("succeeded", "failed", "cancelled")


class Slipway:
    """One pool behind one nginx."""

    admin = ("admin", secrets.token_urlsafe(12))
    plain_user = ("reader", secrets.token_urlsafe(12))

    def __init__(self, binary, folder, settings, environment, mlflow=None):
        """`settings` are sections of slipway.yaml beside server, and more for auth; `environment` is the pool's whole.

        nginx shows the server at the URL `mlflow` too.
        """
        self.binary = binary
        self.state = pathlib.Path(folder)
        self.environment = environment
        self.mlflow = mlflow
        self.state.mkdir(mode=0o750, parents=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = self.state / "slipway.yaml"
        self.pool = self.nginx = None
        htpasswd = self.state / "htpasswd"
        self.config.write_text(yaml.safe_dump({
            **settings,
            "server": {"state": str(self.state), "responders": 3} | settings.get("server", {}),
            # Tests come from many networks by saying so: see elsewhere().
            "auth": {"htpasswd": str(htpasswd), "administrators": [self.admin[0]], "trusted_proxies": ["127.0.0.1"]}
            | settings.get("auth", {}),
        }))
        self.command("user", "add", self.admin[0], "--password-stdin", input=self.admin[1])
        run("htpasswd", "-iB", htpasswd, self.plain_user[0], input=self.plain_user[1])

    def command(self, *arguments, **options):
        """Runs a command of Slipway's with these settings."""
        return run(self.binary, *arguments, "--config", self.config, env=self.environment, **options)

    # Processes

    def start(self):
        self.start_nginx()
        self.start_pool()
        return self

    def start_nginx(self):
        mlflow = [self.mlflow.removeprefix("http://")] if self.mlflow else []
        configuration = run(PROJECT / "dev" / "nginx-conf", self.port, self.state, *mlflow).strip()
        self.nginx = Background(
            ["nginx", "-e", self.state / "nginx" / "error.log", "-p", self.state / "nginx", "-c", configuration],
            self.state / "nginx.out", os.environ)

    def start_pool(self):
        self.pool = Background(
            [self.binary, "serve", "--config", self.config], self.state / "serve.log", self.environment)
        self.pool.wait_ready(self.answers, "slipway serve")

    def answers(self):
        try:
            return self.call("GET", "/slipway/healthz", user=False).status_code == 200
        except requests.RequestException:
            return False

    def responders(self):
        return children(self.pool.pid)

    def all_responders(self, but=()):
        """The ids of a full set of responders, none of which is in `but`."""
        def full():
            now = self.responders()
            return now if len(now) == 3 and not set(now) & set(but) else None
        return wait_until(full, "three responders")

    def stop(self):
        """Ends the pool, nginx and every runner that still works."""
        if self.pool:
            self.pool.stop()
        for pid in self.runners():
            kill(pid, signal.SIGTERM)
        wait_until(lambda: not self.runners(), "the runners' end")
        if self.nginx:
            self.nginx.stop(signal.SIGQUIT)

    def runners(self, build_id=None):
        """Ids of the processes that run builds of this state folder."""
        return [
            pid for pid, words in command_lines()
            if words[:2] == [str(self.binary), "build"] and str(self.config) in words
            and build_id in (None, words[2])]

    # The API

    def call(self, method, path, user=None, **options):
        """One request; `user` is a name and a password, False for nobody and None for the administrator."""
        auth = self.admin if user is None else user or None
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, self.url + path, auth=auth, timeout=60, **options)

    def get(self, path="", **options):
        return self.call("GET", BASE + path, **options)

    def post(self, **fields):
        return self.call("POST", BASE, json=fields)

    def submit(self, **fields):
        """Submits a build that must be accepted, and returns it."""
        answer = self.post(**fields)
        assert answer.status_code == 200, answer.text
        return answer.json()["build"]

    def build(self, build_id):
        answer = self.get(f"/{build_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()["build"]

    def log(self, build_id):
        answer = self.get(f"/{build_id}/log")
        assert answer.status_code == 200, answer.text
        return answer.content.decode(errors="replace")

    def wait(self, build_id, seconds=400):
        """The build at its end."""
        def ended():
            build = self.build(build_id)
            return build if build["state"] in ENDED else None
        return wait_until(ended, f"the end of build {build_id}", seconds, pause=0.2)

    def succeed(self, **fields):
        """Submits a build, waits for its end and wants it to be a good one."""
        build = self.wait(self.submit(**fields)["build_id"])
        assert build["state"] == "succeeded", f"{build.get('error')}\n{self.log(build['build_id'])[-4000:]}"
        return build

    def wait_building(self, build_id):
        """Waits until the engine works on the build's packages."""
        def working():
            build = self.build(build_id)
            assert build["state"] not in ENDED, f"{build}\n{self.log(build_id)[-3000:]}"
            return build["state"] == "building" and "RUN" in self.log(build_id)
        wait_until(working, f"the engine to work on {build_id}", 200)

    # Files

    def folder(self, build_id):
        return self.state / "builds" / build_id

    def status_file(self, build_id):
        return json.loads((self.folder(build_id) / "status.json").read_text())

    def build_folders(self):
        """All but drafts, which nobody accepted: they go once they are a minute old."""
        return sorted(
            entry.name for entry in (self.state / "builds").iterdir()
            if not (entry.name.startswith(".") and entry.name.endswith(".draft")))


def elsewhere():
    """Headers of a caller from a network of its own, where nobody has guessed at passwords yet."""
    return {"X-Forwarded-For": f"2001:db8:{secrets.randbelow(65536):x}:{secrets.randbelow(65536):x}::7"}


def step(build, name):
    """One step of a build by its name."""
    return next(step for step in build["steps"] if step["name"] == name)


def problem(answer):
    """The error in an answer, which must be JSON with the members that MLflow's client reads."""
    assert answer.headers["Content-Type"] == "application/json", answer.text
    body = answer.json()
    assert body["error_code"] and body["message"], body
    return body
