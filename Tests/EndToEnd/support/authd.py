"""slipway-authd, its callers, and the system's users and PAM services that it is asked about."""

import ctypes
import os
import pathlib
import pickle
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import time

from support.processes import Background, children, is_alive, run

PAM = pathlib.Path("/etc/pam.d")
ANSWERS = {1: "accepted", 2: "refused", 3: "expired", 4: "denied", 5: "unavailable", 6: "busy", 7: "malformed"}


def frame(user, password, address="192.0.2.7"):
    """A request; bytes are taken as they are, whether they may be sent or not."""
    user, password, address = (
        text.encode() if isinstance(text, str) else text for text in (user, password, address))
    head = b"SLPA\1\0" + struct.pack(">HHH", len(user), len(password), len(address)) + bytes(4)
    return (head + user + password + address).ljust(1024, b"\0")


class Caller:
    """One connection to slipway-authd."""

    def __init__(self, path, seconds=20):
        self.socket = socket.socket(socket.AF_UNIX)
        # Without a limit: with one it would not wait for a place in a full queue.
        self.socket.connect(str(path))
        self.socket.settimeout(seconds)

    def send(self, content):
        """What nobody reads any more is no matter: there may be an answer all the same."""
        try:
            self.socket.sendall(content)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self

    def close(self):
        self.socket.close()

    def answer(self):
        """The outcome's name, or None where the connection ended without one."""
        content = b""
        try:
            while part := self.socket.recv(64):
                content += part
        except ConnectionResetError:
            pass
        self.close()
        if not content:
            return None
        assert len(content) == 16 and content[:5] == b"SLPA\1" and not any(content[6:]), content
        return ANSWERS[content[5]]


class Authd:
    """A slipway-authd of its own, in a folder that every user can reach."""

    def __init__(self, binary, folder, service, *options, wrapper=()):
        """`wrapper` is a command that starts it in its own place."""
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        self.folder.chmod(0o755)
        self.path = self.folder / "socket"
        self.command = [*wrapper, binary, "--socket", self.path, "--service", service, *options]
        self.starts = 0
        self.start()

    def start(self):
        self.starts += 1
        self.process = Background(self.command, self.folder / "authd.log", os.environ)
        self.process.wait_ready(lambda: self.log.count("authd: started") == self.starts, "slipway-authd", 20)
        self.pid = self.process.pid
        return self

    @property
    def log(self):
        return self.process.tail(1 << 24)

    def ask(self, *request):
        return Caller(self.path).send(frame(*request)).answer()

    def timed(self, *request):
        caller = Caller(self.path)
        begin = time.monotonic()
        answer = caller.send(frame(*request)).answer()
        return answer, time.monotonic() - begin

    def attempts(self):
        return children(self.pid)

    def stop(self):
        status = self.process.stop()
        assert not is_alive(self.pid)
        return status


class Users:
    """Real users of this system, gone at the end."""

    def __init__(self):
        self.names = []

    def add(self, name, password, *options):
        subprocess.run(["userdel", name], capture_output=True, check=False)
        self.names.append(name)
        run("useradd", "--no-create-home", "--user-group", "--shell", "/usr/sbin/nologin", *options, name)
        run("chpasswd", input=f"{name}:{password}\n")

    def remove(self):
        for name in self.names:
            run("userdel", name)


class Services:
    """PAM services that this system does not have otherwise."""

    def __init__(self):
        self.names = []

    def add(self, name, text):
        path = PAM / name
        path.write_text(text)
        path.chmod(0o644)
        self.names.append(name)
        return name

    def remove(self):
        for name in self.names:
            (PAM / name).unlink()


def program(name):
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    assert found, f"there is no {name}"
    return found


def as_user(user, group, groups, body):
    """What `body` returns, or the name of the exception that it raises, in a process with these ids."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups(groups)
            os.setresgid(group, group, group)
            os.setresuid(user, user, user)
            result = body()
        except BaseException as error:
            result = type(error).__name__
        os.write(writer, pickle.dumps(result))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        content = stream.read()
    os.waitpid(child, 0)
    return pickle.loads(content)


def zombies(pid):
    """Children that have ended and were not waited for."""
    return [entry for entry in pathlib.Path("/proc").glob("[0-9]*/stat")
            if re.search(rf"\) Z {pid} ", _text(entry))]


def _text(path):
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def memory(pid):
    """All that a process has written anywhere in its memory."""
    content = b""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as stream:
        for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
            if " rw-p " in line and "[v" not in line:
                begin, end = (int(number, 16) for number in line.split()[0].split("-"))
                stream.seek(begin)
                content += stream.read(end - begin)
    return content


class _Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class _Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


_CONVERSATION = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.POINTER(_Message)),
    ctypes.POINTER(ctypes.POINTER(_Response)), ctypes.c_void_p)


class _Callbacks(ctypes.Structure):
    _fields_ = [("conversation", _CONVERSATION), ("data", ctypes.c_void_p)]


def authenticate_directly(service, user, password):
    """Whether libpam itself takes the password from this very process."""
    pam, libc = ctypes.CDLL("libpam.so.0"), ctypes.CDLL("libc.so.6")
    libc.calloc.restype = libc.strdup.restype = ctypes.c_void_p

    @_CONVERSATION
    def conversation(count, _messages, responses, _data):
        room = ctypes.cast(libc.calloc(count, ctypes.sizeof(_Response)), ctypes.POINTER(_Response))
        for index in range(count):
            room[index].text = libc.strdup(password.encode())
        responses[0] = room
        return 0

    handle = ctypes.c_void_p()
    callbacks = _Callbacks(conversation, None)
    assert pam.pam_start(service.encode(), user.encode(), ctypes.byref(callbacks), ctypes.byref(handle)) == 0
    code = pam.pam_authenticate(handle, 0)
    pam.pam_end(handle, code)
    return code == 0
