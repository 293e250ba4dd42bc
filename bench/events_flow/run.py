"""`firn events follow` as a whole: how long a change takes to an HTTP target, how many events a second go into a followed
table and one target, what it uses while nothing happens, and whether its memory grows with the events.

Sandbox, Firn, the target and the writer share the machine. `FIRN_BENCH_PARTS=latency,flow,idle,memory` chooses;
`FIRN_BENCH_EVENTS`, `FIRN_BENCH_PUT` and `FIRN_BENCH_SECONDS` set the sizes.

    ./dev bench events_flow
"""
import http.server
import json
import os
import pathlib
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests"))
os.environ.setdefault("FIRN_BIN", str(pathlib.Path(__file__).resolve().parents[2] / "build/release/bin/firn"))
from common import RESULTS, Machine, load, record  # noqa: E402
from support.events import EventsProject  # noqa: E402
from support.firn import Sandbox, firn_environment, firn_path  # noqa: E402
from support.pubsub import PubSub  # noqa: E402
from support.rules import RuleProject  # noqa: E402

PARTS = os.environ.get("FIRN_BENCH_PARTS", "latency,flow,idle,memory").split(",")
EVENTS = int(os.environ.get("FIRN_BENCH_EVENTS", "100000"))
PUT = int(os.environ.get("FIRN_BENCH_PUT", "1000000"))
SECONDS = int(os.environ.get("FIRN_BENCH_SECONDS", "30"))
CHANGES_A_SECOND = 40
BEGAN_MS = int(time.time() * 1000)
ROWS = 2000


class Sink(http.server.BaseHTTPRequestHandler):
    """Notes when each mark came."""
    protocol_version = "HTTP/1.1"
    seen = {}

    def do_POST(self):
        now = time.monotonic()
        Sink.seen[json.loads(self.rfile.read(int(self.headers["Content-Length"])))] = now
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def rule(project, targets, pattern):
    (project.folder / "rules").mkdir(exist_ok=True)
    (project.folder / "rules/all.json").write_text(json.dumps({"EventPattern": pattern, "Targets": targets}))


def percent_of(pid, seconds):
    def used():
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    before = used()
    time.sleep(seconds)
    return 100 * (used() - before) / seconds


def resident_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def follow(project, *words):
    return subprocess.Popen([firn_path(), "events", "follow", "--json", *words], cwd=project.folder,
                            env=firn_environment(), stdout=subprocess.PIPE, text=True)


def latency(project, ids, client):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (project.folder / "destinations").mkdir(exist_ok=True)
    (project.folder / "destinations/sink.json").write_text(json.dumps({
        "InvocationEndpoint": f"http://127.0.0.1:{server.server_address[1]}/", "HttpMethod": "POST",
        "InvocationRateLimitPerSecond": 1000, "Connection": {"AuthorizationType": "NONE"}}))
    rule(project, [{"Id": "http", "Arn": "firn:api-destination/sink", "InputPath": "$.detail.payload.Site"}],
         {"detail": {"payload": {"Site": [{"prefix": "mark-"}]}}})
    follower = follow(project)
    client.update("Account", ids[0], Site="mark-first")
    while "mark-first" not in Sink.seen:
        time.sleep(0.01)
    answered, before, begun = {}, load(), time.monotonic()
    for number in range(SECONDS * CHANGES_A_SECOND):
        mark = f"mark-{number}"
        client.update("Account", ids[number % len(ids)], Site=mark)
        answered[mark] = time.monotonic()
        time.sleep(max(0, begun + (number + 1) / CHANGES_A_SECOND - time.monotonic()))
    while len(Sink.seen) <= len(answered):
        time.sleep(0.05)
    follower.send_signal(signal.SIGINT)
    follower.communicate(timeout=60)
    server.shutdown()
    waits = sorted(max(0, Sink.seen[mark] - at) for mark, at in answered.items())
    return {"changes": len(waits), "changes_a_second": round(len(waits) / (max(answered.values()) - begun), 1),
            "p50_ms": round(1000 * statistics.median(waits)), "p99_ms": round(1000 * waits[int(len(waits) * 0.99)]),
            "most_ms": round(1000 * waits[-1]), "load": [before, load()]}


