"""CPU and memory of an idle `firn run`: `python3 bench/daemon_idle.py [SECONDS]`, with FIRN_BIN set.

Starts a sandbox and a daemon with one job a day, waits until its first runs are over, then reads what the
process has used after SECONDS (120). Prints one JSON line.
"""

import json
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

from support.daemon import running  # noqa: E402
from support.firn import Project, Sandbox  # noqa: E402

JOBS = """
schedules:
  - {name: changes, when: rate(1 day), objects: [Account], mode: incremental}
daemon: {listen: "127.0.0.1:0"}
"""


def used(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(resident.split()[1]) / 1024


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 120
    with tempfile.TemporaryDirectory() as folder, Sandbox(folder + "/org") as org:
        org.seed("Account", 2000)
        project = Project(folder + "/project", org)
        config = project.folder / "firn.yaml"
        config.write_text(config.read_text() + JOBS)
        with running(project) as daemon:
            daemon.until_job("changes", outcome="exact")
            cpu_before, _ = used(daemon.process.pid)
            time.sleep(seconds)
            cpu, resident = used(daemon.process.pid)
            print(json.dumps({"seconds": seconds, "cpu_percent": round(100 * (cpu - cpu_before) / seconds, 3),
                              "resident_mib": round(resident, 1)}))


if __name__ == "__main__":
    main()
