"""Container engines whose data, sockets and networks are the suite's own."""

import os
import pathlib
import subprocess

from support.processes import Background, run


class Docker:
    """A Docker daemon beside any other: a bridge and addresses of its own, and no rule of another's touched."""

    bridge = "slipway-suite"
    network = "10.249.21"

    def __init__(self, work):
        self.root = work / "docker"
        self.root.mkdir()
        self.socket = self.root / "docker.sock"
        self.daemon = None

    @property
    def address(self):
        """Where containers reach this machine."""
        return f"{self.network}.1"

    @property
    def environment(self):
        return {"DOCKER_HOST": f"unix://{self.socket}", "DOCKER_CONFIG": str(self.root / "config")}

    def start(self):
        self.stop_network()
        run("ip", "link", "add", self.bridge, "type", "bridge")
        run("ip", "addr", "add", f"{self.network}.1/24", "dev", self.bridge)
        run("ip", "link", "set", self.bridge, "up")
        for rule in self._rules("-I"):
            run(*rule)
        self.start_daemon()

    def start_daemon(self):
        # Of a containerd that was killed: it would be taken for one that runs until somebody reaps it.
        (self.root / "exec" / "containerd" / "containerd.pid").unlink(missing_ok=True)
        self.daemon = Background(
            ["dockerd", "--data-root", self.root / "data", "--exec-root", self.root / "exec",
             "--host", f"unix://{self.socket}", "--pidfile", self.root / "docker.pid",
             "--bridge", self.bridge, "--iptables=false", "--ip6tables=false"],
            self.root / "dockerd.log", os.environ)
        self.daemon.wait_ready(self._answers, "dockerd")

    def stop(self):
        if self.daemon:
            self.daemon.stop()
        self.stop_network()

    @classmethod
    def stop_network(cls):
        """Removes also what a suite left that was killed."""
        for command in [*cls._rules("-D"), ["ip", "link", "del", cls.bridge]]:
            subprocess.run(command, capture_output=True, check=False)

    def _answers(self):
        asked = subprocess.run(
            ["docker", "version"], capture_output=True, check=False, env=os.environ | self.environment)
        return asked.returncode == 0

    @classmethod
    def _rules(cls, action):
        return [
            ["iptables", "-w", "-t", "nat", action, "POSTROUTING", "-s", f"{cls.network}.0/24",
             "!", "-o", cls.bridge, "-j", "MASQUERADE"],
            ["iptables", "-w", action, "FORWARD", "-i", cls.bridge, "-j", "ACCEPT"],
            ["iptables", "-w", action, "FORWARD", "-o", cls.bridge, "-j", "ACCEPT"],
        ]


class Podman:
    """Storage, caches and addresses for podman and buildah apart from the machine's own."""

    def __init__(self, work):
        self.root = work / "podman"
        for name in ("networks", "tmp"):
            (self.root / name).mkdir(parents=True)
        (self.root / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\n'
            f'graphroot = "{self.root}/storage"\nrunroot = "{self.root}/run"\n')
        (self.root / "containers.conf").write_text(
            f'[network]\nnetwork_config_dir = "{self.root}/networks"\ndefault_subnet = "10.249.18.0/24"\n'
            f'[engine]\ntmp_dir = "{self.root}/libpod"\n')

    @property
    def environment(self):
        return {
            "CONTAINERS_STORAGE_CONF": str(self.root / "storage.conf"),
            "CONTAINERS_CONF": str(self.root / "containers.conf"),
            # buildah keeps its cache mounts below it.
            "TMPDIR": str(self.root / "tmp"),
        }

    def load(self, docker, reference):
        """Takes an image over from Docker."""
        archive = self.root / "image.tar"
        run("docker", "save", "-o", archive, reference, env=os.environ | docker.environment)
        run("podman", "load", "-q", "-i", archive, env=os.environ | self.environment)
        archive.unlink()

    def stop(self):
        """Unmounts what containers left, so that the folder can be removed."""
        environment = os.environ | self.environment
        for command in (["podman", "rm", "-fa", "-t", "0"], ["podman", "umount", "-fa"]):
            subprocess.run(command, capture_output=True, check=False, env=environment)


def docker_without_buildkit(work):
    """A docker command that knows only the old builder, as clients of version 23 and later do without buildx."""
    path = pathlib.Path(work) / "legacy" / "docker"
    path.parent.mkdir()
    path.write_text('#!/bin/sh\nDOCKER_BUILDKIT=0 exec docker "$@"\n')
    path.chmod(0o755)
    return path


def docker_that_can_wait(folder):
    """A docker command whose answer about its version takes as long as the file `wait` stands beside it."""
    path = pathlib.Path(folder) / "docker"
    path.parent.mkdir(parents=True)
    path.write_text(
        '#!/bin/sh\nwhile [ "$1" = version ] && [ -e "${0%/*}/wait" ]; do sleep 0.1; done\nexec docker "$@"\n')
    path.chmod(0o755)
    return path
