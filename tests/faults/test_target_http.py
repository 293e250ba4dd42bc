"""Rules whose target is an HTTP endpoint that throttles, fails, falls silent or breaks off, and events that cannot be sent.

What could go wrong in production: an endpoint that asks to wait is called all the same; an answer that was cut short counts
as taken; one event that no request can carry holds up those behind it, or adds a header of its own.
"""
import json
import threading
import time

import pytest

from support.local_http import LocalHttp
from support.rules import RuleProject, change

RETRY_AFTER = 2


class Endpoint(LocalHttp):
    """Fails its first call in the way asked for, and takes what comes then."""

    def __init__(self, fails=None):
        super().__init__()
        self.fails = fails
        self.calls = []  # (when, path, headers, body)
        self.over = threading.Event()

    def __exit__(self, *_):
        self.over.set()
        super().__exit__()

    def handle(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        self.calls.append((time.monotonic(), handler.path, dict(handler.headers), body))
        fails, self.fails = self.fails, None
        if fails == "silence":
            self.over.wait()
            return
        if fails == "half":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"taken\":")
            handler.close_connection = True
            return
        handler.send_response({"429": 429, "500": 500}.get(fails, 200))
        if fails == "429":
            handler.send_header("Retry-After", str(RETRY_AFTER))
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def bodies(self):
        return [json.loads(body) for *_, body in self.calls]


@pytest.fixture
def project(tmp_path):
    return RuleProject(tmp_path / "project")


def send_to(project, endpoint, path="/hook", **target):
    (project.folder / "destinations").mkdir(exist_ok=True)
    (project.folder / "destinations/shop.json").write_text(json.dumps({
        "InvocationEndpoint": endpoint.url + path, "HttpMethod": "POST", "Connection": {"AuthorizationType": "NONE"}}))
    project.rule("all", [{"Id": "h", "Arn": "firn:api-destination/shop", "InputPath": "$.detail.payload.n", **target}])


@pytest.mark.parametrize("fails", ["429", "500", "half", "silence"])
def test_an_endpoint_that_fails_gets_the_event_again_and_nothing_is_lost(project, fails):
    with Endpoint(fails) as endpoint:
        send_to(project, endpoint, DeliveryParameters={"TimeoutSeconds": 2} if fails == "silence" else {})
        done = project.put([change(1, n=1), change(2, record="006000000000002AAA", n=2)], "--wait", "5m")
        assert done.code == 0 and done.json()["delivered"] == 2 and done.json()["failed"] >= 1, done
        assert project.letters() == []
    assert set(endpoint.bodies()) == {1, 2} and len(endpoint.calls) >= 3
    if fails == "429":
        # The lane asks as one: neither event is sent before the time is over, but for a call that was under way.
        times = sorted(when for when, *_ in endpoint.calls)
        assert times[-1] - times[0] >= RETRY_AFTER


def test_parts_of_the_event_go_into_path_headers_and_query(project):
    with Endpoint() as endpoint:
        send_to(project, endpoint, "/orders/*/lines/*", HttpParameters={
            "PathParameterValues": ["$.detail.payload.Id", "first"], "HeaderParameters": {"X-Type": "$.detail-type", "X-By": "firn"},
            "QueryStringParameters": {"n": "$.detail.payload.n", "name": "$.detail.payload.Name"}})
        assert project.put([change(1, n=1, Id="a/b c", Name="Zoë & Co")]).code == 0
    [(_, path, headers, body)] = endpoint.calls
    assert path == "/orders/a%2Fb%20c/lines/first?n=1&name=Zo%C3%AB%20%26%20Co"
    assert headers["X-Type"] == "OpportunityChangeEvent" and headers["X-By"] == "firn" and body == b"1"


def test_a_text_with_line_breaks_becomes_no_header_and_holds_up_nobody(project):
    with Endpoint() as endpoint:
        send_to(project, endpoint, HttpParameters={"HeaderParameters": {"X-Name": "$.detail.payload.Name"}})
        done = project.put([change(1, n=1, Name="Ada"), change(2, n=2, Name="A\r\nX-Admin: yes"), change(3, n=3, Name="Bob")])
        assert done.code == 1 and done.json()["dead"] == 1 and done.json()["delivered"] == 2, done
    assert sorted(endpoint.bodies()) == [1, 3]
    assert all("X-Admin" not in headers for _, _, headers, _ in endpoint.calls)
    [letter] = project.letters()
    shown = project.firn("events", "dlq", "show", letter["letter"]).out
    assert letter["event_id"] == change(2)["id"] and "EVENT-HTTP-003" in shown and "Admin" not in shown, shown
