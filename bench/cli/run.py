"""How long a person waits: `firn --help`, and the whole demo.

    ./dev bench cli
"""

import json
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import FIRN, Machine, medians, record, timed  # noqa: E402

HELP_RUNS = 50
DEMO_RUNS = 3


def demo():
    folder = tempfile.mkdtemp()
    shutil.rmtree(folder)
    run = timed([FIRN, "demo", "--dir", folder, "--json"])
    run["told_seconds"] = json.loads(run["out"].splitlines()[-1])["seconds"]
    shutil.rmtree(folder)
    return run


def main():
    machine = Machine()
    timed([FIRN, "--help"])  # the libraries are read once
    runs = {"firn --help": [timed([FIRN, "--help"]) for _ in range(HELP_RUNS)],
            "firn demo": [demo() for _ in range(DEMO_RUNS)]}
    lines = ["# How long a person waits", "",
             f"Whole processes; `firn --help` {HELP_RUNS} times, `firn demo` {DEMO_RUNS} times. Command: "
             "`./dev bench cli`.", "", machine.line(), "",
             "| command | wall, median | wall, best | CPU, median | peak MiB | wanted |", "|---|---|---|---|---|---|"]
    for name, wanted in (("firn --help", "< 30 ms"), ("firn demo", "< 60 s")):
        middle = medians(runs[name])
        best = min(run["seconds"] for run in runs[name])
        unit = (lambda s: f"{s * 1000:.1f} ms") if name.endswith("help") else (lambda s: f"{s:.1f} s")
        lines.append(f"| `{name}` | {unit(middle['seconds'])} | {unit(best)} | {unit(middle['cpu_seconds'])} | "
                     f"{middle['rss_bytes'] / 2**20:.0f} | {wanted} |")
    for each in runs.values():
        for run in each:
            del run["out"]
    record("cli", "\n".join(lines) + "\n", runs)


if __name__ == "__main__":
    main()
