"""A door before an AWS service that fails on purpose: answers 503, loses answers, is slow, says that the
credentials have expired."""

import contextlib
import http.client
import threading
import time
import urllib.parse

from support.local_http import LocalHttp

ERROR = ('<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>made for a test</Message>'
         "<RequestId>test</RequestId></Error>")


class Door(LocalHttp):
    """Requests pass to `target`; the first fault that fits takes its turn `times` times.

    effect: `status` with `status` and `code`; `lost` (done, but not answered); `cut` (not done, connection
    closed); `slow` with `seconds`."""

    def __init__(self, target):
        super().__init__()
        self.target = urllib.parse.urlsplit(target)
        self.faults = []
        self.seen = []
        self.bodies = []  # of POST requests
        self.struck = []
        self.lock = threading.Lock()

    def fault(self, effect, method="*", part="", times=1, after=0, **more):
        with self.lock:
            self.faults.append({"effect": effect, "method": method, "part": part, "times": times,
                                "after": after, **more})

    def clear(self):
        with self.lock:
            self.faults.clear()
            self.struck.clear()

    def choose(self, method, path):
        with self.lock:
            self.seen.append((method, path))
            for fault in self.faults:
                if fault["times"] == 0 or fault["method"] not in ("*", method) or fault["part"] not in path:
                    continue
                if fault["after"] > 0:
                    fault["after"] -= 1
                    continue
                fault["times"] -= 1
                self.struck.append(fault["effect"])
                return fault
        return None

    def handle(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        if request.command == "POST":
            with self.lock:
                self.bodies.append(body)
        fault = self.choose(request.command, request.path)
        effect = fault["effect"] if fault else ""
        if effect == "cut":
            request.close_connection = True
            return
        if effect == "status":
            self.answer(request, fault["status"], {"Content-Type": "application/xml"},
                        ERROR.format(code=fault["code"]).encode())
            return
        if effect == "slow":
            time.sleep(fault["seconds"])
        connection = http.client.HTTPConnection(self.target.hostname, self.target.port, timeout=120)
        headers = {name: value for name, value in request.headers.items() if name.lower() != "connection"}
        connection.request(request.command, request.path, body=body, headers=headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if effect == "lost":
            request.close_connection = True
            return
        self.answer(request, answer.status, dict(answer.getheaders()), text)

    @staticmethod
    def answer(request, status, headers, body):
        request.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                request.send_header(name, value)
        length = headers.get("Content-Length", len(body)) if request.command == "HEAD" else len(body)
        request.send_header("Content-Length", str(length))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)


@contextlib.contextmanager
def before(environment):
    """The door, and the environment of a client that goes through it."""
    with Door(environment["AWS_ENDPOINT_URL"]) as door:
        yield door, {**environment, "AWS_ENDPOINT_URL": door.url}
