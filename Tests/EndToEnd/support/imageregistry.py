"""A registry of images, as a site runs one."""

import json
import os

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
