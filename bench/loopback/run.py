"""Sandbox -> lake over loopback, against the same pages from disk: what the wire costs the Firn process.

The object's result pages are first fetched to disk and imported by `firn lake import`; then the object is
exported by `firn export run`, uncompressed and gzipped, turn by turn. CPU seconds are those of the Firn
process (user and system, all threads), the sandbox's are not in them.

    ./dev bench loopback        (FIRN_BENCH_ROWS, FIRN_BENCH_OBJECT and FIRN_BENCH_ROUNDS change it)
"""

import json
import os
import pathlib
import shutil
import statistics
import sys
import tempfile
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import FIRN, Machine, medians, project_text, record, sandbox, timed  # noqa: E402

ROWS = int(os.environ.get("FIRN_BENCH_ROWS", "1000000"))
OBJECT = os.environ.get("FIRN_BENCH_OBJECT", "Reading__c")
ROUNDS = int(os.environ.get("FIRN_BENCH_ROUNDS", "5"))
THREADS = 2
WANTED = 1.3


class Org:
    def __init__(self, facts, folder):
        self.url = facts["http_url"]
        app = json.loads((folder / "org" / "apps.json").read_text())["apps"][0]
        form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": app["client_id"],
                                       "client_secret": app["client_secret"]}).encode()
        with urllib.request.urlopen(self.url + "/services/oauth2/token", form) as answer:
            self.token = json.loads(answer.read())["access_token"]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/services/data/v62.0/{path}", data, method=method, headers={
            "Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
        return urllib.request.urlopen(request, timeout=600)


def fetch_pages(org, folder):
    """The object's describe and result pages as files; the bytes of CSV."""
    describe = org.call("GET", f"sobjects/{OBJECT}/describe").read()
    (folder / "describe.json").write_bytes(describe)
    fields = [field["name"] for field in json.loads(describe)["fields"]
              if field["type"] not in ("address", "location", "base64")]
    job = json.loads(org.call("POST", "jobs/query", {
        "operation": "query", "query": f"SELECT {', '.join(fields)} FROM {OBJECT}"}).read())["id"]
    while json.loads(org.call("GET", f"jobs/query/{job}").read())["state"] != "JobComplete":
        time.sleep(0.1)
    (folder / "pages").mkdir()
    locator, number = "", 0
    while locator != "null":
        page = org.call("GET", f"jobs/query/{job}/results?maxRecords=50000" +
                        (f"&locator={locator}" if locator else ""))
        with open(folder / f"pages/{number:04d}.csv", "wb") as out:
            shutil.copyfileobj(page, out, 1 << 20)
        locator, number = page.headers["Sforce-Locator"], number + 1
    return sum(path.stat().st_size for path in (folder / "pages").iterdir())


def from_disk(folder):
    shutil.rmtree(folder / "lake", ignore_errors=True)
    run = timed([FIRN, "lake", "import", "--table", f"salesforce.{OBJECT}", "--pages", folder / "pages", "--describe",
                 folder / "describe.json", "--warehouse", folder / "lake", "--threads", THREADS, "--json"])
    run["rows"] = json.loads(run["out"])["rows_written"]
    return run


def over_the_wire(folder, facts, compression):
    project = folder / f"project-{compression}"
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir()
    (project / "firn.yaml").write_text(project_text(facts, f"  compression: {compression}\n"))
    run = timed([FIRN, "export", "run", OBJECT, "--threads", THREADS, "--json"], cwd=project)
    report = json.loads(run["out"].splitlines()[-1])
    if report["verdict"] != "exact":
        sys.exit(f"the export was {report['verdict']}")
    run["rows"] = report["rows_written"]
    shutil.rmtree(project)
    return run


def main():
    machine = Machine()
    runs = {"disk": [], "none": [], "gzip": []}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with sandbox(folder, {OBJECT: ROWS}) as facts:
            csv_bytes = fetch_pages(Org(facts, folder), folder)
            for _ in range(ROUNDS):
                runs["disk"].append(from_disk(folder))
                for compression in ("none", "gzip"):
                    runs[compression].append(over_the_wire(folder, facts, compression))
    for each in runs.values():
        for run in each:
            del run["out"]
            run["cpu_us_per_row"] = run["cpu_seconds"] / run["rows"] * 1e6
    ratio = {name: statistics.median(wire["cpu_us_per_row"] / disk["cpu_us_per_row"]
                                     for wire, disk in zip(runs[name], runs["disk"])) for name in runs}
    middle = {name: medians(each) for name, each in runs.items()}
    inflating = 1 - middle["none"]["cpu_seconds"] / middle["gzip"]["cpu_seconds"]
    lines = ["# Sandbox -> lake over loopback", "",
             f"{middle['disk']['rows']:,.0f} rows of {OBJECT}, {csv_bytes / 1e6:.0f} MB of CSV, {THREADS} threads, "
             f"`--verify counts`; medians of {ROUNDS} rounds, turn by turn. CPU of the Firn process alone. Command: "
             "`./dev bench loopback`.", "", machine.line(), "",
             "| pages from | wall s | CPU s | CPU us/row | x disk (median of rounds) | peak MiB |", "|---|---|---|---|---|---|"]
    for name, title in (("disk", "disk (`lake import`)"), ("none", "the org, uncompressed (`export run`)"),
                        ("gzip", "the org, gzip (`export run`)")):
        run = middle[name]
        lines.append(f"| {title} | {run['seconds']:.2f} | {run['cpu_seconds']:.2f} | {run['cpu_us_per_row']:.2f} | "
                     f"{ratio[name]:.2f} | {run['rss_bytes'] / 2**20:.0f} |")
    lines += ["", f"Wanted: uncompressed within {WANTED} x of disk. With gzip, inflating (ISA-L) and its buffers take "
              f"{inflating * 100:.0f} % of the process's CPU."]
    record("loopback", "\n".join(lines) + "\n", {"runs": runs, "ratio": ratio, "csv_bytes": csv_bytes})


if __name__ == "__main__":
    main()
