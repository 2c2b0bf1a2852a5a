"""What nginx shows behind the sign-in: MLflow without and with users of its own, and a server that takes notes."""

import http.client
import os
import pathlib
import secrets
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

from support.processes import Background, children, free_port


class MLflow:
    """MLflow's server over SQLite, of the version that `python` has; with `has_users` its basic-auth app."""

    def __init__(self, folder, has_users=False, python=sys.executable):
        folder.mkdir(parents=True)
        self.admin = ("admin", secrets.token_urlsafe(12))
        self.url = f"http://127.0.0.1:{free_port()}"
        environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        arguments = []
        if has_users:
            (folder / "auth.ini").write_text(
                f"[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///{folder}/auth.db\n"
                "admin_username = admin\nauth_cache_ttl_seconds = 60\n"
                "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n")
            arguments = ["--app-name", "basic-auth"]
            environment |= {
                "MLFLOW_AUTH_CONFIG_PATH": str(folder / "auth.ini"), "MLFLOW_AUTH_ADMIN_PASSWORD": self.admin[1],
                "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_hex(16)}
        self.server = Background(
            [pathlib.Path(python).parent / "mlflow", "server", "--host", "127.0.0.1",
             "--port", self.url.rpartition(":")[2], "--backend-store-uri", f"sqlite:///{folder}/mlflow.db",
             "--artifacts-destination", folder / "artifacts", "--workers", "1", *arguments],
            folder / "server.log", environment, group=True)

    def wait_ready(self):
        self.server.wait_ready(self._answers, "mlflow server", 120)
        return self

    def _answers(self):
        try:
            return requests.get(f"{self.url}/health", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def post(self, path, **fields):
        """Asks this server itself, as its administrator."""
        answer = requests.post(f"{self.url}/api/2.0/mlflow/{path}", json=fields, auth=self.admin, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def stop(self):
        self.server.stop()


PAGE = b"<!DOCTYPE html><html><head><title>noted</title></head><body></body></html>"


class Recorder:
    """Stands in MLflow's place, answers everything with one page, and keeps what it was sent."""

    def __init__(self):
        self.requests = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                recorder.requests.append((self.command, self.path, self.headers, body))
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(PAGE)))
                self.send_header("ETag", '"one"')
                self.send_header("Cache-Control", "no-cache")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(PAGE)

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def last(self):
        """Method, path, headers and body of the last request."""
        return self.requests[-1]

    def all_bytes(self):
        return "\n".join(
            f"{method} {path}\n{headers}\n{body!r}" for method, path, headers, body in self.requests)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def raw(url, method, path, headers=None):
    """One request with its path exactly as given."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        return answer
    finally:
        connection.close()


class TemporaryFiles:
    """The most bytes that nginx's workers had laid down at a time while this was open; the files have no name."""

    def __init__(self, slipway):
        self.folder = str(slipway.state / "nginx") + "/"
        self.workers = children(slipway.nginx.pid)
        self.most = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while not self.ended.wait(0.02):
            self.most = max(self.most, sum(map(self._size, self.workers)))

    def _size(self, pid):
        size = 0
        for descriptor in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = str(descriptor.readlink())
                if target.startswith(self.folder) and not target.endswith(".log"):
                    size += descriptor.stat().st_size
            except OSError:
                pass
        return size

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
