"""How fast a Bulk API 2.0 query of the sandbox is answered: POST job -> last byte, never served before.

Starts the built firn on a fresh org, makes ROWS accounts, runs one query job over all their rows and
downloads every page uncompressed. Reports rows a second of wall time and of the sandbox's CPU time
(user + system, all threads), which is what one core would do. FIRN_BENCH_ROWS changes the size.

Target: 100,000 rows/s per core.
"""

import json
import os
import pathlib
import platform
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from org import ROOT, Org, cpu_seconds, peak_mib  # noqa: E402

ROWS = int(os.environ.get("FIRN_BENCH_ROWS", "200000"))
OBJECT = os.environ.get("FIRN_BENCH_OBJECT", "Account")


def run(org, soql):
    pid = org.process.pid
    cpu, wall = cpu_seconds(pid), time.perf_counter()
    job = org.json("POST", "/services/data/v62.0/jobs/query", {"operation": "query", "query": soql})
    path = f"/services/data/v62.0/jobs/query/{job['id']}"
    while org.json("GET", path)["state"] not in ("JobComplete", "Failed"):
        time.sleep(0.02)
    made = time.perf_counter() - wall
    rows, size, locator = 0, 0, ""
    while locator != "null":
        page = org.call("GET", path + "/results" + (f"?locator={locator}" if locator else ""))
        rows += int(page.headers["Sforce-NumberOfRecords"])
        locator = page.headers["Sforce-Locator"]
        while piece := page.read(1 << 20):
            size += len(piece)
    wall, cpu = time.perf_counter() - wall, cpu_seconds(pid) - cpu
    return {"rows": rows, "megabytes": round(size / 1e6, 1), "wall_s": round(wall, 2),
            "job_s": round(made, 2), "cpu_s": round(cpu, 2), "rows_per_s_wall": round(rows / wall),
            "rows_per_s_core": round(rows / cpu), "peak_mib": round(peak_mib(pid))}


def main():
    with tempfile.TemporaryDirectory() as name:
        org = Org(pathlib.Path(name))
        try:
            begin = time.perf_counter()
            org.json("POST", "/sandbox/seed", {"object": OBJECT, "rows": ROWS})
            seeded = time.perf_counter() - begin
            describe = org.json("GET", f"/services/data/v62.0/sobjects/{OBJECT}/describe")
            names = [f["name"] for f in describe["fields"]
                     if f["type"] not in ("address", "location", "base64")]
            results = {
                "machine": f"{platform.machine()}, {os.cpu_count()} cores",
                "object": OBJECT,
                "seed_rows_per_s": round(ROWS / seeded),
                "20 columns": run(org, f"SELECT {', '.join(names[:20])} FROM {OBJECT}"),
                f"all {len(names)} columns": run(org, f"SELECT {', '.join(names)} FROM {OBJECT}"),
            }
        finally:
            org.process.terminate()
            org.process.wait(60)
    text = json.dumps(results, indent=2)
    print(text)
    target = ROOT / "bench" / "results" / "sandbox.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text + "\n")
