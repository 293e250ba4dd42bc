"""Commit latency of the lake: whether commit 10,000 costs what commit 100 did.

Runs lake_commit_bench (bench/micro) in FIRN_BENCH_FOLDER (default: a temporary folder), measures what
a sync costs there, and writes bench/results/lake_commit.json. Target: p50 <= 10 ms, p99 <= 50 ms on a
disk that syncs in 0.2 ms, the same at commit 10,000 as at 100. CPU times are the trustworthy ones on
a shared machine.
"""

import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "release"
COMMITS = int(os.environ.get("FIRN_BENCH_COMMITS", "10000"))


def sync_ms(folder):
    times = []
    with open(pathlib.Path(folder) / "sync", "wb") as file:
        for _ in range(50):
            file.write(b"x" * 100)
            file.flush()
            start = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - start)
    return sorted(times)[25] * 1000


def main():
    subprocess.run(["cmake", "--build", str(BUILD), "--target", "lake_commit_bench"], check=True,
                   stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(dir=os.environ.get("FIRN_BENCH_FOLDER")) as folder:
        sync = sync_ms(folder)
        printed = subprocess.run([str(BUILD / "bench" / "micro" / "lake_commit_bench"), folder,
                                  str(COMMITS)], check=True, capture_output=True, text=True).stdout
    result = {"command": f"./dev bench lake_commit ({COMMITS} commits of each kind)",
              "machine": f"{platform.machine()}, {os.cpu_count()} cores, load "
                         f"{os.getloadavg()[0]:.1f} at the end",
              "sync_ms": round(sync, 3), "columns": 20, **json.loads(printed)}
    out = ROOT / "bench" / "results" / "lake_commit.json"
    out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
