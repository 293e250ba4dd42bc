"""The changelog of a followed table: what windows and event streams write into it, and after kills.

What could go wrong in production: a window that was read again looks like changes, a change is told
twice because the run that made it was killed, nobody can say where a change came from.
"""

import base64
import json

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from support.events import EventsProject
from support.firn import Sandbox
from support.incremental import IncrementalProject, let_pass

TABLE = "salesforce.Account"
LOG = TABLE + "__changelog"
RECORDS = {"Account": 40}


def entries(project):
    warehouse = project.folder / "lake"
    catalog = SqlCatalog("firn", uri=f"sqlite:///{warehouse}/catalog.db", warehouse=f"file://{warehouse}")
    if not catalog.table_exists(LOG):
        return []
    rows = catalog.load_table(LOG).scan().to_arrow().to_pylist()
    return sorted(rows, key=lambda row: (row["__commit"], row["Id"] or ""))


@pytest.fixture
def windows(org, tmp_path):
    made = IncrementalProject(tmp_path / "project", org, ["Account"], more={"Account": ["changelog: true"]})
    made.object_report("Account")
    return made


def told(rows):
    return sorted((row["__operation"], row["Id"]) for row in rows)


def change(org, project):
    """An insert, an update and a delete; what the log should say of them."""
    rows = project.rows(TABLE)
    # A parent's delete changes its children too.
    ids = sorted(set(rows) - {row["ParentId"] for row in rows.values()})
    org.rest("PATCH", f"sobjects/Account/{ids[0]}", {"Phone": str(len(rows)), "Site": "Bern"})
    org.rest("DELETE", f"sobjects/Account/{ids[1]}")
    made = org.create("Account", Name="made")
    return sorted([("update", ids[0]), ("delete", ids[1]), ("insert", made)])


def test_windows_tell_each_change_once_though_they_read_rows_again(org, windows):
    let_pass(org, 3600)
    wanted = change(org, windows)
    let_pass(org, 120)
    windows.object_report("Account")
    first = entries(windows)
    assert told(first) == wanted
    updated = next(row for row in first if row["__operation"] == "update")
    assert {"Phone", "Site", "SystemModstamp"} <= set(updated["__changed"])
    assert updated["Site"] == "Bern" and json.loads(updated["__before"])["Site"] != "Bern"
    assert {row["__source"] for row in first} == {"export:Account"}
    start, end = first[0]["__position"].split("/")
    assert start < end and start.startswith("20") and end.endswith("Z")
    # The overlap has the next window read all of it again.
    for _ in range(2):
        let_pass(org, 120)
        windows.object_report("Account", "--sweep", "--refresh")
    assert entries(windows) == first
    windows.assert_equal("Account")


@pytest.mark.parametrize("point", ["lake.changelog.made", "lake.changelog.written", "lake.merge.committed",
                                   "lake.changelog.appended", "exports.merge.after", "exports.merge.recorded"])
def test_a_killed_window_tells_each_change_once(org, windows, point):
    let_pass(org, 3600)
    wanted = change(org, windows)
    let_pass(org, 120)
    killed = windows.export("Account", FIRN_FAULT_POINT=point)
    assert killed.code == -9, killed
    assert windows.resume().code == 0
    let_pass(org, 120)
    windows.object_report("Account")
    assert told(entries(windows)) == wanted
    windows.assert_equal("Account")


def test_an_event_stream_tells_its_changes_and_where_they_stood(tmp_path):
    with Sandbox(tmp_path / "org") as org:
        org.seed("Account", 10)
        follow_and_check(org, tmp_path)


def follow_and_check(org, tmp_path):
    project = EventsProject(tmp_path / "project", org, ["Account"], more="    changelog: true\n").start()
    project.follow()
    before = entries(project)
    wanted = change(org, project)
    project.follow()
    rows = entries(project)[len(before):]
    assert told(rows) == wanted
    for row in rows:
        assert row["__source"].startswith("cdc:/data/"), row
        assert base64.b64decode(row["__position"], validate=True)
    # A log is no object of the org: whoever follows all tables leaves it alone.
    assert "Account__changelog" not in project.firn("events", "topics", "--json").out
