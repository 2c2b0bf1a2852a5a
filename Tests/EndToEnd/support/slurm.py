"""A Slurm of the suite's own: munged, a controller and nodes, all on this machine's loopback."""

import os
import pathlib
import signal
import socket
import subprocess

from support.processes import Background, command_lines, free_port, kill, run, wait_until


class Slurm:
    """Each node has one processor, so it runs one job."""

    def __init__(self, folder, nodes):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        (self.folder / "state").mkdir()
        self.nodes = {node: free_port() for node in nodes}
        self.key = self.folder / "munge.key"
        self.key.touch(mode=0o600)
        self.key.write_bytes(os.urandom(128))
        self.configuration = self.folder / "slurm.conf"
        self.configuration.write_text(self._configuration())
        self.environment = os.environ | {"SLURM_CONF": str(self.configuration)}
        self.processes = {}

    def _configuration(self):
        host = socket.gethostname()
        return "\n".join([
            "ClusterName=slipway", f"SlurmctldHost={host}(127.0.0.1)", f"SlurmctldPort={free_port()}", "SlurmUser=root",
            f"AuthInfo=socket={self.folder}/munge.socket", "ProctrackType=proctrack/linuxproc", "TaskPlugin=task/none",
            "SwitchType=switch/none", "MpiDefault=none", "JobAcctGatherType=jobacct_gather/none",
            "SelectType=select/cons_tres", "ReturnToService=2", "SlurmdTimeout=5", "KillWait=10",
            f"StateSaveLocation={self.folder}/state", f"SlurmctldPidFile={self.folder}/slurmctld.pid",
            f"SlurmdSpoolDir={self.folder}/spool-%n", f"SlurmdPidFile={self.folder}/%n.pid",
            *(f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=1 State=UNKNOWN"
              for node, port in self.nodes.items()),
            f"PartitionName=builds Nodes={','.join(self.nodes)} Default=YES MaxTime=INFINITE", ""])

    def _start(self, name, *argv):
        self.processes[name] = Background(argv, self.folder / f"{name}.log", self.environment)

    def start(self):
        # munged would rather not run as root, nor in a folder that others cannot enter; here nobody else has to.
        self._start(
            "munged", "munged", "--foreground", "--force", f"--key-file={self.key}",
            f"--socket={self.folder}/munge.socket", f"--pid-file={self.folder}/munged.pid",
            f"--seed-file={self.folder}/munge.seed", f"--log-file={self.folder}/munged.own.log")
        wait_until((self.folder / "munge.socket").exists, "munged's socket", 10)
        self.start_controller()
        for node in self.nodes:
            self.start_node(node)
        self.wait_idle()

    def start_controller(self):
        self._start("slurmctld", "slurmctld", "-D")

    def stop_controller(self):
        self.processes["slurmctld"].stop()

    def start_node(self, node):
        self._start(node, "slurmd", "-D", "-N", node)

    def kill_node(self, node):
        """The daemon alone: what it started goes on."""
        self.processes[node].stop(signal.SIGKILL)

    def wait_idle(self):
        def idle():
            asked = subprocess.run(
                ["sinfo", "--noheader", "--Node", "--format=%t"], capture_output=True, text=True, check=False,
                env=self.environment)
            return set(asked.stdout.split()) == {"idle"}
        wait_until(idle, "idle nodes", 60, pause=0.2)

    def command(self, *argv):
        return run(*argv, env=self.environment)

    def node_of(self, job):
        return self.command("squeue", "--noheader", f"--jobs={job}", "--format=%N").strip()

    def stop(self):
        for pid in self._steps():
            kill(pid)
        for process in reversed(self.processes.values()):
            process.stop(seconds=10)

    def _steps(self):
        """The daemons beside jobs, which outlive their nodes' where the controller is away."""
        for pid, words in command_lines():
            if words and words[0].startswith("slurmstepd: ["):
                try:
                    output = os.readlink(f"/proc/{pid}/fd/2")
                except OSError:
                    continue
                if output.startswith(f"{self.folder.parent}/"):
                    yield pid
