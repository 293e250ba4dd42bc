"""How fast the sandbox takes records, how it starts on them, and what memory many of them cost.

Starts the built firn on a fresh org whose change events of Account are on. Loads ROWS accounts by Bulk
API 2.0 ingest (insert, then update of the same rows, then upsert by external id of half old and half
new rows), counts the change events that came of it, starts again on the data, and at last makes MANY
widgets and reads them all with one query job. Wall and CPU time are the sandbox's.

Targets: 50,000 rows/s with events on; start in under 300 ms on existing data; ten million rows of one
object in at most 1 GiB of memory. FIRN_BENCH_ROWS, FIRN_BENCH_MANY change the sizes.
"""
import json
import os
import pathlib
import platform
import random
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from org import ROOT, Org, cpu_seconds, peak_mib  # noqa: E402
from query import run as run_query  # noqa: E402
from rest import KeepAlive, query as ask, selective  # noqa: E402

ROWS = int(os.environ.get("FIRN_BENCH_ROWS", "200000"))
MANY = int(os.environ.get("FIRN_BENCH_MANY", "2000000"))
JOBS = "/services/data/v62.0/jobs/ingest"


def csv(header, rows):
    return (header + "\n" + "".join(",".join(row) + "\n" for row in rows)).encode()


def load(org, data, **more):
    """Runs one job over `data`; the ids of its rows in their order."""
    pid = org.process.pid
    job = org.json("POST", JOBS, {"object": "Account", "contentType": "CSV", **more})
    cpu, wall = cpu_seconds(pid), time.perf_counter()
    put = urllib.request.Request(f"{org.url}{JOBS}/{job['id']}/batches", method="PUT", data=data)
    put.add_header("Content-Type", "text/csv")
    put.add_header("Authorization", "Bearer " + org.token)
    urllib.request.urlopen(put, timeout=600).close()
    org.json("PATCH", f"{JOBS}/{job['id']}", {"state": "UploadComplete"})
    while True:
        job = org.json("GET", f"{JOBS}/{job['id']}")
        if job["state"] in ("JobComplete", "Failed"):
            break
        time.sleep(0.01)
    wall, cpu = time.perf_counter() - wall, cpu_seconds(pid) - cpu
    assert job["state"] == "JobComplete" and job["numberRecordsFailed"] == 0, job
    rows = job["numberRecordsProcessed"]
    done = org.call("GET", f"{JOBS}/{job['id']}/successfulResults").read().decode().splitlines()
    ids = [line.split(",")[0].strip('"') for line in done[1:]]
    return ids, {"rows": rows, "megabytes": round(len(data) / 1e6, 1), "wall_s": round(wall, 2),
                 "cpu_s": round(cpu, 2), "rows_per_s_wall": round(rows / wall),
                 "rows_per_s_core": round(rows / cpu)}


def three_jobs(org):
    kinds = ["Energy", "Retail", "Banking", "Media"]
    given = [(f"Account {i}", kinds[i % 4], str(i * 1000), f"+49 30 {i:07}", f"EXT-{i}") for i in range(ROWS)]
    ids, insert = load(org, csv("Name,Industry,AnnualRevenue,Phone,ExternalKey__c", given), operation="insert")
    _, update = load(org, csv("Id,Rating,Description", [(i, "Hot", f"changed {n}") for n, i in enumerate(ids)]),
                     operation="update")
    half = [(f"EXT-{i}", f"Upserted {i}") for i in range(ROWS // 2, ROWS // 2 + ROWS)]
    _, upsert = load(org, csv("ExternalKey__c,Name", half), operation="upsert",
                     externalIdFieldName="ExternalKey__c")
    events = org.json("GET", "/sandbox/events").get("events")
    return {"insert": insert, "update": update, "upsert": upsert, "events_written": events}


def start_again(name):
    """Starts on the data that is there; each time from exec to the first answer to a client."""
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        org = Org(pathlib.Path(name))
        times.append(round((time.perf_counter() - begin) * 1000))
        stop(org)
    return {"to_first_sign_in_ms": sorted(times)}


def seed_many(org):
    begin = time.perf_counter()
    org.json("POST", "/sandbox/seed", {"object": "Widget__c", "rows": MANY})
    return {"rows": MANY, "seed_rows_per_s": round(MANY / (time.perf_counter() - begin)),
            "peak_mib_after_seed": round(peak_mib(org.process.pid))}


def scan(org, connection):
    """Every row is looked at, none matches."""
    begin, cpu = time.perf_counter(), cpu_seconds(org.process.pid)
    found = ask(connection, "SELECT Id FROM Widget__c WHERE Price__c = -1")
    wall, cpu = time.perf_counter() - begin, cpu_seconds(org.process.pid) - cpu
    assert found["totalSize"] == 0
    return {"wall_s": round(wall, 2), "cpu_s": round(cpu, 2), "rows_per_s_wall": round(MANY / wall)}


def read_many(org):
    connection = KeepAlive(org)
    fields = "Id, Name, SystemModstamp, Account__c"
    # From all over the table: what was written last is what the page caches hold anyway.
    records = []
    for stage in ("Draft", "Released", "Retired"):
        soql = f"SELECT {fields} FROM Widget__c WHERE Stage__c = '{stage}' AND Account__c != null LIMIT 400"
        records += ask(connection, soql)["records"]
    records += ask(connection, f"SELECT {fields} FROM Widget__c WHERE Account__c != null "
                               "ORDER BY Id DESC LIMIT 400")["records"]
    random.Random(7).shuffle(records)
    results = {"selective queries": selective(connection, records, "Widget__c", "Account__c"),
               "peak_mib_selective": round(peak_mib(org.process.pid)),
               "scan": scan(org, connection), "peak_mib_scan": round(peak_mib(org.process.pid))}
    query = run_query(org, "SELECT Id, Name, SystemModstamp FROM Widget__c")
    return {**results, "query": query, "peak_mib": round(peak_mib(org.process.pid))}


def stop(org):
    org.process.terminate()
    org.process.wait(120)
    (org.folder / "ready.json").unlink(missing_ok=True)


def heading():
    return {"machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "load_average": round(os.getloadavg()[0], 1)}


def record(name, results):
    text = json.dumps(results, indent=2)
    print(text)
    (ROOT / "bench" / "results" / f"{name}.json").write_text(text + "\n")


def bench_many(name):
    results = heading()
    org = Org(pathlib.Path(name))
    try:
        results.update(seed_many(org))
        stop(org)
        results["start"] = start_again(name)
        org = Org(pathlib.Path(name))
        results.update(read_many(org))
    finally:
        stop(org)
    record("sandbox_many", results)


def main():
    with tempfile.TemporaryDirectory() as name:
        results = heading()
        org = Org(pathlib.Path(name))
        try:
            org.json("POST", "/sandbox/limits", {"published_events": {"max": 1_000_000_000}})
            results.update(three_jobs(org))
        finally:
            stop(org)
        results["start"] = start_again(name)
        record("sandbox_ingest", results)
        bench_many(name)


if __name__ == "__main__":
    main()
