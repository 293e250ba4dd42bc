"""How long after a change was answered by the org a DuckDB query of the lake sees it, at a given pace of changes.

A writer updates accounts through the REST API (200 a call, five calls a second) and notes when each call was answered;
`firn events follow` runs with its defaults; a reader asks DuckDB again and again for the newest mark, through the
table's metadata file as the catalog names it. All on one machine, so the sandbox, Firn and DuckDB share its cores.

    ./dev bench events_lake
"""
import glob
import json
import os
import pathlib
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests"))
os.environ.setdefault("FIRN_BIN", str(pathlib.Path(__file__).resolve().parents[2] / "build/release/bin/firn"))
from common import Machine, record  # noqa: E402
from support.events import EventsProject  # noqa: E402
from support.firn import Sandbox, firn_environment, firn_path  # noqa: E402
from support.pubsub import PubSub  # noqa: E402

SECONDS = int(os.environ.get("FIRN_BENCH_SECONDS", "30"))
ROWS = int(os.environ.get("FIRN_BENCH_ROWS", "2000"))
CALLS_A_SECOND = 5
CHANGES_A_CALL = 200


def duck():
    import duckdb
    import duckdb_extension_avro
    import duckdb_extension_iceberg
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    for module in (duckdb_extension_avro, duckdb_extension_iceberg):
        connection.execute(f"LOAD '{glob.glob(f'{module.__path__[0]}/**/*.duckdb_extension', recursive=True)[0]}'")
    return connection


def metadata_of(warehouse, table):
    catalog = sqlite3.connect(f"file:{warehouse}/catalog.db?mode=ro", uri=True)
    row = catalog.execute("SELECT metadata_location FROM iceberg_tables WHERE table_name = ?", (table,)).fetchone()
    catalog.close()
    return row[0].removeprefix("file://")


def write(client, ids, answered, stop):
    number = 0
    begun = time.monotonic()
    while not stop.is_set():
        number += 1
        first = number * CHANGES_A_CALL
        records = [{"attributes": {"type": "Account"}, "Id": ids[(first + i) % len(ids)], "Site": f"mark-{number:06d}"}
                   for i in range(CHANGES_A_CALL)]
        client.rest("PATCH", "/composite/sobjects", {"allOrNone": True, "records": records})
        answered[number] = time.monotonic()
        time.sleep(max(0, begun + number / CALLS_A_SECOND - time.monotonic()))


def main():
    machine = Machine()
    with tempfile.TemporaryDirectory() as name, Sandbox(pathlib.Path(name) / "org") as org:
        org.seed("Account", ROWS)
        project = EventsProject(pathlib.Path(name) / "project", org, ["Account"]).start()
        org.ask("POST", "events", {"keepalive_ms": 1000})
        ids = sorted(project.rows("salesforce.Account"))
        follower = subprocess.Popen([firn_path(), "events", "follow", "--json"], cwd=project.folder,
                                    env=firn_environment(), stdout=subprocess.PIPE, text=True)
        answered, seen, stop = {}, {}, threading.Event()
        with PubSub(org) as client:
            client.create("Account", Name="first")
            follower.stdout.readline()  # it follows
            writer = threading.Thread(target=write, args=(client, ids, answered, stop))
            writer.start()
            engine = duck()
            until = time.monotonic() + SECONDS
            newest = 0
            while time.monotonic() < until + 10 and (time.monotonic() < until or newest < max(answered)):
                if time.monotonic() >= until:
                    stop.set()
                path = metadata_of(project.folder / "lake", "Account")
                mark = engine.execute(f"SELECT max(Site) FROM iceberg_scan('{path}') "
                                      "WHERE Site LIKE 'mark-%'").fetchone()[0]
                value = int(mark.removeprefix("mark-")) if mark else 0
                now = time.monotonic()
                # A mark may be seen before its own call has been answered: then at the next look.
                value = min(value, max(answered, default=0))
                for number in range(newest + 1, value + 1):
                    seen[number] = now
                newest = max(newest, value)
            stop.set()
            writer.join()
        follower.send_signal(signal.SIGINT)
        out, _ = follower.communicate(timeout=60)
    changes = len(answered) * CHANGES_A_CALL
    waits = sorted(seen[number] - answered[number] for number in seen)
    cycles = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    result = {"changes": changes, "changes_a_second": changes / (max(answered.values()) - min(answered.values())),
              "p50_seconds": statistics.median(waits), "p99_seconds": waits[int(len(waits) * 0.99)],
              "most_seconds": waits[-1], "marks": len(waits), "cycles": cycles[-1]["cycles"] if cycles else 0}
    record("events_lake", f"""# From the org into the lake

A change answered by the sandbox org until a DuckDB query of the table sees it, with `firn events follow` as it comes
(a snapshot a second). {changes:,} changes at {result['changes_a_second']:,.0f} a second, {len(waits)} marks looked
for without a pause. `./dev bench events_lake`

| p50 | p99 | longest |
|---|---|---|
| {result['p50_seconds']:.2f} s | {result['p99_seconds']:.2f} s | {result['most_seconds']:.2f} s |

Writer, sandbox, Firn and DuckDB share the machine. {machine.line()}
""", result)


main()
