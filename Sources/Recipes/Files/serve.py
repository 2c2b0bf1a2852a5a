"""Serves the MLflow model at /opt/ml/model on port 8080; `serve.py check` asks it /ping."""
import importlib.util
import os
import sys
import tempfile

MODEL = "/opt/ml/model"
PORT = "8080"
# Requests in flight get this long after SIGTERM: engines kill after ten seconds.
GRACE = "8"


def check():
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", int(PORT), timeout=5)
    connection.request("GET", "/ping")
    return 0 if connection.getresponse().status == 200 else 1


def has_asgi_server():
    """Tells MLflow's uvicorn server from the older gunicorn one, without importing MLflow (seconds)."""
    mlflow = importlib.util.find_spec("mlflow")
    if mlflow is None or importlib.util.find_spec("uvicorn") is None:
        return False
    return any(
        os.path.exists(os.path.join(folder, "pyfunc", "scoring_server", "app.py"))
        for folder in mlflow.submodule_search_locations or []
    )


def numbers(path):
    """The whole numbers in a file of the kernel; none where it is missing or says "max"."""
    try:
        with open(path) as file:
            return [int(word) for word in file.read().split()]
    except (OSError, ValueError):
        return []


def processors():
    """How many processors this container may use: of its cpuset, and by its quota (cgroup v2, then v1)."""
    allowed = len(os.sched_getaffinity(0))
    quota = numbers("/sys/fs/cgroup/cpu.max") or (
        numbers("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") + numbers("/sys/fs/cgroup/cpu/cpu.cfs_period_us")
    )
    if len(quota) == 2 and quota[0] > 0 and quota[1] > 0:
        allowed = min(allowed, -(-quota[0] // quota[1]))
    return max(1, allowed)


def command():
    workers = os.environ.get("MLFLOW_MODELS_WORKERS") or str(processors())
    if not workers.isdigit() or int(workers) < 1:
        sys.exit("MLFLOW_MODELS_WORKERS must be a whole number above 0, not %r" % workers)
    if has_asgi_server():
        if os.environ.get("GUNICORN_CMD_ARGS"):
            print(
                "GUNICORN_CMD_ARGS has no effect, as this model's MLflow serves by uvicorn: "
                "set MLFLOW_MODELS_WORKERS for the number of workers",
                file=sys.stderr,
            )
        return [
            "uvicorn", "--host", "0.0.0.0", "--port", PORT, "--workers", workers,
            "--timeout-graceful-shutdown", GRACE, "mlflow.pyfunc.scoring_server.app:app",
        ]
    # The last of two options counts for gunicorn, and what it is told on its command line before any other.
    defaults = ["--workers", str(processors()), "--graceful-timeout", GRACE]
    defaults += ["--timeout", os.environ.get("MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT") or "60"]
    os.environ["GUNICORN_CMD_ARGS"] = " ".join(defaults + [os.environ.get("GUNICORN_CMD_ARGS", "")])
    explicit = ["--workers", workers] if os.environ.get("MLFLOW_MODELS_WORKERS") else []
    return (
        ["gunicorn", "--config", __file__, "--bind", "0.0.0.0:" + PORT] + explicit
        + ["mlflow.pyfunc.scoring_server.wsgi:app"]
    )


def post_fork(_, worker):
    """Called by gunicorn in each worker, as this file is its configuration: loading is no silence to be killed for."""
    import threading
    import time

    def keep_alive():
        while not worker.booted:
            worker.notify()
            time.sleep(1)

    threading.Thread(target=keep_alive, daemon=True).start()


if __name__ == "__main__":
    if sys.argv[1:] == ["check"]:
        sys.exit(check())
    try:
        tempfile.gettempdir()
    except OSError:
        sys.exit("no directory for temporary files can be written: start the container with --tmpfs /tmp")
    os.environ["__pyfunc_model_path__"] = MODEL
    # In place of this process, so that signals reach the server itself.
    os.execv(sys.executable, [sys.executable, "-m"] + command())
