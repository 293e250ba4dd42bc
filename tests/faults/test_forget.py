"""`firn lake forget`: afterwards no file of the lake and of the state holds the record, whatever was
deleted, merged or rejected before, and the other rows are all there. Files are read by PyArrow."""

import base64
import json
import pathlib
import sqlite3

import fastavro
import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from support.incremental import IncrementalProject, let_pass
from support.rules import change

RECORDS = {"Account": 120}


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
    assert row["state"] == "to be erased" and "in the rows" in row["until"]
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
    # The table's own rules for its history hold again.
    warehouse = project.folder / "lake"
    table = SqlCatalog("firn", uri=f"sqlite:///{warehouse}/catalog.db",
                       warehouse=f"file://{warehouse}").load_table("salesforce.Account")
    assert not [name for name in table.properties if name.startswith("firn.erase.")]


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


def holders(folder, texts):
    """Files below a folder that hold any of the texts: as bytes, or in what they are packed in."""
    wanted = [text.encode() for text in texts]
    found = []
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if path.suffix == ".parquet":
            data += repr(pq.ParquetFile(path).read().to_pylist()).encode()
        if path.suffix == ".avro":
            with open(path, "rb") as file:
                data += b"".join(repr(entry).encode() for entry in fastavro.reader(file))
        if any(text in data for text in wanted):
            found.append(str(path.relative_to(folder)))
    return found


MARK = "Zyxwv Forget"  # whole in bounds, which are cut to 16 characters


def add_rules(project):
    """A rule whose target takes nothing: what it is given ends as a dead letter, or waits."""
    (project.folder / "rules").mkdir()
    target = {"Id": "file", "Arn": "firn:command/refuse", "CommandParameters": {"Command": ["/bin/false"]},
              "RetryPolicy": {"MaximumRetryAttempts": 0}}
    (project.folder / "rules" / "all.json").write_text(json.dumps(
        {"EventPattern": {"detail-type": ["AccountChangeEvent"]}, "Targets": [target]}))


def quarantine(project, record):
    folder = project.folder / ".firn" / "quarantine"
    folder.mkdir(exist_ok=True)
    for name, text in (("mine", record[:15] + MARK), ("other", "001other")):
        (folder / f"{name}.event.json").write_text(json.dumps(
            {"topic": "/data/AccountChangeEvent", "event_id": name, "schema_id": "s", "reason": "test",
             "received": "2026-11-26T02:00:00Z", "replay_id": "", "payload": base64.b64encode(text.encode()).decode()}))
    return folder


@pytest.fixture
def followed(org, tmp_path):
    """A project with a changelog, dead letters and staged rows of a run that was killed, all of one record."""
    made = IncrementalProject(tmp_path / "project", org, ["Account"])
    made.object_report("Account")
    assert made.firn("lake", "set", "salesforce.Account", "firn.changelog=true").code == 0
    record = org.create("Account", Name=MARK)
    org.create("Account", Name="somebody else")
    let_pass(org, 3600)
    made.object_report("Account")
    org.rest("PATCH", f"sobjects/Account/{record}", {"Name": MARK + " 2", "Site": MARK})
    let_pass(org, 120)
    made.object_report("Account")
    add_rules(made)
    events = made.folder / "events.jsonl"
    events.write_text("".join(json.dumps(change(n, record=who, entity="Account", Name=MARK)) + "\n"
                              for n, who in enumerate([record, record, "001000000000009AAA"])))
    made.firn("events", "put", events)
    events.unlink()
    org.rest("PATCH", f"sobjects/Account/{record}", {"Name": MARK + " 3"})
    let_pass(org, 120)
    assert made.export("Account", FIRN_FAULT_POINT="exports.merge.before").code == -9
    return made, record


def test_no_byte_of_a_forgotten_record_is_left_in_the_project(org, followed):
    project, record = followed
    folder = quarantine(project, record)
    other = {key: row for key, row in project.rows("salesforce.Account").items() if key != record}
    planned = {row["place"].split(":")[0]: row for row in forget(project, record, "--plan").json()["rows"]}
    for place in ("salesforce.Account", "salesforce.Account__changelog", "staged rows", "quarantined events",
                  "dead letters", "events of rules"):
        assert planned[place]["files"] > 0 and planned[place]["until"], (place, planned)
    assert holders(project.folder, [record[:15], MARK]), "the search must find what is there"
    org.rest("DELETE", f"sobjects/Account/{record}")
    done = forget(project, record, "--yes")
    assert done.code == 0, done
    left = holders(project.folder, [record[:15]])
    assert left == []
    # Of the other account's event the dead letter stays, which happens to have the same name.
    assert [path for path in holders(project.folder, [MARK]) if "outbox.db" not in path] == []
    assert [path.name for path in folder.iterdir()] == ["other.event.json"]
    assert {row["state"] for row in done.json()["rows"]} == {"erased"}
    assert project.rows("salesforce.Account") == other
    assert len(project.firn("events", "dlq", "list", "--json").json()["rows"]) == 1
    with sqlite3.connect(project.folder / ".firn" / "outbox.db") as db:
        assert db.execute("SELECT count(*) FROM event").fetchone() == (1,)
    assert project.resume().code == 0
    project.object_report("Account", "--sweep")
    project.assert_equal("Account")
    assert holders(project.folder, [record[:15]]) == []


