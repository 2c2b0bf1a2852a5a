"""A stand-in for kubectl and the cluster behind it: kubectl.py FOLDER ARGUMENTS.

It replays what a real kubectl 1.20 answered to the preset's commands, word for word where Slipway reads it, and runs a
job's container as a process of this machine. A job is a file in FOLDER/jobs. Files beside it stand for what happens to
a cluster: `lose-answer` (a job is made, and nobody hears of it), `expire` (the jobs' deadline is over), `unreachable`.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

FAILED = {
    "BackoffLimitExceeded": "Job has reached the specified backoff limit",
    "DeadlineExceeded": "Job was active longer than specified deadline",
}


def fail(message):
    sys.exit(message)


def put(path, value):
    new = path.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps(value))
    new.rename(path)


def change(path, **fields):
    """The job's status as the controller writes it; nothing where the job was deleted."""
    try:
        job = json.loads(path.read_text())
    except FileNotFoundError:
        return
    put(path, job | {"status": {"startTime": "2026-01-01T00:00:00Z", **fields}})


def create(folder, jobs):
    job = json.load(sys.stdin)
    name = job["metadata"]["name"]
    assert job["kind"] == "Job" and job["spec"]["template"]["spec"]["restartPolicy"] == "Never", job
    path = jobs / f"{name}.json"
    if path.exists():
        fail(f'Error from server (AlreadyExists): error when creating "STDIN": jobs.batch "{name}" already exists')
    put(path, job | {"status": {}})
    with (folder / "created").open("a") as record:
        record.write(f"{name}\n")
    with (folder / "pods.log").open("ab") as log:
        subprocess.Popen(
            [sys.executable, __file__, str(folder), "pod", name], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True)
    if (folder / "lose-answer").exists():
        (folder / "lose-answer").unlink()
        fail("error: unexpected EOF")
    print(name, end="")


def pod(folder, path):
    """What a node and the job's controller do."""
    job = json.loads(path.read_text())
    [container] = job["spec"]["template"]["spec"]["containers"]
    change(path, active=1, ready=1)
    process = subprocess.Popen(container["command"], start_new_session=True)
    reason, asked = "BackoffLimitExceeded", None
    while process.poll() is None:
        expired = (folder / "expire").exists()
        if asked is None and (expired or not path.exists()):
            reason = "DeadlineExceeded" if expired else reason
            process.send_signal(signal.SIGTERM)
            asked = time.monotonic()
        if asked and time.monotonic() > asked + 10:
            process.kill()
        time.sleep(0.1)
    if process.returncode == 0:
        change(path, succeeded=1, conditions=[{"type": "Complete", "status": "True"}])
    else:
        change(path, failed=1, conditions=[
            {"type": "Failed", "status": "True", "reason": reason, "message": FAILED[reason]}])


def main(folder, *words):
    jobs = folder / "jobs"
    jobs.mkdir(exist_ok=True)
    if words[0] == "pod":
        return pod(folder, jobs / f"{words[1]}.json")
    if (folder / "unreachable").exists():
        fail("The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?")
    assert words[:2] == ("--namespace", "builds"), words
    match words[2:]:
        case ("create", "-f", "-", "-o", "jsonpath={.metadata.name}"):
            create(folder, jobs)
        case ("get", "job", name, "--ignore-not-found", "-o", output):
            path = jobs / f"{name}.json"
            if path.exists():
                print(name if output == "jsonpath={.metadata.name}" else path.read_text(), end="")
        case ("delete", "job", name, "--ignore-not-found", "--wait=false"):
            (jobs / f"{name}.json").unlink(missing_ok=True)
            print(f'job.batch "{name}" deleted')
        case _:
            fail(f"error: unknown command {words}")


main(pathlib.Path(sys.argv[1]), *sys.argv[2:])
