"""Registries of images: one as a site runs it, and one that refuses as those of clouds do."""

import base64
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

from support.processes import Background, free_port, run

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


class ImageRegistry:
    """Debian's docker-registry without encryption, with one login where one is given."""

    def __init__(self, folder, login=None):
        self.folder = folder
        self.login = login
        folder.mkdir()
        self.host = f"127.0.0.1:{free_port()}"
        settings = {
            "version": 0.1, "log": {"level": "warn"}, "http": {"addr": self.host},
            "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        }
        if login:
            run("htpasswd", "-iBc", folder / "htpasswd", login[0], input=login[1])
            settings["auth"] = {"htpasswd": {"realm": "images", "path": str(folder / "htpasswd")}}
        # JSON is YAML.
        (folder / "config.yml").write_text(json.dumps(settings))
        self.server = Background(
            ["docker-registry", "serve", folder / "config.yml"], folder / "registry.log", os.environ)
        self.server.wait_ready(self._answers, "docker-registry")

    def _answers(self):
        try:
            return self.get("/v2/").status_code == 200
        except requests.ConnectionError:
            return False

    def get(self, path, **options):
        return requests.get(f"http://{self.host}{path}", auth=self.login, timeout=20, **options)

    def digest(self, repository, tag):
        answer = self.get(f"/v2/{repository}/manifests/{tag}", headers={"Accept": DOCKER_MANIFEST})
        assert answer.status_code == 200, answer.text
        return answer.headers["Docker-Content-Digest"]

    def stop(self):
        self.server.stop()


class ReadOnlyRegistry:
    """Lets one login in, has nothing, and takes nothing: Debian's docker-registry knows no such right."""

    def __init__(self, login):
        self.login = login
        proof = "Basic " + base64.b64encode(":".join(login).encode()).decode()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, code = 404, "BLOB_UNKNOWN"
                if self.headers.get("Authorization") != proof:
                    status, code = 401, "UNAUTHORIZED"
                elif self.command not in ("GET", "HEAD"):
                    status, code = 403, "DENIED"
                elif self.path == "/v2/":
                    status = 200
                body = json.dumps({"errors": [{"code": code, "message": "requested access to the resource is denied"}]})
                self.send_response(status)
                if status == 401:
                    self.send_header("WWW-Authenticate", 'Basic realm="images"')
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body.encode())

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
