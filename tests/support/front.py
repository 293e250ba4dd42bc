"""A door before an HTTP service that looks at each request and may answer in its place, or change the answer."""

import contextlib
import http.client
import threading
import urllib.parse

from support.local_http import LocalHttp

HOP = ("connection", "content-length", "transfer-encoding", "date", "server", "keep-alive")


class Request:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body

    def header(self, name, otherwise=""):
        return next((value for key, value in self.headers if key.lower() == name.lower()), otherwise)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


class Front(LocalHttp):
    """`on_request(request)` may change the request's path and headers, and answers itself by returning an Answer;
    `on_answer(request, answer)` may change the answer. Both run on the server's threads, one at a time."""

    def __init__(self, target, on_request=None, on_answer=None):
        super().__init__()
        self.target = urllib.parse.urlsplit(target)
        self.on_request, self.on_answer = on_request, on_answer
        self.seen = []
        self.lock = threading.Lock()

    def handle(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        request = Request(handler.command, handler.path, list(handler.headers.items()), body)
        with self.lock:
            self.seen.append((request.method, request.path))
            answer = self.on_request(request) if self.on_request else None
        if answer is None:
            answer = self.passed_on(request)
            if self.on_answer:
                with self.lock:
                    self.on_answer(request, answer)
        length = len(answer.body)
        if request.method == "HEAD":
            length = next((value for name, value in answer.headers if name.lower() == "content-length"), 0)
        with contextlib.suppress(ConnectionError):
            handler.send_response(answer.status)
            for name, value in answer.headers:
                if name.lower() not in HOP:
                    handler.send_header(name, value)
            if answer.status not in (204, 304):
                handler.send_header("Content-Length", str(length))
            handler.end_headers()
            if request.method != "HEAD":
                handler.wfile.write(answer.body)

    def passed_on(self, request):
        connection = http.client.HTTPConnection(self.target.hostname, self.target.port, timeout=120)
        try:
            connection.request(request.method, self.target.path + request.path, body=request.body or None, headers={
                name: value for name, value in request.headers if name.lower() not in ("connection", "keep-alive")})
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()
