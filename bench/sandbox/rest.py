"""How fast the sandbox answers REST: single records over keep-alive, selective queries, pages.

Starts the built firn on a fresh org with ROWS accounts. Reports answers a second of wall time and of
the sandbox's CPU time (the client's own work is on the same machine), the median and the worst time
of selective queries, and rows a second of a query read page by page.

Targets: 10,000 single-record reads/s on two cores; a selective query in milliseconds.
"""
import json
import os
import pathlib
import platform
import random
import socket
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from org import ROOT, Org, cpu_seconds, peak_mib  # noqa: E402

ROWS = int(os.environ.get("FIRN_BENCH_ROWS", "200000"))
READS = int(os.environ.get("FIRN_BENCH_READS", "40000"))
CONNECTIONS = 8


class KeepAlive:
    """One connection that asks again and again."""

    def __init__(self, org):
        host, port = org.url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = f" HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {org.token}\r\n\r\n"
        self.rest = b""

    def get(self, path):
        self.socket.sendall(f"GET {path}{self.head}".encode())
        data = self.rest
        while b"\r\n\r\n" not in data:
            data += self.socket.recv(1 << 16)
        head, _, body = data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head[:200] + body[:300]
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                      if line.lower().startswith(b"content-length"))
        while len(body) < length:
            body += self.socket.recv(1 << 16)
        self.rest = body[length:]
        return body[:length]


def query(connection, soql):
    return json.loads(connection.get("/services/data/v62.0/query?q=" + urllib.parse.quote(soql)))


def single_reads(org, ids):
    connections = [KeepAlive(org) for _ in range(CONNECTIONS)]

    def work(connection, seed):
        chosen = random.Random(seed)
        for _ in range(READS // CONNECTIONS):
            connection.get("/services/data/v62.0/sobjects/Account/" + chosen.choice(ids))

    threads = [threading.Thread(target=work, args=(each, i)) for i, each in enumerate(connections)]
    cpu, wall = cpu_seconds(org.process.pid), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall, cpu = time.perf_counter() - wall, cpu_seconds(org.process.pid) - cpu
    return {"reads": READS, "connections": CONNECTIONS, "wall_s": round(wall, 2), "cpu_s": round(cpu, 2),
            "per_s_wall": round(READS / wall), "per_s_core": round(READS / cpu)}


def selective(connection, records, name="Account", lookup="ParentId"):
    """Median and worst time of queries that an index answers, over up to 200 of the records."""
    parent = "Id" if lookup == "ParentId" else lookup
    shapes = {
        "by Id": lambda r: f"SELECT Name FROM {name} WHERE Id = '{r['Id']}'",
        "by Name": lambda r: "SELECT Id FROM {} WHERE Name = '{}'".format(
            name, r["Name"].replace("\\", "\\\\").replace("'", "\\'")),
        "by SystemModstamp": lambda r: (f"SELECT Id FROM {name} WHERE SystemModstamp = "
                                        + r["SystemModstamp"].replace("+0000", "Z")),
        "by lookup": lambda r: f"SELECT Id FROM {name} WHERE {lookup} = '{r[parent]}'",
        "newest 10": lambda r: f"SELECT Id FROM {name} ORDER BY CreatedDate DESC LIMIT 10",
    }
    results = {}
    for kind, shape in shapes.items():
        times = []
        for record in records[:200]:
            begin = time.perf_counter()
            query(connection, shape(record))
            times.append((time.perf_counter() - begin) * 1000)
        times.sort()
        results[kind] = {"median_ms": round(times[len(times) // 2], 2), "worst_ms": round(times[-1], 2)}
    return results


def paged(org, connection):
    cpu, wall, rows = cpu_seconds(org.process.pid), time.perf_counter(), 0
    soql = "SELECT Id, Name, Industry, AnnualRevenue, CreatedDate, Owner.Name FROM Account"
    page = query(connection, soql)
    while True:
        rows += len(page["records"])
        if page["done"]:
            break
        page = json.loads(connection.get(page["nextRecordsUrl"]))
    wall, cpu = time.perf_counter() - wall, cpu_seconds(org.process.pid) - cpu
    return {"rows": rows, "wall_s": round(wall, 2), "cpu_s": round(cpu, 2),
            "rows_per_s_core": round(rows / cpu)}


def main():
    with tempfile.TemporaryDirectory() as name:
        org = Org(pathlib.Path(name))
        try:
            org.json("POST", "/sandbox/limits", {"api_requests": {"max": 100_000_000}})
            org.json("POST", "/sandbox/seed", {"object": "Account", "rows": ROWS})
            connection = KeepAlive(org)
            records = query(connection, "SELECT Id, Name, SystemModstamp FROM Account LIMIT 2000")["records"]
            random.Random(7).shuffle(records)
            results = {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "rows": ROWS,
                       "single records": single_reads(org, [each["Id"] for each in records]),
                       "selective queries": selective(connection, records),
                       "query page by page": paged(org, connection),
                       "peak_mib": round(peak_mib(org.process.pid))}
        finally:
            org.process.terminate()
            org.process.wait(60)
    text = json.dumps(results, indent=2)
    print(text)
    (ROOT / "bench" / "results" / "sandbox_rest.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
