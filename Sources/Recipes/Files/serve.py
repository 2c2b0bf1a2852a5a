"""Serves the MLflow model at /opt/ml/model on port 8080; `serve.py check` asks it /ping.

`serve.py try SECONDS [FORM EXAMPLE]` waits for it and sends it the model's example, and prints what came of it in JSON.
"""
import importlib.util
import json
import os
import sys
import tempfile
import time

MODEL = "/opt/ml/model"
PORT = "8080"
# Requests in flight get this long after SIGTERM: engines kill after ten seconds.
GRACE = "8"
# Bytes of an example, and of an answer, that a trial looks at.
LARGEST = 64 << 20


def ask(method, path, seconds, body=None):
    """Asks the server; a status of 0 stands for no answer, which then is the reason."""
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection("127.0.0.1", int(PORT), timeout=max(1, seconds))
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        response = connection.getresponse()
        return response.status, response.read(LARGEST)
    except (OSError, HTTPException) as error:
        return 0, ("%s: %s" % (type(error).__name__, error)).encode()
    finally:
        connection.close()


def check():
    return 0 if ask("GET", "/ping", 5)[0] == 200 else 1


def age():
    """Seconds since the container began, as the kernel counts them."""
    try:
        with open("/proc/1/stat") as file:
            ticks = int(file.read().rpartition(")")[2].split()[19])
        with open("/proc/uptime") as file:
            return float(file.read().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None


def resident_bytes():
    """The memory of all processes of the container but this one."""
    others = (name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid())
    pages = [numbers("/proc/%s/statm" % name) for name in others]
    return sum(one[1] for one in pages if len(one) > 1) * os.sysconf("SC_PAGE_SIZE")


def rows(value):
    """How many rows a request or an answer has; None where that is no matter of rows."""
    if isinstance(value, dict):
        for key in ("predictions", "dataframe_split", "dataframe_records", "instances", "inputs", "data"):
            if key in value:
                return rows(value[key])
        columns = list(value.values())
        return len(columns[0]) if columns and isinstance(columns[0], list) else None
    return len(value) if isinstance(value, list) else None


def request_of(form, example, seconds):
    """The body to send, parsed too; MLflow before 2.0 takes tables without a word around them."""
    with open(os.path.join(MODEL, example), "rb") as file:
        body = file.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise ValueError("the example has more than %d MiB" % (LARGEST >> 20))
    parsed = json.loads(body.decode())
    status, version = ask("GET", "/version", seconds)
    is_old = status != 200 or version.startswith(b"1.")
    if form != "request" and not is_old:
        parsed = {"dataframe_" + form: parsed}
        body = json.dumps(parsed).encode()
    wrapped = ("dataframe_split", "dataframe_records", "instances", "inputs")
    # Other requests are of a kind of the model's own, such as chats, and so are their answers.
    return body, parsed, not is_old and isinstance(parsed, dict) and any(key in parsed for key in wrapped)


def judge(answer, result):
    """Notes what an answer holds; the end of a trace says most."""
    result["answer"] = answer[:8000].decode(errors="replace")[:2000]
    result["is_cut"] = len(answer) >= LARGEST
    try:
        parsed = json.loads(answer.decode())
    except (ValueError, RecursionError):
        return
    result["is_json"] = True
    result["has_predictions"] = isinstance(parsed, dict) and "predictions" in parsed
    if result["has_predictions"] or isinstance(parsed, list):
        result["predictions"] = rows(parsed)
    elif isinstance(parsed, dict):
        result["message"] = str(parsed.get("message") or parsed.get("detail") or "")[:1000]
        result["trace"] = str(parsed.get("stack_trace") or "")[-8000:]


def trial(seconds, form=None, example=None):
    begin = time.monotonic()
    end = begin + float(seconds)
    result = {"is_ready": False, "example": example}
    while time.monotonic() < end:
        status, answer = ask("GET", "/ping", end - time.monotonic())
        if status == 200:
            result["is_ready"] = True
            break
        result["ping"] = status
        time.sleep(0.1)
    since = age()
    result["startup_seconds"] = round(since if since and since > 0 else time.monotonic() - begin, 3)
    if result["is_ready"] and example:
        try:
            body, parsed, result["wants_predictions"] = request_of(form, example, end - time.monotonic())
            result["rows"] = rows(parsed)
        except (OSError, ValueError, RecursionError) as error:
            result["example_error"] = str(error)[:200]
            example = None
    if result["is_ready"] and example:
        sent = time.monotonic()
        result["status"], answer = ask("POST", "/invocations", end - sent, body)
        result["request_seconds"] = round(time.monotonic() - sent, 3)
        if result["status"] == 0:
            # A server that has died takes this process along a moment later, and that says more.
            time.sleep(1)
        judge(answer, result)
    result["memory_bytes"] = resident_bytes()
    print(json.dumps(result))
    return 0


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
    if sys.argv[1:2] == ["try"]:
        sys.exit(trial(*sys.argv[2:]))
    try:
        tempfile.gettempdir()
    except OSError:
        sys.exit("no directory for temporary files can be written: start the container with --tmpfs /tmp")
    os.environ["__pyfunc_model_path__"] = MODEL
    # In place of this process, so that signals reach the server itself.
    os.execv(sys.executable, [sys.executable, "-m"] + command())
