"""A power cut at every fault point: the process dies, and every write and every name that was not synced
is gone with it (tests/preload). `firn export resume` still ends with the same table, and what was
acknowledged is there.

What could go wrong in production: a file is renamed before its bytes are on the disk, a folder is never
synced, a database file has no name after the crash. A plain `kill -9` shows none of these.
"""

import os
import pathlib
import subprocess
import sys

import pytest

from faults.test_kill_loop import INCREMENTAL, RUN, points
from support.firn import Project, firn_path

LIBRARY = pathlib.Path(firn_path()).parents[1] / "tests/libpower_cut.so"
# The catalog's row is swapped: this snapshot was promised.
COMMITTED = {"lake.commit.after_catalog", "exports.commit.after", "exports.commit.recorded",
             "exports.reconcile.before", "exports.reconcile.after", "exports.run.before_finish"}
RECORDS = {"Account": 260}


def preload(root):
    assert LIBRARY.exists(), f"{LIBRARY} is not built"
    return {"LD_PRELOAD": str(LIBRARY), "FIRN_POWER_CUT_ROOT": str(pathlib.Path(root).resolve())}


@pytest.fixture(scope="module")
def expected(org, tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("expected"), org)
    done = project.export(*RUN)
    assert done.code == 0, done
    return project.rows("salesforce.Account")


PROGRAM = """
import os, signal, sys
def write(path, text, sync):
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(file, text)
    if sync: os.fsync(file)
    os.close(file)
write("kept", b"old and long", True)
folder = os.open(".", os.O_RDONLY)
os.fsync(folder)
write("kept", b"new", False)
write("nameless", b"synced, its folder is not", True)
os.mkdir("folder")
write("moved", b"x", True)
os.rename("kept", "renamed")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_library_drops_what_was_not_synced_and_nothing_else(tmp_path):
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, check=False,
                          env={**os.environ, **preload(tmp_path)})
    assert done.returncode == -9
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept"]
    assert (tmp_path / "kept").read_bytes() == b"old and long"


def snapshots(project):
    listed = project.firn("lake", "history", "salesforce.Account", "--json")
    return len(listed.json()["rows"]) if listed.code == 0 else 0


@pytest.mark.parametrize("point", points())
def test_unsynced_writes_dropped_at_a_fault_point_the_run_resumes_to_the_same_table(org, expected, tmp_path,
                                                                                  point):
    project = Project(tmp_path / "project", org)
    cut = project.export(*RUN, FIRN_FAULT_POINT=point, **preload(project.folder))
    if cut.code == 0:
        passed = point.startswith(("exports.", "state.")) and not point.startswith(INCREMENTAL)
        assert not passed, f"no export passes {point}"
        return
    assert cut.code == -9, cut
    assert snapshots(project) == (1 if point in COMMITTED else 0), point
    resumed = project.resume()
    if any(code in resumed.err for code in ("EXPORT-RUN-003", "STATE-OPEN-001")):
        resumed = project.export(*RUN)  # died before there was a run
    assert resumed.code == 0, resumed
    assert project.report()["verdict"] == "exact"
    assert project.rows("salesforce.Account") == expected
    assert project.orphans("salesforce.Account") == []
    assert snapshots(project) == 1