def test_staged_rows_of_other_objects_stay(org, followed):
    project, _ = followed
    done = forget(project, "0030000000000AAAAY", "--yes")
    assert done.code == 0, done
    assert [row["place"] for row in done.json()["rows"]] == []
    assert list((project.folder / ".firn" / "staging").glob("*/Account/*"))
    assert project.resume().code == 0
    project.assert_equal("Account")


def test_a_killed_erasure_of_staged_rows_is_finished_by_the_next_one(org, followed):
    project, record = followed
    killed = project.firn("lake", "forget", record, "--yes", FIRN_FAULT_POINT="exports.forget.planned_anew")
    assert killed.code == -9, killed
    assert forget(project, record, "--yes").code == 0
    assert not list((project.folder / ".firn" / "staging").glob("*/Account/*"))
    # The org has it still: the window is read again.
    assert project.resume().code == 0
    project.object_report("Account")
    project.assert_equal("Account")


@pytest.mark.parametrize("point", [None, "lake.commit.after_data", "lake.commit.before_catalog",
                                   "lake.commit.after_catalog", "lake.erase.committed"])
def test_a_manifest_that_names_the_deleted_records_file_as_removed_goes_too(org, tmp_path, point):
    """Bounds are values: of a file with one row, all of them."""
    mark = "Qwert Erase"  # nobody else's in this org
    project = IncrementalProject(tmp_path / "project", org, ["Account"])
    project.object_report("Account")
    record = org.create("Account", Name=mark)
    let_pass(org, 3600)
    project.object_report("Account")
    org.rest("PATCH", f"sobjects/Account/{record}", {"Name": mark + " 2", "Site": mark})
    let_pass(org, 120)
    project.object_report("Account")
    org.rest("DELETE", f"sobjects/Account/{record}")
    let_pass(org, 120)
    project.object_report("Account")
    assert holders(project.folder, [record[:15], mark])
    if point:
        assert project.firn("lake", "forget", record, "--yes", FIRN_FAULT_POINT=point).code == -9
    done = forget(project, record, "--yes")
    assert done.code == 0, done
    assert holders(project.folder, [record[:15], mark]) == []
    again = forget(project, record, "--plan")
    assert again.json()["rows"] == [], again
    project.object_report("Account", "--sweep")
    project.assert_equal("Account")


def test_a_fetched_file_of_the_record_goes_too(project):
    record = sorted(project.rows("salesforce.Account"))[9]
    folder = project.folder / "lake" / "salesforce" / "Account.blobs" / "Photo"
    folder.mkdir(parents=True)
    for name in (record, record + ".part", "001other"):
        (folder / name).write_text("a face")
    planned = {row["place"]: row for row in forget(project, record, "--plan").json()["rows"]}
    assert planned["fetched files: salesforce.Account"]["files"] == 2
    assert forget(project, record, "--yes").code == 0
    assert [path.name for path in folder.iterdir()] == ["001other"]


def test_a_table_whose_id_column_was_renamed_is_not_passed_over_in_silence(project):
    rows = project.rows("salesforce.Account")
    record = sorted(rows)[3]
    warehouse = project.folder / "lake"
    table = SqlCatalog("firn", uri=f"sqlite:///{warehouse}/catalog.db",
                       warehouse=f"file://{warehouse}").load_table("salesforce.Account")
    with table.update_schema() as update:
        update.rename_column("Id", "sf_id")
    silent = project.firn("lake", "forget", record, "--plan")
    assert "not looked through" in silent.err and "salesforce.Account" in silent.err, silent
    done = forget(project, record, "--key", "sf_id", "--yes")
    assert done.code == 0 and done.json()["rows"][0]["state"] == "erased", done
    for path in (warehouse / "salesforce").rglob("*.parquet"):
        held = pq.ParquetFile(path).read()
        for column in {"Id", "sf_id"} & set(held.column_names):  # others may refer to it
            assert record not in held.column(column).to_pylist(), path


def test_an_id_of_fifteen_characters_is_that_record_and_a_mistyped_one_is_refused(project):
    record = sorted(project.rows("salesforce.Account"))[4]
    assert forget(project, record[:15], "--plan").json()["rows"][0]["visible"] is True
    typo = forget(project, record[:17] + ("A" if record[17] != "A" else "B"), "--plan")
    assert typo.code == 2 and "no Salesforce Id" in typo.err, typo
