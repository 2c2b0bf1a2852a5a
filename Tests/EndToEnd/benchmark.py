"""Slipway beside what a user would run instead, in one run on one machine: prints a table and keeps it in the docs.

Run by `make bench`; usage: benchmark.py BINARY
"""

import datetime
import logging
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import requests

from support.engines import Docker
from support.processes import PROJECT, free_port, run, wait_until
from support.registry import MODEL, Registry
from support.slipway import Slipway

PAGE = PROJECT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"
# MLflow prepares an image by its name: on any other than python's it installs no nginx, and its image cannot start.
BASE, BENCH_BASE = "localhost/slipway-python:3.11", "python:3.11-slim"

# What a person types today; --base-image is an argument of the Python function only.
MLFLOW = """
import sys, mlflow
mlflow.models.build_docker(
    model_uri=sys.argv[1], name=sys.argv[2], env_manager="local", base_image=sys.argv[3])
"""


class BenchDocker(Docker):
    """Beside a suite that may run at the same time."""

    bridge = "slipway-bench"
    network = "10.249.19"


class Bench:
    def __init__(self, binary, work):
        self.binary = pathlib.Path(binary).resolve()
        self.work = pathlib.Path(work)
        self.ca_bundle = os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
        self.docker = BenchDocker(self.work)
        self.registry = Registry(self.work)
        self.environment = os.environ | self.docker.environment
        self.slipway = None

    def __enter__(self):
        self.docker.start()
        self.registry.wait_ready()
        self.registry.register()
        settings = {
            "registry": {"uri": self.registry.url},
            "images": {"engine": "docker", "base_images": {"3.11": BENCH_BASE}},
            "python": {"ca_bundle": self.ca_bundle},
        }
        self.slipway = Slipway(self.binary, self.work / "slipway", settings, self.environment)
        print("making a base image that both can use", flush=True)
        self.slipway.command("base-image", "create", "--tag", BASE)
        self.make_bench_base()
        self.slipway.start()
        return self

    def __exit__(self, *_):
        if self.slipway:
            self.slipway.stop()
        self.registry.stop()
        self.docker.stop()

    def make_bench_base(self):
        """MLflow's build knows no certificates but the image's own, so both get a base that has the machine's."""
        folder = self.work / "base"
        folder.mkdir()
        shutil.copy(self.ca_bundle, folder / "ca.crt")
        (folder / "Dockerfile").write_text(
            f"FROM {BASE}\nCOPY ca.crt /etc/ssl/certs/ca-certificates.crt\n"
            "ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt\n")
        run("docker", "build", "-t", BENCH_BASE, folder, env=self.environment)

    def forget(self):
        """Empties the engine's caches, so that a first build is one, and waits until the disk has nothing to catch up."""
        environment = self.environment | {"DOCKER_BUILDKIT": "1"}
        run("docker", "builder", "prune", "-af", env=environment)
        os.sync()

    def size(self, image):
        return int(run("docker", "image", "inspect", "-f", "{{.Size}}", image, env=self.environment))

    def mlflow(self, version):
        name = f"bench-mlflow:{version}"
        began = time.monotonic()
        run(sys.executable, "-c", MLFLOW, f"models:/{MODEL}/{version}", name, BENCH_BASE,
            env=self.environment | {"MLFLOW_TRACKING_URI": self.registry.url, "DOCKER_BUILDKIT": "1"})
        return time.monotonic() - began, self.size(name)

    def ours(self, version, **options):
        """From the POST to an answer that says succeeded: download and its checks included, but not the trial of the
        finished image, which MLflow does not make."""
        began = time.monotonic()
        fields = {"smoke_test": False} | options
        identifier = self.slipway.submit(model_name=MODEL, model_version=version, **fields)["build_id"]
        while True:
            build = self.slipway.build(identifier)
            if build["state"] == "succeeded":
                return time.monotonic() - began, build["image"]["size_bytes"]
            assert build["state"] not in ("failed", "cancelled"), build
            time.sleep(0.01)

    def start(self, image):
        """From `docker run` to the first prediction; the container's answers to REQUESTS come with it."""
        port = free_port()
        began = time.monotonic()
        name = f"bench-{port}"
        run("docker", "run", "-d", "--name", name, "--publish", f"127.0.0.1:{port}:8080",
            "-e", "MLFLOW_MODELS_WORKERS=1", image, env=self.environment)
        try:
            answers = [self.ask(port, *REQUESTS[0])]
            seconds = time.monotonic() - began
            return seconds, answers + [self.ask(port, *request) for request in REQUESTS[1:]]
        finally:
            run("docker", "rm", "-f", name, env=self.environment)

    def ask(self, port, content_type, body):
        def answer():
            try:
                got = requests.post(
                    f"http://127.0.0.1:{port}/invocations", data=body, headers={"Content-Type": content_type}, timeout=60)
            except requests.ConnectionError:
                return None
            # nginx of MLflow's image answers before the server behind it does.
            if got.status_code == 502:
                return None
            return got.status_code, got.json() if got.status_code == 200 else None
        return wait_until(answer, "a prediction", 120, pause=0.02)


