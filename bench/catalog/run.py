"""The catalog server against the Java reference server, with the same client, in one run.

Eight writers commit snapshots to eight tables, then eight writers to one table; then a table of
1,000 snapshots is loaded. Both servers keep their rows in a SQLite file and their metadata on the same
disk; Firn syncs every commit, the reference its SQLite file only. Writes bench/results/catalog.md.
"""
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import FIRN, ROOT, Machine, record

WRITERS = 8
SECONDS = float(os.environ.get("FIRN_BENCH_SECONDS", "10"))
SNAPSHOTS = 1000
SCHEMA = {"type": "struct", "schema-id": 0, "fields": [
    {"id": number + 1, "name": f"column_{number}", "required": False, "type": "string"}
    for number in range(20)]}


class Client:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body)
        self.connection.request(method, "/v1" + path, data, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, text


def commit(client, table, state):
    """One snapshot on top of `state`; True when it became true."""
    number = state["number"] + 1
    ident = state["ids"] + number
    snapshot = {"snapshot-id": ident, "sequence-number": number, "timestamp-ms": int(time.time() * 1000),
                "manifest-list": f"file:///bench/{ident}.avro", "schema-id": 0,
                "summary": {"operation": "append", "added-records": "10", "total-records": "1000"}}
    if state["parent"]:
        snapshot["parent-snapshot-id"] = state["parent"]
    status, text = client.ask("POST", f"/namespaces/bench/tables/{table}", {
        "requirements": [{"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": state["parent"]}],
        "updates": [{"action": "add-snapshot", "snapshot": snapshot},
                    {"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": ident}]})
    if status == 200:
        state.update(number=number, parent=ident)
        return True
    if status != 409:
        raise SystemExit(f"commit answered {status}: {text[:300]!r}")
    metadata = json.loads(client.ask("GET", f"/namespaces/bench/tables/{table}")[1])["metadata"]
    parent = metadata.get("current-snapshot-id")
    state.update(number=metadata["last-sequence-number"], parent=parent if parent and parent > 0 else None)
    return False


def writer(port, table, base, seconds):
    client = Client(port)
    state = {"number": 0, "parent": None, "ids": base}
    made, lost, times = 0, 0, []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.perf_counter()
        if commit(client, table, state):
            made += 1
            times.append(time.perf_counter() - begin)
        else:
            lost += 1
    return made, lost, times


def run_writers(port, tables):
    """Commits a second, what was refused, the middle commit's milliseconds."""
    with concurrent.futures.ProcessPoolExecutor(WRITERS) as pool:
        done = list(pool.map(writer, [port] * WRITERS, tables,
                             [(number + 1) * 10_000_000 for number in range(WRITERS)], [SECONDS] * WRITERS))
    times = [seconds for _, _, all_times in done for seconds in all_times]
    return {"commits": sum(made for made, _, _ in done), "refused": sum(lost for _, lost, _ in done),
            "p50_ms": statistics.median(times) * 1000 if times else None}


def measure(port):
    client = Client(port)
    client.ask("POST", "/namespaces", {"namespace": ["bench"]})
    for name in [f"t{number}" for number in range(WRITERS)] + ["one", "long"]:
        status, text = client.ask("POST", "/namespaces/bench/tables", {"name": name, "schema": SCHEMA})
        assert status == 200, text
    result = {"eight_tables": run_writers(port, [f"t{number}" for number in range(WRITERS)]),
              "one_table": run_writers(port, ["one"] * WRITERS)}
    table = json.loads(client.ask("GET", "/namespaces/bench/tables/one")[1])["metadata"]
    result["one_table"]["found"] = len(table["snapshots"])
    state = {"number": 0, "parent": None, "ids": 900_000_000}
    while state["number"] < SNAPSHOTS:
        commit(client, "long", state)
    times = []
    for _ in range(50):
        begin = time.perf_counter()
        status, text = client.ask("GET", "/namespaces/bench/tables/long")
        times.append((time.perf_counter() - begin) * 1000)
        assert status == 200
    result["load"] = {"p50_ms": statistics.median(times), "bytes": len(text)}
    return result


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


@contextlib.contextmanager
def process(command, port, environment=None):
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={**os.environ, **(environment or {})})
    try:
        end = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            if time.monotonic() > end or running.poll() is not None:
                raise SystemExit(f"{command[0]} did not start")
            time.sleep(0.1)
        yield
    finally:
        running.terminate()
        running.wait(20)


def firn_server(folder):
    port = free_port()
    return [FIRN, "lake", "serve", "--warehouse", str(folder), "--port", str(port)], port, None


def reference_server(folder):
    port = free_port()
    names = ["-".join(line.split()[0].split(":")[1:]) + ".jar"
             for line in (ROOT / "tools/setup/jars.txt").read_text().splitlines()
             if line.strip() and not line.startswith("#")]
    jars = [str(ROOT / ".deps/jars" / name) for name in names
            if "spark-runtime" not in name and "junit-platform-console" not in name]
    return (["java", "-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", ":".join(jars),
             "org.apache.iceberg.rest.RESTCatalogServer"], port,
            {"CATALOG_REST_PORT": str(port), "CATALOG_WAREHOUSE": f"file://{folder}",
             "CATALOG_URI": f"jdbc:sqlite:{folder}/catalog.db"})


def main():
    machine = Machine()
    results = {}
    for name, server in (("Firn", firn_server), ("Java reference", reference_server)):
        with tempfile.TemporaryDirectory(dir=os.environ.get("FIRN_BENCH_FOLDER")) as folder:
            command, port, environment = server(pathlib.Path(folder))
            with process(command, port, environment):
                results[name] = measure(port)
    lines = ["# Catalog server", "",
             f"`./dev bench catalog`: {WRITERS} writers, {SECONDS:.0f} s each; {machine.line()}", "",
             "| | Firn | Java reference |", "|---|---:|---:|"]
    rows = [("commits/s, 8 writers on 8 tables", lambda r: f"{r['eight_tables']['commits'] / SECONDS:.0f}"),
            ("commit p50 there, ms", lambda r: f"{r['eight_tables']['p50_ms']:.1f}"),
            ("commits/s, 8 writers on one table", lambda r: f"{r['one_table']['commits'] / SECONDS:.0f}"),
            ("commits answered 200 / found in the table",
             lambda r: f"{r['one_table']['commits']} / {r['one_table']['found']}"),
            (f"loadTable with {SNAPSHOTS} snapshots, p50 ms", lambda r: f"{r['load']['p50_ms']:.1f}"),
            ("its answer, KiB", lambda r: f"{r['load']['bytes'] / 1024:.0f}")]
    for title, cell in rows:
        lines.append("| " + " | ".join([title] + [cell(results[name]) for name in results]) + " |")
    ratio = results["Firn"]["eight_tables"]["commits"] / max(1, results["Java reference"]["eight_tables"]["commits"])
    lines += ["", f"Commit rate on eight tables: {ratio:.1f} times the reference's.", ""]
    record("catalog", "\n".join(lines), results)


if __name__ == "__main__":
    main()
