"""Ten million rows: exported in the memory that was promised, and killed at every fault point on the way.

One clean export says what the table must be. Then runs are killed at one point after the other, each time
resumed with the next point armed, until every point that an export passes has killed it; each finished
table must equal the clean one, cell by cell. FIRN_SOAK_ROWS changes the size (default 10,000,000).
The record goes into bench/results/soak.md and .json; that of another size has it in its name: soak-1000000.md.
"""

import os
import pathlib
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
from common import Machine, record  # noqa: E402

from support.engines import duck  # noqa: E402, F401
from support.firn import Project, Sandbox, fault_points, firn_environment, firn_path  # noqa: E402

FULL_SIZE = 10_000_000
ROWS = int(os.environ.get("FIRN_SOAK_ROWS", FULL_SIZE))
OBJECT = "Reading__c"
TABLE = f"salesforce.{OBJECT}"
MEMORY_BYTES = 512 << 20  # the default of --memory
DISK_ONLY = {"base.file.write"}
# In the order of a run's life, so that one run dies at many of them; the rest follow as listed.
FIRST = ("exports.run.created", "exports.object.described", "lake.create.before_catalog",
         "lake.create.after_catalog", "exports.table.ready", "exports.job.created", "exports.job.recorded",
         "base.file.before_rename", "base.file.after_rename", "lake.ingest.file_opened", "exports.page.fetched",
         "lake.ingest.before_sync", "lake.ingest.file_synced", "exports.file.closed", "state.file.before_commit",
         "state.file.after_commit", "exports.file.recorded", "exports.fetch.complete", "exports.commit.before")


def points():
    names = [name for name in fault_points() if name not in DISK_ONLY]
    first = [point for point in FIRST if point in names]
    return first + [name for name in names if name not in first]


def run(project, *words, point=""):
    """One firn process: exit code, peak bytes, CPU and wall seconds."""
    more = {"FIRN_FAULT_POINT": point} if point else {}
    start = time.monotonic()
    process = subprocess.Popen([firn_path(), *words], cwd=project.folder, env=firn_environment(**more),
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    err = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return {"code": process.returncode, "err": err, "rss_bytes": usage.ru_maxrss * 1024, "point": point,
            "cpu_seconds": usage.ru_utime + usage.ru_stime, "seconds": time.monotonic() - start}


def content(project, duck):  # noqa: F811
    """Rows and the sum of their hashes: the same for the same rows in any order."""
    shown = project.firn("lake", "show", TABLE, "--json")
    assert shown.code == 0, shown
    return duck.execute(f"SELECT count(*), sum(hash(rows)::HUGEINT) FROM iceberg_scan('{shown.json()['metadata']}') "
                        "AS rows").fetchone()


def passed_by_an_export(org, folder):
    """The points that an export of a small object meets, for the first time or on a full table."""
    found = []
    for point in points():
        project = Project(folder / point, org)
        for _ in range(2):
            done = run(project, "export", "run", "Account", point=point)
            assert done["code"] in (0, -9), done
            if done["code"] == -9:
                found.append(point)
                break
    assert len(found) >= 25, found
    return found


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("org")) as sandbox:
        sandbox.seed("Account", 200)
        sandbox.ask("POST", "seed", {"object": OBJECT, "rows": ROWS, "scale": 1}, timeout=3600)
        yield sandbox


class Chain:
    """Runs that die at one point after the other."""

    def __init__(self, project):
        self.project = project
        self.processes = []
        self.killed_at = []
        self.tables = 0

    def step(self, point):
        """Goes on with the run, or begins one; false when it came to its end."""
        done = run(self.project, "export", "resume", point=point)
        if "EXPORT-RUN-003" in done["err"] or "STATE-OPEN-001" in done["err"]:
            done = run(self.project, "export", "run", OBJECT, point=point)
        self.processes.append(done)
        assert done["code"] in (0, -9), done
        return done["code"] == -9

    def die_at(self, point, finished):
        for _ in range(2):
            if self.step(point):
                self.killed_at.append(point)
                return
            finished()
            self.tables += 1
        raise AssertionError(f"the export no longer passes {point}")


def test_ten_million_rows_in_bounded_memory_survive_a_kill_at_every_point(org, duck, tmp_path):  # noqa: F811
    machine = Machine()
    clean_project = Project(tmp_path / "clean", org)
    clean = run(clean_project, "export", "run", OBJECT)
    assert clean["code"] == 0, clean
    assert clean_project.report()["verdict"] == "exact"
    expected = content(clean_project, duck)
    assert expected[0] == org.rows_of(OBJECT)

    project = Project(tmp_path / "killed", org)
    chain = Chain(project)

    def finished():
        assert project.report()["verdict"] == "exact"
        assert content(project, duck) == expected
        assert project.orphans(TABLE) == []

    for point in passed_by_an_export(org, tmp_path / "small"):
        chain.die_at(point, finished)
    while chain.step(""):
        pass
    finished()
    peak = max(done["rss_bytes"] for done in [clean, *chain.processes])
    write_record(machine, expected[0], clean_project.report(), clean, chain, peak)
    assert peak <= MEMORY_BYTES


def write_record(machine, rows, report, clean, chain, peak):
    object_report = report["objects"][0]
    text = f"""# Soak: {rows:,} rows, killed at every fault point

{rows:,} rows of {OBJECT} from the sandbox over loopback (gzip), {object_report["csv_bytes"] / 1e6:,.0f} MB of CSV, default options
(`--memory 512MiB --threads 2 --verify counts`). Command: `./dev soak` (FIRN_SOAK_ROWS={ROWS}).

{machine.line()}

| what | |
|---|---|
| clean export | {clean["seconds"]:.0f} s wall, {clean["cpu_seconds"]:.1f} CPU s, peak {clean["rss_bytes"] / 2**20:.0f} MiB, {object_report["verdict"]} |
| processes of the killed runs | {len(chain.processes)} |
| killed at | {len(chain.killed_at)} points: {", ".join(f"`{point}`" for point in chain.killed_at)} |
| tables finished and compared | {chain.tables + 1}, all equal to the clean one, no orphan |
| highest peak of any process | {peak / 2**20:.0f} MiB of {MEMORY_BYTES >> 20} |
"""
    numbers = {"rows": rows, "clean": {key: clean[key] for key in ("seconds", "cpu_seconds", "rss_bytes")},
               "peak_bytes": peak, "killed_at": chain.killed_at, "tables": chain.tables + 1,
               "processes": [{key: done[key] for key in ("point", "code", "rss_bytes", "cpu_seconds", "seconds")}
                             for done in chain.processes]}
    record("soak" if ROWS == FULL_SIZE else f"soak-{ROWS}", text, numbers)
