"""Disks, files and other processes: what lies on the machine is damaged, full or busy."""

import os
import pathlib
import signal
import sqlite3
import subprocess

import pytest

from support.firn import Sandbox, firn_environment, firn_path, until


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("org")) as org:
        org.seed("Account", 300)
        yield org


def run(project, *more, **environment):
    return project.export("Account", "--page-rows", 50, *more, **environment)


def change_one_cell(path):
    """Rewrites a data file with one cell changed, everything else as it was."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    table = pq.read_table(path)
    at = table.schema.get_field_index("Name")
    names = table.column("Name").to_pylist()
    names[len(names) // 2] = "somebody else"
    changed = table.set_column(at, table.schema.field(at), pa.array(names, table.schema.field(at).type))
    pq.write_table(changed, path)


def test_a_changed_cell_is_named_with_its_column_and_file(project, sandbox):
    assert run(project, "--verify", "full").code == 0
    assert project.report()["objects"][0]["verified"] == "full"
    assert project.firn("export", "verify").code == 0
    victim = project.data_files("Account")[0]
    change_one_cell(victim)
    done = project.firn("export", "verify")
    assert done.code == 1, done
    assert "column Name" in done.out
    assert victim.name in done.out


def test_a_dropped_page_is_named(project, sandbox):
    """The rows of a page are taken out of a committed file behind firn's back."""
    import pyarrow.parquet as pq
    assert run(project, "--file-size", 1).code == 0
    victim = project.data_files("Account")[0]
    table = pq.read_table(victim)
    pq.write_table(table.slice(0, table.num_rows - 50), victim)
    done = project.firn("export", "verify", "--verify", "counts")
    assert done.code == 1, done
    assert "pages" in done.out
    assert victim.name in done.out


def test_a_missing_file_is_named_with_its_pages(project, sandbox):
    assert run(project).code == 0
    victim = project.data_files("Account")[0]
    victim.unlink()
    done = project.firn("export", "verify", "--verify", "counts")
    assert done.code == 1, done
    assert victim.name in done.out


@pytest.mark.parametrize("passage", [1, 2, 5, 9])
def test_a_full_disk_is_a_clear_error_and_resumes(project, sandbox, passage):
    full = run(project, FIRN_FAULT_POINT=f"base.file.write:{passage}",
               FIRN_FAULT_ACTION="disk-full")
    if full.code == 0:
        pytest.skip("the run writes fewer files")
    assert full.code in (1, 5), full
    assert "disk" in full.err or "space" in full.err, full
    done = project.resume()
    if "EXPORT-RUN-003" in done.err:
        done = run(project)
    assert done.code == 0, done
    assert project.report()["verdict"] == "exact"
    assert len(project.rows("salesforce.Account")) == sandbox.rows_of("Account")


def start(project, *words, **environment):
    return subprocess.Popen([firn_path(), *map(str, words)], cwd=project.folder,
                            env=firn_environment(**environment), stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def has_pages(project):
    try:
        with project.state() as state:
            return state.execute("SELECT count(*) FROM page").fetchone()[0] > 0
    except sqlite3.Error:
        return False


def test_two_processes_on_one_project_the_second_is_told_who_writes(project, sandbox):
    # Many pages, all of them late: the first is long there when the last is asked for.
    sandbox.fault(path="/services/data/*/results*", effect="delay", ms=3000)
    first = start(project, "export", "run", "Account", "--page-rows", 10)
    until(lambda: has_pages(project))
    first.send_signal(signal.SIGSTOP)  # it cannot end meanwhile
    try:
        second = run(project)
        assert second.code != 0, second
        assert "STATE-LOCK-001" in second.err
        assert str(first.pid) in second.err
        listed = project.firn("export", "list", "--json")
        assert listed.code == 0, listed
        assert listed.json()["rows"][0]["state"] == "running"
    finally:
        sandbox.clear()
        first.send_signal(signal.SIGCONT)
    out, err = first.communicate(timeout=300)
    assert first.returncode == 0, out + err


def test_an_interrupt_finishes_the_page_and_says_how_to_resume(project, sandbox):
    sandbox.fault(path="/services/data/*/results*", effect="delay", ms=3000)
    first = start(project, "export", "run", "Account", "--page-rows", 10, "--file-size", 1)
    until(lambda: has_pages(project))
    first.send_signal(signal.SIGINT)
    out, err = first.communicate(timeout=300)
    assert first.returncode == 130, out + err
    assert "firn export resume" in err
    sandbox.clear()
    done = project.resume()
    assert done.code == 0, done
    assert project.report()["verdict"] == "exact"


def test_metadata_cut_short_by_a_crash_is_named(project, sandbox):
    assert run(project).code == 0
    metadata = sorted((project.folder / "lake").glob("**/*.metadata.json"),
                      key=lambda path: path.stat().st_mtime)[-1]
    metadata.write_bytes(metadata.read_bytes()[:100])
    done = run(project)
    assert done.code != 0, done
    assert "LAKE-META" in done.err
    assert metadata.name in done.err


def test_a_locked_catalog_is_waited_for_then_named(project, sandbox):
    assert run(project).code == 0
    catalog = next((project.folder / "lake").glob("*.db"))
    holder = sqlite3.connect(catalog, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        done = run(project)
        assert done.code != 0, done
        assert "lock" in done.err.lower()
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    resumed = project.resume()
    if "EXPORT-RUN-003" in resumed.err:
        resumed = run(project)
    assert resumed.code == 0, resumed


def test_a_damaged_ledger_is_named(project, sandbox):
    assert run(project).code == 0
    for path in (project.folder / ".firn").glob("state.db*"):
        path.unlink()
    (project.folder / ".firn/state.db").write_bytes(b"x" * 4096)
    done = run(project)
    assert done.code != 0, done
    assert "STATE-OPEN-002" in done.err


def test_rejects_and_state_are_readable_by_their_owner_alone(project, sandbox):
    sandbox.fault(path="/services/data/*/results*", nth=1, times=1, effect="bad_utf8")
    assert run(project).code == 1
    path = pathlib.Path(project.report()["objects"][0]["rejects_path"])
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert os.stat(project.folder / ".firn/shared.db").st_mode & 0o777 == 0o600


def test_r18_memory_is_bounded_whatever_the_object(project, sandbox):
    done = subprocess.run(["/usr/bin/env", "bash", "-c",
                           f"ulimit -v 4000000; exec {firn_path()} export run Account"],
                          cwd=project.folder, env=firn_environment(), capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