def flow(project, ids, client):
    """Changes that wait are taken by one process: into the followed table, and by a rule into another one."""
    rule(project, [{"Id": "copy", "Arn": "firn:lake/copies", "InputPath": "$.detail.payload.Site",
                    "DeliveryParameters": {"Ordered": False}}], {"detail": {"payload": {"Site": [{"prefix": "flow-"}]}}})
    project.follow()
    made = 0
    while made < EVENTS:
        client.rest("PATCH", "/composite/sobjects", {"allOrNone": True, "records": [
            {"attributes": {"type": "Account"}, "Id": ids[(made + i) % len(ids)], "Site": f"flow-{made + i}"}
            for i in range(200)]})
        made += 200
    before, begun = load(), time.monotonic()
    used_before = resource.getrusage(resource.RUSAGE_CHILDREN)
    follower = follow(project, "--until-caught-up")
    peak = 0
    while follower.poll() is None:
        peak = max(peak, resident_mib(follower.pid) if pathlib.Path(f"/proc/{follower.pid}/status").exists() else 0)
        time.sleep(0.2)
    seconds = time.monotonic() - begun
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert follower.returncode == 0
    copies = project.firn("lake", "rows", "salesforce.copies", "--json", timeout=600).out.count("\n")
    return {"events": made, "copies": copies, "seconds": round(seconds, 1), "events_a_second": round(made / seconds),
            "cpu_seconds": round(used.ru_utime + used.ru_stime - used_before.ru_utime - used_before.ru_stime, 1),
            "peak_mib": round(peak), "load": [before, load()]}


def idle(project):
    follower = follow(project)
    time.sleep(5)
    before = load()
    percent = percent_of(follower.pid, SECONDS)
    memory = resident_mib(follower.pid)
    follower.send_signal(signal.SIGINT)
    follower.communicate(timeout=60)
    return {"seconds": SECONDS, "cpu_percent": round(percent, 2), "resident_mib": round(memory), "load": [before, load()]}


def event(number):
    return (f'{{"id":"e-{number}","source":"s","detail-type":"d","account":"1","region":"r","resources":[],"detail":{{"payload":'
            f'{{"ChangeEventHeader":{{"changeType":"UPDATE","recordIds":["0060{number % 100003:011d}AAA"],'
            f'"commitTimestamp":{BEGAN_MS + number // 10}}},"n":{number}}}}}}}\n')


def memory(folder):
    """One process takes events from a pipe through rules into its outbox, then brings them into a table of the lake."""
    project = RuleProject(folder)
    project.rule("all", [{"Id": "t", "Arn": "firn:lake/passed", "InputPath": "$.detail.payload.n",
                          "DeliveryParameters": {"Ordered": False}}], {"source": ["s"]})
    pipe = project.folder / "events.pipe"
    os.mkfifo(pipe)
    written = [0]

    def write():
        with pipe.open("w") as file:
            for number in range(PUT):
                file.write(event(number))
                written[0] = number + 1

    before, begun, samples = load(), time.monotonic(), []
    process = subprocess.Popen([firn_path(), "events", "put", str(pipe), "--json"], cwd=project.folder,
                               env=firn_environment(), stdout=subprocess.PIPE, text=True)
    threading.Thread(target=write, daemon=True).start()
    while process.poll() is None:
        if pathlib.Path(f"/proc/{process.pid}/status").exists():
            samples.append({"seconds": round(time.monotonic() - begun), "taken": written[0],
                            "mib": round(resident_mib(process.pid))})
        time.sleep(1)
    answer = json.loads(process.stdout.read().splitlines()[-1])
    assert process.returncode == 0 and answer["delivered"] == PUT, answer
    return {"events": PUT, "seconds": round(time.monotonic() - begun), "peak_mib": max(each["mib"] for each in samples),
            "samples": samples[::max(1, len(samples) // 20)], "load": [before, load()]}


def main():
    machine = Machine()
    path = RESULTS / "events_flow.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    with tempfile.TemporaryDirectory() as name:
        base = pathlib.Path(name)
        if "memory" in PARTS:
            results["memory"] = memory(base / "memory")
        with Sandbox(base / "org") as org, PubSub(org) as client:
            org.seed("Account", ROWS)
            project = EventsProject(base / "project", org, ["Account"]).start()
            org.ask("POST", "events", {"keepalive_ms": 1000})
            ids = sorted(project.rows("salesforce.Account"))
            if "latency" in PARTS:
                results["latency"] = latency(project, ids, client)
            if "flow" in PARTS:
                results["flow"] = flow(project, ids, client)
            if "idle" in PARTS:
                org.ask("POST", "events", {"keepalive_ms": 60000})
                results["idle"] = idle(project)
    rows = "".join(f"| {part} | {', '.join(f'{key} {value}' for key, value in numbers.items() if key != 'samples')} |\n"
                   for part, numbers in results.items())
    record("events_flow", f"""# Following as a whole

- latency: one change after the other by REST, from its answer to its call of an HTTP target.
- flow: changes that wait, taken by one process into the followed table and by a rule into another table.
- idle: `firn events follow` while nothing happens.
- memory: what one process held while it took so many events through rules into its outbox and then brought them into a
  table; its samples stand in the JSON file (`taken`: written into its pipe by then).

`./dev bench events_flow`; `load` is the machine's before and after each part.

| part | measured |
|---|---|
{rows}
Sandbox, Firn, target and writer share the machine. {machine.line()}
""", results)


main()
