"""`firn run` follows an org's traffic for half an hour while things break: the daemon is killed, the org restarted,
streams reset, sessions ended, positions refused, answers late or wrong. At the end every row agrees, and the
rules' target has had every event.

The project is examples/opportunity-updated, with one more rule that counts. FIRN_SOAK_MINUTES (30),
FIRN_SOAK_RATE (changes a second, 4) and FIRN_SOAK_SEED; the result lands in bench/results/.
"""

import contextlib
import http.server
import json
import os
import pathlib
import platform
import random
import shutil
import signal
import threading
import time

from support.daemon import Daemon
from support.events import EventsProject
from support.firn import Sandbox
from support.ports import quiet_ports
from support.pubsub import Event, PubSub

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results"
MINUTES = float(os.environ.get("FIRN_SOAK_MINUTES", "30"))
RATE = float(os.environ.get("FIRN_SOAK_RATE", "4"))
SEED = int(os.environ.get("FIRN_SOAK_SEED", "20261126"))
OBJECTS = ("Account", "Contact", "Opportunity", "Case", "Lead")
# They are made of other records' fields too and send no events; `--refresh` is for them.
FORMULAS = {"Account": "RevenuePerEmployee__c", "Opportunity": "WeightedAmount__c, AccountName__c",
            "Case": "ContactEmail, ContactFax, ContactMobile, ContactPhone"}
ROWS = {"Account": 400, "Contact": 400, "Opportunity": 300, "Case": 300, "Lead": 300}
BETWEEN_FAULTS = (4, 20)  # seconds
STREAM = """\
events:
  - {{objects: [{objects}], commit_every: 1s, on_lost: backfill, lease: 2s}}
schedules:
  - {{name: tidy, job: maintain, when: rate(5 minutes)}}
daemon:
  listen: 127.0.0.1:0
  catalog: {{listen: 127.0.0.1:0}}
"""
HEADER = "$.detail.payload.ChangeEventHeader"
PUBSUB = "/eventbus.v1.PubSub/Subscribe*"
FAULTS = [
    {"effect": "stream_reset", "path": PUBSUB, "events": 5, "times": 1},
    {"effect": "stream_reset", "path": PUBSUB, "events": 40, "times": 1},
    {"effect": "status", "path": PUBSUB, "status": 503, "times": 3},
    {"effect": "replay_refused", "path": PUBSUB, "times": 1},
    {"effect": "expire_tokens", "path": "*/query*", "times": 1},
    {"effect": "status", "path": "/services/data/*", "status": 500, "times": 2},
    {"effect": "status", "path": "/services/oauth2/*", "status": 503, "times": 2},
    {"effect": "delay", "path": "/services/data/*", "ms": 1500, "times": 5},
    {"effect": "drop", "path": "/services/data/*", "at_byte": 100, "times": 1},
]
POINTS = ["events.table.before_commit", "events.table.committed", "events.cycle.settling", "events.cycle.settled",
          "events.cursor.saved", "events.outbox.after_commit", "events.target.after_call",
          "lake.commit.after_data", "lake.commit.after_metadata", "lake.commit.before_catalog",
          "lake.commit.after_catalog"]


