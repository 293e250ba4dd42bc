"""The 1M-row table written to local disk and to S3 (SeaweedFS on this machine): CPU seconds of the firn process.

Same pages, same threads, turn by turn; what the S3 server uses is not counted. Prints a Markdown report and writes it
and the numbers into bench/results/.

    python3 bench/lake_s3/run.py          (with the Python of .venv: it starts `weed`)
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests")]
from common import FIRN, Machine, record  # noqa: E402
from support import weed  # noqa: E402

BUCKET = "bench"
WANTED = 1.3  # times the CPU seconds of local disk, at most


def one_load(wanted, work, place, environment):
    """One import of all pages into a new table of a new warehouse."""
    name = f"{place}-{time.monotonic_ns()}"
    folder = work / name
    folder.mkdir()
    warehouse = folder / "lake" if place == "disk" else f"s3://{BUCKET}/{name}"
    command = [FIRN, "lake", "import", "--table", "sales.opportunity", "--pages", f"{wanted.data}/pages", "--describe",
               f"{wanted.data}/describe.json", "--warehouse", str(warehouse), "--threads", str(wanted.threads), "--json"]
    if place == "s3":
        command += ["--catalog", str(folder / "catalog.db")]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **environment, "FIRN_NO_PROGRESS": "1"})
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"firn ended with {process.returncode}: {out!r}")
    shutil.rmtree(folder)
    return {"seconds": seconds, "cpu_seconds": usage.ru_utime + usage.ru_stime, "user_seconds": usage.ru_utime,
            "system_seconds": usage.ru_stime, "rss_bytes": usage.ru_maxrss * 1024}


def report(wanted, runs, machine, ratio):
    lines = ["# The 1M-row table, to local disk and to S3", "",
             f"{wanted.rows:,} rows x 20 columns (bench/import/generate.py), {wanted.threads} threads, {wanted.rounds} "
             "rounds, turn by turn; whole processes. S3: SeaweedFS on this machine, plain HTTP, data files sent in parts "
             "of 16 MiB with the SHA-256 of each.",
             f"Command: `python3 bench/lake_s3/run.py --rounds {wanted.rounds}`.", "", machine.line(), "",
             "| to | CPU s | user s | system s | best CPU s | wall s | peak MiB |", "|---|---|---|---|---|---|---|"]
    for place, each in runs.items():
        middle = {key: statistics.median(run[key] for run in each) for key in each[0]}
        lines.append(f"| {place} | {middle['cpu_seconds']:.2f} | {middle['user_seconds']:.2f} | "
                     f"{middle['system_seconds']:.2f} | {min(run['cpu_seconds'] for run in each):.2f} | "
                     f"{middle['seconds']:.2f} | {middle['rss_bytes'] / 2**20:.0f} |")
    met = "met" if ratio <= WANTED else "not met"
    return "\n".join([*lines, "", f"S3 takes {ratio:.2f} times the CPU of local disk (median of the rounds' ratios; at most "
                      f"{WANTED} is wanted: {met}).", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=str(ROOT / "build/bench/opportunity"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--name", default="lake_s3", help="of the files in bench/results")
    wanted = parser.parse_args()
    if not os.path.exists(wanted.data + "/describe.json"):
        subprocess.run([sys.executable, str(ROOT / "bench/import/generate.py"), wanted.data, "--rows", str(wanted.rows),
                        "--pages", "10"], check=True)
    machine = Machine()
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        work = pathlib.Path(folder)
        (work / "weed").mkdir()
        with weed.running(work / "weed") as environment:
            weed.client(environment).create_bucket(Bucket=BUCKET)
            one_load(wanted, work, "disk", environment)  # pages into the cache
            runs = {"disk": [], "s3": []}
            for _ in range(wanted.rounds):
                for place, each in runs.items():
                    each.append(one_load(wanted, work, place, environment))
    ratio = statistics.median(s3["cpu_seconds"] / disk["cpu_seconds"] for s3, disk in zip(runs["s3"], runs["disk"]))
    record(wanted.name, report(wanted, runs, machine, ratio), {"runs": runs, "cpu_ratio": ratio, "wanted": WANTED})


if __name__ == "__main__":
    main()
