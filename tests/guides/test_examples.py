"""The folders of examples/, run as their pages say, with endpoints of the test's own."""
import http.server
import json
import pathlib
import shutil
import threading

import pytest

from support import aws
from support.firn import firn

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"


class Endpoint(http.server.BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.calls.append({"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body})
        answer = b'{"access_token": "t1", "expires_in": 3600}' if self.path.endswith("/token") else b"{}"
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_PATCH = answer  # noqa: N815

    def log_message(self, *_):
        pass


@pytest.fixture
def endpoint():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    server.calls = []
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def copy(name, tmp_path):
    return pathlib.Path(shutil.copytree(EXAMPLES / name, tmp_path / name))


def run(folder, **environment):
    environment = {"FIRN_CLIENT_ID": "abc", **environment}
    checked = firn("events", "rules", "check", cwd=folder, **environment)
    assert checked.code == 0, checked
    done = firn("events", "put", "events.jsonl", "--json", cwd=folder, **environment)
    assert done.code == 0, (done, firn("events", "dlq", "list", cwd=folder, **environment))
    return done.json()


def test_order_closed_goes_to_fulfilment(tmp_path):
    folder = copy("order-closed", tmp_path)
    with aws.elasticmq(tmp_path) as url:
        sqs = aws.client("sqs", url)
        queue = sqs.create_queue(QueueName="fulfilment.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        totals = run(folder, AWS_ACCOUNT_ID="000000000000", **aws.environment(all=url))
        [message] = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert totals["delivered"] == 2
    assert json.loads(message["Body"]) == {
        "order": "006000000000001AAA", "closedBy": "005000000000001AAA", "closedAt": "2026-11-26T02:00:00Z",
        "event": "b1d2f6a4-0c7e-4d0f-9a53-6f1f0e9c0001"}
    rows = firn("lake", "rows", "salesforce.order_events", "--json", cwd=folder, FIRN_CLIENT_ID="abc")
    [row] = [json.loads(line)["row"] for line in rows.out.splitlines()]
    assert row["record_id"] == "006000000000001AAA" and json.loads(row["input"])["StageName"] == "Closed Won"


def test_case_escalated_goes_to_pagerduty_and_slack(tmp_path, endpoint):
    folder = copy("case-escalated", tmp_path)
    destination = folder / "destinations/pagerduty.json"
    destination.write_text(destination.read_text().replace("https://events.pagerduty.com", endpoint.url))
    run(folder, PAGERDUTY_ROUTING_KEY="R0UT1NG", SLACK_WEBHOOK_URL=f"{endpoint.url}/services/T/B/x")
    calls = {call["path"]: json.loads(call["body"]) for call in endpoint.calls}
    assert calls == {
        "/v2/enqueue": {"routing_key": "R0UT1NG", "event_action": "trigger", "dedup_key": "500000000000001AAA",
                        "payload": {"summary": "case 500000000000001AAA is escalated", "severity": "critical",
                                    "source": "aws.partner/salesforce.com/00D000000000001EAA/CaseChangeEvent"}},
        "/services/T/B/x": {"text": "Case 500000000000001AAA is escalated."}}


def test_opportunity_updated_goes_to_the_finance_system(tmp_path, endpoint):
    folder = copy("opportunity-updated", tmp_path)
    run(folder, FINANCE_URL=endpoint.url, FINANCE_CLIENT_SECRET="s3cret")
    token, call = endpoint.calls
    assert token["path"] == "/oauth/token" and "client_secret=s3cret" in token["body"]
    assert (call["method"], call["path"]) == ("PATCH", "/opportunities/006000000000001AAA")
    assert call["headers"]["Authorization"] == "Bearer t1"
    assert call["headers"]["Idempotency-Key"] == "d3d2f6a4-0c7e-4d0f-9a53-6f1f0e9c0001"
    assert call["body"] == '{"amount":125000.50,"changedAt":"2026-11-26T02:00:00Z"}'


def test_what_an_endpoint_refuses_is_kept_without_its_key(tmp_path, endpoint):
    folder = copy("case-escalated", tmp_path)
    destination = folder / "destinations/pagerduty.json"
    destination.write_text(destination.read_text().replace("https://events.pagerduty.com", endpoint.url))
    environment = {"FIRN_CLIENT_ID": "abc", "PAGERDUTY_ROUTING_KEY": "R0UT1NG",
                   "SLACK_WEBHOOK_URL": "http://127.0.0.1:9/services/T0PS3CRET"}
    done = firn("events", "put", "events.jsonl", "--json", cwd=folder, **environment)
    assert done.code == 1 and done.json()["waiting"] == 1, done
    why = firn("events", "why", "c2d2f6a4", cwd=folder, **environment)
    assert "waiting" in why.out and "T0PS3CRET" not in why.out + why.err + done.out + done.err, why
