"""`firn lake forget`: afterwards no file of the lake and of the state holds the record, whatever was
deleted, merged or rejected before, and the other rows are all there. Files are read by PyArrow."""

import pathlib

import pyarrow.parquet as pq
import pytest

from support.firn import Sandbox
from support.incremental import IncrementalProject, let_pass


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("org")) as sandbox:
        sandbox.seed("Account", 120)
        yield sandbox


@pytest.fixture
def project(org, tmp_path):
    """A table with a history: a full export and two merges."""
    made = IncrementalProject(tmp_path / "project", org, ["Account"])
    made.object_report("Account")
    for name in ("first", "second"):
        let_pass(org, 3600)
        for row in sorted(made.rows("salesforce.Account"))[:4]:
            org.rest("PATCH", f"sobjects/Account/{row}", {"Name": name})
        let_pass(org, 120)
        made.object_report("Account")
    return made


def files_with(project, record):
    found = []
    for path in pathlib.Path(project.folder / "lake").rglob("*.parquet"):
        table = pq.ParquetFile(path).read()
        if "Id" in table.column_names and record in table.column("Id").to_pylist():
            found.append(path.name)
    return found


def forget(project, record, *words):
    return project.firn("lake", "forget", record, *words, "--json")


def test_the_plan_says_where_the_record_is_and_touches_nothing(project):
    record = sorted(project.rows("salesforce.Account"))[0]
    before = files_with(project, record)
    planned = forget(project, record, "--plan")
    assert planned.code == 0, planned
    row = planned.json()["rows"][0]
    assert row["visible"] is True and row["snapshots"] == 3, row
    assert row["files"] + row["old_files"] == len(before)
    assert files_with(project, record) == before


@pytest.mark.parametrize("position", [0, 60])
def test_a_forgotten_record_is_in_no_file_and_every_other_row_is_there(project, position):
    rows = project.rows("salesforce.Account")
    record = sorted(rows)[position]
    assert files_with(project, record)
    done = forget(project, record, "--yes")
    assert done.code == 0, done
    assert files_with(project, record) == []
    left = project.rows("salesforce.Account")
    assert left == {key: row for key, row in rows.items() if key != record}


def test_a_record_that_was_deleted_before_is_forgotten_in_the_history_too(org, project):
    record = sorted(project.rows("salesforce.Account"))[1]
    org.rest("DELETE", f"sobjects/Account/{record}")
    let_pass(org, 120)
    project.object_report("Account")
    assert record not in project.rows("salesforce.Account")
    assert files_with(project, record), "the delete only hides the row"
    assert forget(project, record, "--yes").code == 0
    assert files_with(project, record) == []
    assert project.firn("lake", "show", "salesforce.Account").out.count("firn.erase.was") == 0


def test_merges_go_on_after_an_erasure(org, project):
    record = sorted(project.rows("salesforce.Account"))[2]
    org.rest("DELETE", f"sobjects/Account/{record}")
    assert forget(project, record, "--yes").code == 0
    org.create("Account", Name="afterwards")
    let_pass(org, 120)
    project.object_report("Account", "--sweep")
    project.assert_equal("Account")
    assert files_with(project, record) == []


@pytest.mark.parametrize("point", ["lake.erase.prepared", "lake.commit.before_catalog",
                                   "lake.commit.after_catalog", "lake.erase.committed"])
def test_a_killed_erasure_is_finished_by_the_next_one(project, point):
    rows = project.rows("salesforce.Account")
    record = sorted(rows)[5]
    killed = project.firn("lake", "forget", record, "--yes", FIRN_FAULT_POINT=point)
    assert killed.code == -9, killed
    assert forget(project, record, "--yes").code == 0
    assert files_with(project, record) == []
    assert len(project.rows("salesforce.Account")) == len(rows) - 1


def test_rejected_rows_of_the_record_go_too(project):
    record = sorted(project.rows("salesforce.Account"))[7]
    folder = project.folder / ".firn" / "rejects" / "run"
    folder.mkdir(parents=True)
    rejects = folder / "Account.1.jsonl"
    rejects.write_text(f'{{"id":"{record}","text":"a name"}}\n{{"id":"001other","text":"b"}}\n')
    assert forget(project, record, "--yes").code == 0
    assert record not in rejects.read_text() and "001other" in rejects.read_text()
    assert rejects.stat().st_mode & 0o777 == 0o600


def test_without_yes_and_without_a_terminal_nothing_is_erased(project):
    record = sorted(project.rows("salesforce.Account"))[8]
    refused = forget(project, record)
    assert refused.code == 2 and "--yes" in refused.err, refused
    assert files_with(project, record)
    nonsense = forget(project, "no-id", "--yes")
    assert nonsense.code == 2, nonsense
