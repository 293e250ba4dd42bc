"""How fast Bulk API 2.0 ingest is: UploadComplete -> JobComplete, rows per second of wall and of CPU.

Inserts ROWS accounts of 8 columns, then updates 2 columns of all of them, then upserts them by
external id. The CPU time is the sandbox's (user + system, all threads), which is what one core would
do. FIRN_BENCH_ROWS changes the size.

Target: 50,000 rows/s with events on (docs/guides/sandbox.md).
"""

import csv
import io
import json
import os
import pathlib
import platform
import tempfile
import time
import urllib.request

from run import ROOT, Org, cpu_seconds, peak_mib

ROWS = int(os.environ.get("FIRN_BENCH_ROWS", "200000"))
ROOT_PATH = "/services/data/v62.0/jobs/ingest"


def put(org, path, body):
    request = urllib.request.Request(org.url + path, method="PUT", data=body)
    request.add_header("Content-Type", "text/csv")
    request.add_header("Authorization", "Bearer " + org.token)
    urllib.request.urlopen(request, timeout=600).read()


def run(org, operation, text, **more):
    wish = {"object": "Account", "operation": operation, **more}
    job = f"{ROOT_PATH}/{org.json('POST', ROOT_PATH, wish)['id']}"
    put(org, job + "/batches", text.encode())
    pid = org.process.pid
    cpu, wall = cpu_seconds(pid), time.perf_counter()
    org.json("PATCH", job, {"state": "UploadComplete"})
    while (info := org.json("GET", job))["state"] not in ("JobComplete", "Failed"):
        time.sleep(0.02)
    wall, cpu = time.perf_counter() - wall, cpu_seconds(pid) - cpu
    assert info["state"] == "JobComplete" and info["numberRecordsFailed"] == 0, info
    rows = info["numberRecordsProcessed"]
    return job, {"rows": rows, "megabytes": round(len(text) / 1e6, 1), "wall_s": round(wall, 2),
                 "cpu_s": round(cpu, 2), "rows_per_s_wall": round(rows / wall),
                 "rows_per_s_core": round(rows / cpu), "peak_mib": round(peak_mib(pid))}


def main():
    columns = "Name,Site,Phone,BillingCity,BillingCountry,AnnualRevenue,Description,ExternalKey__c"
    rows = [f"Account {i},site {i % 97},+49 30 {i:07d},Bern,CH,{i}.5,\"some words, {i}\",key-{i:08d}"
            for i in range(ROWS)]
    insert = columns + "\n" + "\n".join(rows) + "\n"
    with tempfile.TemporaryDirectory() as name:
        org = Org(pathlib.Path(name))
        try:
            job, inserted = run(org, "insert", insert)
            text = org.call("GET", job + "/successfulResults").read().decode()
            ids = [row["sf__Id"] for row in csv.DictReader(io.StringIO(text))]
            update = "Id,Site,Phone\n" + "".join(f"{i},other,1\n" for i in ids)
            upsert = "ExternalKey__c,Site\n" + "".join(f"key-{i:08d},third\n" for i in range(ROWS))
            results = {
                "machine": f"{platform.machine()}, {os.cpu_count()} cores",
                "insert, 8 columns": inserted,
                "update, 2 columns": run(org, "update", update)[1],
                "upsert of known rows": run(org, "upsert", upsert,
                                            externalIdFieldName="ExternalKey__c")[1],
            }
        finally:
            org.process.terminate()
            org.process.wait(60)
    text = json.dumps(results, indent=2)
    print(text)
    (ROOT / "bench" / "results" / "sandbox_ingest.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