# Content types and bodies: the first is a good one, the others are answered by whatever MLflow makes of them.
REQUESTS = [
    ("application/json", '{"dataframe_split": {"columns": ["a", "b"], "data": [[1.0, 3.0]]}}'),
    ("application/json", '{"inputs": {"a": [1.0], "b": [2.0]}}'),
    ("application/json", '{"columns": ["a", "b"], "data": [[1.0, 3.0]]}'),
    ("application/json", "[[1, 2]]"), ("application/json", "{"), ("application/json", ""),
    ("application/json", '{"dataframe_split": {"columns": ["a"], "data": [[1.0]]}}'),
    ("application/json", '{"dataframe_split": {"columns": ["a", "b"], "data": [["x", null]]}}'),
    ("text/csv", "a,b\n1,2\n"), ("text/csv", "a\n1\n"), ("text/plain", "{}"), ("application/octet-stream", "\0"),
]


class Table:
    """Rows of what was measured, each with what was to be reached."""

    def __init__(self):
        self.rows = []

    def add(self, what, theirs, ours, goal, unit="s"):
        show = (lambda value: f"{value / 1e6:.0f} MB") if unit == "MB" else (lambda value: f"{value:.2f} s")
        ratio = ours / theirs
        row = (what, show(theirs), show(ours), f"{ratio:.3f}", f"≤ {goal:.2f}", "yes" if ratio <= goal else "no")
        self.rows.append(row)
        print("  ".join(row), flush=True)


def measure(bench):
    table = Table()
    bench.registry.log_sums(3.0, "tabulate==0.9.0")
    ten = [str(bench.registry.log_sums(float(slope)).registered_model_version) for slope in range(4, 14)]

    bench.forget()
    their_first, their_size = bench.mlflow("1")
    os.sync()
    their_next, _ = bench.mlflow("2")
    their_line, _ = bench.mlflow("3")
    their_ten = sum(bench.mlflow(version)[0] for version in ten)
    bench.forget()
    our_first, our_size = bench.ours("1")
    os.sync()
    our_next, _ = bench.ours("2")
    our_line, _ = bench.ours("3")
    our_ten = sum(bench.ours(version)[0] for version in ten)
    our_tried, _ = bench.ours("1", smoke_test=True, image_name="slipway/tried:1")
    _, slim_size = bench.ours("1", slim=True, image_name="slipway/slim:1")

    table.add("first build, empty cache", their_first, our_first, 1 / 3)
    table.add("next version, same requirements", their_next, our_next, 1 / 20)
    table.add("next version, one more requirement", their_line, our_line, 1 / 3)
    table.add("ten versions, same requirements", their_ten, our_ten, 1 / 20)
    table.add("next version, same requirements, and tried", their_next, our_tried, 1 / 2)
    table.add("image size", their_size, our_size, 0.95, "MB")
    table.add("image size with `slim`", their_size, slim_size, 0.55, "MB")
    # In turns, the middle of three: the first start of an image fills caches of the machine's.
    images = ("bench-mlflow:1", "slipway/sums:1", "slipway/slim:1")
    starts = {image: [] for image in images}
    for _ in range(4):
        for image in images:
            starts[image].append(bench.start(image))
    (their_start, their_answers), (our_start, our_answers), (slim_start, slim_answers) = (
        (statistics.median(seconds for seconds, _ in starts[image][1:]), starts[image][-1][1]) for image in images)
    assert their_answers == our_answers == slim_answers, (their_answers, our_answers, slim_answers)
    print(f"{len(REQUESTS)} requests were answered alike, status {[status for status, _ in our_answers]}", flush=True)
    table.add("`docker run` to first prediction", their_start, our_start, 1)
    table.add("`docker run` to first prediction with `slim`", their_start, slim_start, 1)
    return table.rows


def table(rows):
    lines = [
        "| | `mlflow.models.build_docker`, `local` | Slipway, one POST | ratio | goal | met |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def keep(rows, docker_version):
    versions = run(sys.executable, "-m", "pip", "list", "--format=freeze").splitlines()
    mlflow = next(line.split("==")[1] for line in versions if line.startswith("mlflow=="))
    about = (
        f"{datetime.date.today()}: {os.cpu_count()} processors, docker {docker_version} with BuildKit, "
        f"MLflow {mlflow}, a scikit-learn model from an MLflow server.")
    text = PAGE.read_text()
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    PAGE.write_text(f"{head}{BEGIN}\n{about}\n\n{table(rows)}\n{END}{tail}")


def main():
    logging.disable(logging.INFO)
    work = tempfile.mkdtemp(prefix="slipway-bench-", dir="/var/tmp")
    try:
        with Bench(sys.argv[1], work) as bench:
            rows = measure(bench)
            version = run("docker", "version", "-f", "{{.Server.Version}}", env=bench.environment).strip()
        keep(rows, version)
        print("\n" + table(rows))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 0 if all(row[-1] == "yes" for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
