"""A stand-in for an MLflow server: for names and states that a real one can no longer be brought to hold."""

import json
import pathlib
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

API = "/api/2.0/mlflow/"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
STORE = "7/models/m-standin/artifacts"


class Standin:
    """Holds models as {name: {version: status}}, all with the files of one folder."""

    def __init__(self, models, folder):
        self.models = models
        self.folder = pathlib.Path(folder)
        self.requests = []
        standin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                address = urllib.parse.urlsplit(self.path)
                standin.requests.append(self.path)
                status, body = standin.answer(
                    urllib.parse.unquote(address.path), dict(urllib.parse.parse_qsl(address.query)))
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, path, query):
        if path == ARTIFACTS:
            return 200, {"files": self._listing(query.get("path", ""))}
        if path.startswith(f"{ARTIFACTS}/{STORE}/"):
            file = self.folder / path.removeprefix(f"{ARTIFACTS}/{STORE}/")
            return (200, file.read_bytes()) if file.is_file() else _missing(f"no such artifact: {path}")
        name = query.get("name", "")
        match path.removeprefix(API):
            case "model-versions/get":
                version = query.get("version")
                if version not in self.models.get(name, {}):
                    return _missing(f"Model Version (name={name}, version={version}) not found")
                return 200, {"model_version": self._version(name, version)}
            case "model-versions/get-download-uri":
                return 200, {"artifact_uri": f"mlflow-artifacts:/{STORE}"}
            case "model-versions/search":
                wanted = query.get("filter", "")
                return 200, {"model_versions": [
                    self._version(name, version) for name, versions in self.models.items()
                    if wanted in (f"name='{name}'", f'name="{name}"')
                    for version in sorted(versions, key=int, reverse=True)]}
            case "registered-models/get" if name in self.models:
                return 200, {"registered_model": {"name": name}}
            case _:
                return _missing(f"Registered Model with name={name} not found")

    def _version(self, name, version):
        return {
            "name": name, "version": version, "status": self.models[name][version], "current_stage": "None",
            "source": f"mlflow-artifacts:/{STORE}", "run_id": "", "creation_timestamp": 1,
            "last_updated_timestamp": 1}

    def _listing(self, path):
        inside = path.removeprefix(STORE).strip("/")
        folder = self.folder / inside
        if not path.startswith(STORE) or not folder.is_dir():
            return []
        return [
            {"path": entry.name, "is_dir": True} if entry.is_dir()
            else {"path": entry.name, "is_dir": False, "file_size": entry.stat().st_size}
            for entry in sorted(folder.iterdir())]


def _missing(message):
    return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": message}
