"""How fast the sandbox hands change events to a subscriber of the Pub/Sub API, and what they cost.

Starts the built firn on a fresh org, makes ACCOUNTS accounts over REST (each a change event), then
reads them from EARLIEST by gRPC until EVENTS were received, asking for 100 at a time as clients do.
Then runs events_bench: rows a second into the store with and without change events, in the same
process, no wire. FIRN_BENCH_EVENTS and FIRN_BENCH_ACCOUNTS change the size.

Target: 20,000 events/s to a subscriber; 50,000 rows/s ingested with events on.
"""

import http.client
import json
import os
import pathlib
import platform
import queue
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support.firn import Sandbox  # noqa: E402
from support.pubsub import PubSub  # noqa: E402

EVENTS = int(os.environ.get("FIRN_BENCH_EVENTS", "200000"))
ACCOUNTS = int(os.environ.get("FIRN_BENCH_ACCOUNTS", "4000"))
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def make_accounts(client):
    host = re.sub("^http://", "", client.org.url)
    connection = http.client.HTTPConnection(host)
    headers = {"Authorization": "Bearer " + client.token, "Content-Type": "application/json"}
    for i in range(ACCOUNTS):
        body = {"Name": f"Account {i}", "BillingCity": "Oslo", "BillingStreet": f"Storgata {i}",
                "Description": "made for the bench " * 10, "NumberOfEmployees": i}
        connection.request("POST", "/services/data/v60.0/sobjects/Account", json.dumps(body), headers)
        answer = connection.getresponse()
        assert answer.status == 201, answer.read()
        answer.read()


def read(client, topic):
    pb, received, size = client.pb, 0, 0
    pid = client.org.process.pid
    cpu, wall = cpu_seconds(pid), time.perf_counter()
    while received < EVENTS:
        requests = queue.Queue()
        requests.put(pb.FetchRequest(topic_name=topic, replay_preset=pb.EARLIEST, num_requested=100))
        call, seen = client.stub.Subscribe(iter(requests.get, None), metadata=client.metadata), 0
        for response in call:
            seen += len(response.events)
            size += sum(len(event.event.payload) for event in response.events)
            if seen >= ACCOUNTS:
                break
            requests.put(pb.FetchRequest(num_requested=len(response.events)))
        call.cancel()
        requests.put(None)
        received += seen
    wall, cpu = time.perf_counter() - wall, cpu_seconds(pid) - cpu
    return {"events": received, "megabytes": round(size / 1e6, 1), "wall_s": round(wall, 2),
            "sandbox_cpu_s": round(cpu, 2), "events_per_s_wall": round(received / wall),
            "events_per_s_core": round(received / cpu)}


def main():
    results = {"machine": f"{platform.machine()}, {os.cpu_count()} cores",
               "load_average": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory() as name, Sandbox(pathlib.Path(name) / "org") as org:
        with PubSub(org) as client:
            make_accounts(client)
            for topic in ("/data/AccountChangeEvent", "/data/ChangeEvents"):
                results[topic] = read(client, topic)
    build = ROOT / "build" / "release"
    subprocess.run(["cmake", "--build", str(build), "--target", "events_bench"], check=True,
                   stdout=subprocess.DEVNULL)
    program = build / "bench" / "micro" / "events_bench"
    done = subprocess.run([program], capture_output=True, text=True, check=True)
    results["ingest"] = json.loads(done.stdout)
    text = json.dumps(results, indent=2)
    print(text)
    (ROOT / "bench" / "results" / "sandbox_events.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
