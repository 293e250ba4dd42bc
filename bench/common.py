"""What the benchmarks share: timing a whole process, the machine's line, writing a record."""

import contextlib
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
FIRN = os.environ.get("FIRN_BIN", str(ROOT / "build" / "release" / "bin" / "firn"))
RESULTS = ROOT / "bench" / "results"


def timed(command, cwd=None, exits=(0,)):
    """Runs a process to its end: wall and CPU seconds, peak bytes, standard output."""
    environment = {**os.environ, "FIRN_NO_PROGRESS": "1"}
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               cwd=cwd, env=environment)
    out = process.stdout.read()
    err = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in exits:
        sys.exit(f"{command} ended with {process.returncode}: {err.decode(errors='replace')}")
    return {"seconds": seconds, "cpu_seconds": usage.ru_utime + usage.ru_stime, "rss_bytes": usage.ru_maxrss * 1024,
            "out": out.decode()}


def load():
    return float(pathlib.Path("/proc/loadavg").read_text().split()[0])


class Machine:
    """Remembers the load that others put on the machine while a benchmark runs."""

    def __init__(self):
        self.before = load()

    def line(self):
        return (f"Machine: {os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}; load average "
                f"{self.before:.1f} at the start, {load():.1f} at the end (a load above the benchmark's own threads "
                "means that others used the machine: trust CPU seconds then, not wall time).")


def medians(runs):
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]
            if isinstance(runs[0][key], (int, float))}


def record(name, text, numbers):
    """Prints a Markdown report and writes it with its numbers into bench/results."""
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")
    (RESULTS / f"{name}.json").write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")


@contextlib.contextmanager
def sandbox(folder, rows_of):
    """A sandbox org in `folder`, with rows of some objects; gives the facts of its running.json."""
    org = pathlib.Path(folder) / "org"
    timed([FIRN, "sandbox", "up", "--background", "--no-tls", "--scale", "0", "--folder", org])
    try:
        for name, rows in rows_of.items():
            timed([FIRN, "sandbox", "seed", "--folder", org, "--object", name, "--rows", rows])
        yield json.loads((org / "running.json").read_text())
    finally:
        timed([FIRN, "sandbox", "down", "--folder", org])


def project_text(facts, more=""):
    return (f"name: bench\norgs:\n- id: desk\n  login_url: {facts['http_url']}\n  auth: {{client_id: "
            f"\"{facts['client_id']}\", username: \"{facts['username']}\", key: \"${{file:{facts['key_file']}}}\"}}\n"
            f"{more}lake: {{warehouse: lake}}\n")