class Endpoint(http.server.BaseHTTPRequestHandler):
    """The finance system, and a counter of events; sometimes it fails."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        with self.server.lock:
            self.server.calls += 1
            fail = self.server.chance.random() < 0.02
            if self.path == "/seen" and not fail:
                told = json.loads(body)
                self.server.seen.append((told["record"][:15], told["type"], told["at"]))
        answer = b'{"access_token": "t1", "expires_in": 3600}' if self.path.endswith("/token") else b"{}"
        self.send_response(503 if fail else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_PATCH = answer  # noqa: N815

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def endpoint():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    server.calls, server.seen, server.lock, server.chance = 0, [], threading.Lock(), random.Random(SEED)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Org:
    """A sandbox that keeps its ports when it is started again, and its traffic."""

    def __init__(self, folder):
        self.folder = folder
        self.ports = quiet_ports(2)
        self.up()
        for name, rows in ROWS.items():
            self.sandbox.seed(name, rows)

    def up(self):
        self.sandbox = Sandbox(self.folder, seed=SEED, ports=self.ports)
        # A sign of life often: the end is known by it.
        self.sandbox.ask("POST", "events", {"keepalive_ms": 1000})

    def traffic(self, rate):
        if rate:
            self.sandbox.ask("POST", "traffic", {"per_second": rate, "seed": SEED})
        else:
            self.sandbox.ask("DELETE", "traffic")

    def restart(self, how):
        self.sandbox.process.send_signal(how)
        self.sandbox.process.wait(60)
        self.sandbox.log.close()
        self.up()


def project_of(folder, org, url):
    project = EventsProject(folder, org.sandbox, OBJECTS, more=STREAM.format(objects=", ".join(OBJECTS)),
                            formulas=FORMULAS)
    for name in ("rules", "destinations"):
        shutil.copytree(ROOT / "examples/opportunity-updated" / name, project.folder / name)
    (project.folder / "destinations/counter.json").write_text(json.dumps({
        "InvocationEndpoint": f"{url}/seen", "HttpMethod": "POST", "InvocationRateLimitPerSecond": 300,
        "Connection": {"AuthorizationType": "API_KEY", "AuthParameters": {
            "ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "${env:COUNTER_KEY}"}}}}))
    (project.folder / "rules/count.json").write_text(json.dumps({
        "EventPattern": {"detail-type": [f"{name}ChangeEvent" for name in OBJECTS]},
        "Targets": [{"Id": "counter", "Arn": "firn:api-destination/counter",
                     "InputTransformer": {
                         "InputPathsMap": {"record": f"{HEADER}.recordIds[0]", "type": f"{HEADER}.changeType",
                                           "at": f"{HEADER}.commitTimestamp"},
                         "InputTemplate": '{"record": <record>, "type": <type>, "at": <at>}'}}]}))
    return project


class Trouble:
    """What happens, by chance, and how often it did."""

    def __init__(self, org, project, environment):
        self.org, self.project, self.environment = org, project, environment
        self.chance = random.Random(SEED)
        self.counts = {}
        self.daemon = self.start()

    def start(self, **more):
        return Daemon(self.project, **self.environment, **more).until_ready()

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1
        print(f"{time.strftime('%H:%M:%S')} {what}", flush=True)

    def kill(self):
        self.count("daemon killed -9")
        self.daemon.end(signal.SIGKILL)
        self.daemon = self.start()

    def kill_at_a_point(self):
        point = self.chance.choice(POINTS)
        assert self.daemon.end() == 0, self.daemon.log_path.read_text()[-4000:]
        dying = Daemon(self.project, FIRN_FAULT_POINT=f"{point}:{self.chance.randint(1, 4)}", **self.environment)
        end = time.monotonic() + 20
        while dying.process.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
        self.count(f"killed at {point}" if dying.process.poll() is not None else "fault point not passed")
        dying.end(signal.SIGKILL)
        self.daemon = self.start()

    def stop(self):
        self.count("daemon stopped")
        assert self.daemon.end() == 0
        self.daemon = self.start()

    def fault(self):
        fault = self.chance.choice(FAULTS)
        self.count(f"{fault['effect']} {fault['path'].split('/')[-1]}")
        self.org.sandbox.fault(**fault)

    def restart_org(self):
        how = self.chance.choice([signal.SIGTERM, signal.SIGKILL])
        self.count(f"org restarted after {how.name}")
        self.org.restart(how)
        self.org.traffic(RATE)

    def one(self):
        self.chance.choices([self.fault, self.kill, self.kill_at_a_point, self.stop, self.restart_org],
                            [60, 14, 14, 4, 8])[0]()
        assert self.daemon.process.poll() is None, self.daemon.log_path.read_text()[-4000:]


def told_by(sandbox):
    """Every change event that the org keeps, by record, kind and time: read by another client."""
    told = set()
    with PubSub(sandbox) as client, client.subscribe("/data/ChangeEvents", replay_preset=1) as stream:
        while consumers := stream.response().events:
            for consumer in consumers:
                header = Event(consumer, client.schema(consumer.event.schema_id)).header
                if header["entityName"] in OBJECTS:
                    told |= {(record[:15], header["changeType"], header["commitTimestamp"])
                             for record in header["recordIds"]}
            stream.fetch(len(consumers))
    return told


def let_settle(trouble, server):
    """The traffic has ended: waits until the stream has had a sign of life after it and nothing waits."""
    daemon = trouble.daemon
    trouble.org.sandbox.clear()

    def quiet():
        status = daemon.status()
        [stream] = status["streams"]
        return (stream["state"] == "following" and stream["lag_seconds"] is not None and stream["lag_seconds"] < 5
                and status["rules"]["deliveries_waiting"] == 0 and (stream["events"], len(server.seen)))

    last, since = None, time.monotonic()
    end = time.monotonic() + 300
    while time.monotonic() - since < 10:
        now = quiet()
        if not now or now != last:
            last, since = now, time.monotonic()
        assert time.monotonic() < end, (daemon.status(), daemon.log_path.read_text()[-4000:])
        time.sleep(0.5)


def usage(daemon):
    metrics = dict(line.rsplit(" ", 1) for line in daemon.get("/metrics")[1].splitlines() if line[:1] != "#")
    return float(metrics["process_resident_memory_bytes"]) / 2**20


def test_half_an_hour_of_traffic_with_faults_ends_with_every_row_equal(tmp_path):
    print("seed", SEED)
    load = os.getloadavg()
    began = time.monotonic()
    peak_mib = 0.0
    with endpoint() as server:
        url = f"http://127.0.0.1:{server.server_port}"
        org = Org(tmp_path / "org")
        project = project_of(tmp_path / "project", org, url)
        environment = {"FINANCE_URL": url, "FINANCE_CLIENT_SECRET": "s3cret", "COUNTER_KEY": "k"}
        checked = project.firn("events", "rules", "check", **environment)
        assert checked.code == 0, checked
        exported = project.export(*OBJECTS)
        assert exported.code == 0, exported
        trouble = Trouble(org, project, environment)
        try:
            org.traffic(RATE)
            end = time.monotonic() + MINUTES * 60
            while time.monotonic() < end:
                time.sleep(trouble.chance.uniform(*BETWEEN_FAULTS))
                trouble.one()
                peak_mib = max(peak_mib, usage(trouble.daemon))
            org.traffic(0)
            let_settle(trouble, server)
            events = {name: project.events_in(name) for name in OBJECTS}
            told = told_by(org.sandbox)
            peak_mib = max(peak_mib, usage(trouble.daemon))
            assert trouble.daemon.end() == 0
            verified = {name: project.deep(name) for name in OBJECTS}
            backfills = sum("reading again what changed" in line.get("text", "")
                            for line in trouble.daemon.lines())
        finally:
            if trouble.daemon.process.poll() is None:
                trouble.daemon.end()
            org.sandbox.stop()
        for name, outcome in verified.items():
            assert outcome["missing"] == outcome["extra"] == outcome["differs"] == 0, (name, outcome)
        seen = set(server.seen)
        assert told <= seen, sorted(told - seen)[:10]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "daemon_soak.json").write_text(json.dumps({
        "command": f"FIRN_SOAK_MINUTES={MINUTES:g} FIRN_SOAK_RATE={RATE:g} ./dev soak", "seed": SEED,
        "machine": platform.machine(), "cpus": os.cpu_count(), "load_at_start": load,
        "load_at_end": os.getloadavg(), "minutes_of_traffic": MINUTES, "changes_per_second": RATE,
        "seconds_in_all": round(time.monotonic() - began), "trouble": trouble.counts, "backfills": backfills,
        "events_into_tables": events, "rule_deliveries": len(server.seen),
        "events_the_org_tells": len(told), "events_the_rule_delivered": len(seen),
        "peak_resident_mib": round(peak_mib, 1),
        "rows_equal": {name: outcome["same"] for name, outcome in verified.items()}, "rows_different": 0},
        indent=1) + "\n")
