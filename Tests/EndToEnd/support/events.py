"""A reader of event streams, as browsers are: it goes on where it stopped."""

import json
import time

import requests

from support.slipway import BASE


class Lost(Exception):
    """The stream ended without its last event."""


def open_stream(slipway, path, last_id=None, user=None, encoding="gzip, deflate, br", **query):
    """The answer to a request for a stream, whose body is not read yet; asked for as browsers do."""
    session = requests.Session()
    session.trust_env = False
    headers = {"Accept-Encoding": encoding} | ({"Last-Event-ID": last_id} if last_id else {})
    return session.get(
        slipway.url + BASE + path, auth=user or slipway.admin, headers=headers, params=query, stream=True, timeout=40)


def read(answer):
    """Yields (name, id, data) of each event, and (None, None, text) of each comment."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    fields = {}
    rest = b""
    try:
        for chunk in answer.iter_content(None):
            rest += chunk
            *lines, rest = rest.split(b"\n")
            for line in lines:
                if line.startswith(b":"):
                    yield None, None, line[1:].decode().strip()
                elif line:
                    name, _, value = line.decode().partition(": ")
                    fields[name] = value
                else:
                    if "event" in fields:
                        yield fields["event"], fields["id"], json.loads(fields["data"])
                    fields = {}
    except (requests.RequestException, AttributeError) as error:
        raise Lost from error


class Follower:
    """Follows one build to its end over any number of connections, and keeps what it was told."""

    def __init__(self, slipway, build_id):
        self.slipway = slipway
        self.build_id = build_id
        self.log = b""
        self.statuses = []
        self.last_id = None
        self.connections = 0
        self.reason = None

    def follow(self, seconds=120):
        """Returns at the end of the build."""
        end = time.monotonic() + seconds
        while self.reason is None:
            assert time.monotonic() < end, f"no end of {self.build_id}'s events"
            self.connections += 1
            try:
                with open_stream(self.slipway, f"/{self.build_id}/events", self.last_id) as answer:
                    if answer.status_code in (502, 503):
                        raise Lost
                    for event in read(answer):
                        self.take(*event)
            except (Lost, requests.RequestException):
                pass
            if self.reason is None:
                time.sleep(0.05)
        return self

    def take(self, name, event_id, data):
        if name is None:
            return
        self.last_id = event_id
        if name == "log":
            text = data["text"].encode()
            assert data["offset"] == len(self.log), "bytes were lost or told twice"
            assert len(text) == data["length"]
            self.log += text
        elif name == "status":
            self.statuses.append(data)
        elif name == "eof":
            self.reason = data["reason"]
