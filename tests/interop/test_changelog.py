"""Changelogs as other engines read them, after kills at every point between the two commits.

What could go wrong in production: whoever builds on the log misses a change, or sees one twice,
because the merge that made it was killed before the log had it.
"""
import json

import pytest

from support.lake_desk import firn, firn_json
from test_lake_merge import KILLED, TABLE, by_id, changed, read, upsert
from support.lake_desk import expected_row

LOG = TABLE + "__changelog"
# Of a merge with a log: its own points, and those of either table's commit.
POINTS = [row["name"] for row in json.loads(firn("debug", "faultpoints", "--json").stdout)["rows"]
          if row["name"].startswith(("lake.changelog.", "lake.commit."))] + ["lake.merge.committed"]
ELSEWHERE = ("lake.commit.after_merged", "lake.commit.after_deleted")


def entries(desk):
    """The log as PyIceberg sees it, by commit; a table that is not there yet has none."""
    catalog = desk.catalog()
    if not catalog.table_exists(LOG):
        return []
    rows = catalog.load_table(LOG).scan().to_arrow().to_pylist()
    return sorted(rows, key=lambda row: (row["__commit"], row["Id"] or ""))


def loaded(desk, numbers):
    """A table with a log that has told nothing yet."""
    desk.load(numbers)
    firn("lake", "set", TABLE, "firn.changelog=true", "--warehouse", desk.warehouse)
    return by_id(expected_row(n) for n in numbers)


def replayed(desk, before):
    """`before` as the log changes it; an entry that is missing or there twice does not fit."""
    rows = dict(before)
    for entry in entries(desk):
        row = {name: value for name, value in entry.items() if not name.startswith("__")}
        if entry["__operation"] == "insert":
            assert entry["Id"] not in rows, entry
        else:
            assert entry["__operation"] == "update", entry
            former = json.loads(entry["__before"], parse_float=str)
            assert sorted(former) == sorted(entry["__changed"]), entry
            assert rows[entry["Id"]] != row, "an update that changes nothing"
            assert all(rows[entry["Id"]][name] != row[name] for name in entry["__changed"]), entry
            assert former.get("Name", row["Name"]) == rows[entry["Id"]]["Name"], entry
        rows[entry["Id"]] = row
    return rows


def same_for_duck(desk, duck):
    location = firn_json("lake", "show", LOG, "--warehouse", desk.warehouse)["metadata"]
    found = duck.execute("SELECT __commit, __operation, Id, __changed, __before, Name FROM "
                         f"iceberg_scan('{location}') ORDER BY __commit, coalesce(Id, '')").fetchall()
    wanted = [(row["__commit"], row["__operation"], row["Id"], row["__changed"], row["__before"],
               row["Name"]) for row in entries(desk)]
    assert found == wanted


@pytest.mark.parametrize("passage", [1, 2, 3])
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_between_the_two_commits_loses_and_doubles_no_change(desk, duck, point, passage):
    start = loaded(desk, range(40))
    if passage > 1 or point != "lake.changelog.made":
        upsert(desk, [changed(n, 1) for n in range(3, 9)])
    rows = [changed(n, 2) for n in range(6, 12)] + [changed(n, 2) for n in range(45, 50)]
    upsert(desk, rows, check=False, environment={"FIRN_FAULT_POINT": f"{point}:{passage}"})
    # Whoever comes next goes on from what is there: the same again, and something else.
    upsert(desk, rows)
    upsert(desk, [changed(n, 3) for n in range(0, 4)])
    assert replayed(desk, start) == read(desk)
    commits = sorted({row["__commit"] for row in entries(desk)})
    assert commits == list(range(1, len(commits) + 1))
    same_for_duck(desk, duck)


@pytest.mark.parametrize("point", ["lake.changelog.written", "lake.merge.committed",
                                   "lake.changelog.appended"])
def test_a_merge_with_a_log_passes_its_points(desk, point):
    loaded(desk, range(5))
    done = upsert(desk, [changed(1, 1)], check=False,
                  environment={"FIRN_FAULT_POINT": point})
    assert done.returncode == KILLED, done.stderr


def test_what_another_engine_changed_is_told_as_a_gap(desk, duck):
    loaded(desk, range(10))
    upsert(desk, [changed(1, 1)])
    desk.catalog().load_table(TABLE).delete(f"Id = '{expected_row(2)['Id']}'")
    upsert(desk, [changed(3, 1)])
    told = [(row["__commit"], row["__operation"], row["Id"]) for row in entries(desk)]
    assert told == [(1, "update", expected_row(1)["Id"]), (2, "gap", None),
                    (2, "update", expected_row(3)["Id"])]
    same_for_duck(desk, duck)


def test_maintenance_of_a_log_keeps_every_change(desk, duck):
    start = loaded(desk, range(30))
    for turn in range(1, 9):
        upsert(desk, [changed(n, turn) for n in range(turn, turn + 5)])
    files = len(desk.catalog().load_table(LOG).inspect.files())
    firn("lake", "maintain", "--table", LOG, "--warehouse", desk.warehouse)
    assert len(desk.catalog().load_table(LOG).inspect.files()) < files
    upsert(desk, [changed(20, 9)])
    assert replayed(desk, start) == read(desk)
    same_for_duck(desk, duck)
