"""CPU and memory of an idle `firn run`: `./dev bench daemon_idle`, or this file with other SECONDS.

Starts a sandbox and a daemon with one job a day, a stream of two tables with a rule, and the catalog; waits until
its first runs are over and the stream follows, then reads what the process has used after SECONDS (120). The org
gives its sign of life as the real one does, every 270 s. Writes bench/results/daemon_idle.json.
"""

import json
import os
import pathlib
import platform
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support.daemon import running  # noqa: E402
from support.firn import Project, Sandbox  # noqa: E402

JOBS = """
schedules:
  - {name: changes, when: rate(1 day), objects: [Account, Contact], mode: incremental}
events:
  - {objects: [Account, Contact]}
daemon:
  listen: 127.0.0.1:0
  catalog: {listen: "127.0.0.1:0"}
"""
RULE = {"EventPattern": {"detail-type": ["AccountChangeEvent"]},
        "Targets": [{"Id": "log", "Arn": "firn:command/log", "CommandParameters": {"Command": ["/bin/cat"]}}]}
RESULTS = ROOT / "bench/results"


def used(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(resident.split()[1]) / 1024


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 120
    with tempfile.TemporaryDirectory() as folder, Sandbox(folder + "/org") as org:
        org.seed("Account", 2000)
        org.seed("Contact", 2000)
        project = Project(folder + "/project", org)
        config = project.folder / "firn.yaml"
        config.write_text(config.read_text() + JOBS)
        (project.folder / "rules").mkdir()
        (project.folder / "rules/log.json").write_text(json.dumps(RULE))
        with running(project) as daemon:
            daemon.until_job("changes", outcome="exact", state="idle")
            daemon.until_job("firn.limits", outcome="done", state="idle")
            daemon.until(lambda: (stream := daemon.status()["streams"][0])["state"] == "following"
                         and len(stream["tables"]) == 2, "stream")
            time.sleep(10)
            cpu_before, _ = used(daemon.process.pid)
            time.sleep(seconds)
            cpu, resident = used(daemon.process.pid)
            result = {"command": f"bench/daemon_idle/run.py {seconds:g}", "machine": platform.machine(),
                      "cpus": os.cpu_count(), "load_average": os.getloadavg(), "seconds": seconds,
                      "with": "jobs, a stream of two tables, a rule, the catalog",
                      "cpu_percent": round(100 * (cpu - cpu_before) / seconds, 3),
                      "resident_mib": round(resident, 1)}
            print(json.dumps(result))
            (RESULTS / "daemon_idle.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
