"""Kills firn at every fault point of a lake commit, one by one.

What could go wrong in production: after a crash the table is half new, rows are doubled by the next
run, or files are left that nobody reports.
"""
import concurrent.futures

import pytest

from support.firn import fault_points
from support.lake_desk import Desk, expected_row, firn, firn_json, write_page

KILLED = -9


COMMIT_POINTS = [name for name in sorted(fault_points()) if name.startswith("lake.commit.")]
CREATE_POINTS = [name for name in sorted(fault_points()) if name.startswith("lake.create.")]


def ids(desk):
    rows = desk.catalog().load_table("sales.Deal").scan(selected_fields=("Id",)).to_arrow()
    return sorted(rows.column("Id").to_pylist())


def wanted(numbers):
    return [expected_row(n)["Id"] for n in numbers]


def orphans(desk):
    return firn_json("lake", "files", "sales.Deal", "--orphans", "--warehouse",
                     desk.warehouse)["rows"]


def test_the_points_of_a_commit_are_listed():
    assert len(COMMIT_POINTS) >= 7 and len(CREATE_POINTS) >= 2


# What a commit passes only in some cases: which, by the mode of the load.
PASSED_BY = {"lake.commit.after_deleted": {"replace"}, "lake.commit.after_merged": {"merging"}}


@pytest.mark.parametrize("mode", ["append", "replace"])
@pytest.mark.parametrize("point", COMMIT_POINTS)
def test_a_kill_leaves_the_old_table_or_the_new_one(desk, point, mode):
    desk.load(range(0, 50))
    before = desk.metadata()
    done = desk.load(range(50, 80), mode=mode, environment={"FIRN_FAULT_POINT": point},
                     check=False)
    reached = mode in PASSED_BY.get(point, {"append", "replace"})
    assert (done.returncode == KILLED) == reached, done.stderr

    old = wanted(range(0, 50))
    new = wanted(range(0, 80) if mode == "append" else range(50, 80))
    committed = point == "lake.commit.after_catalog" or not reached
    assert ids(desk) == (new if committed else old)
    assert (desk.metadata() == before) == (not committed)
    # What the dead run left is named, and nothing the table needs is.
    if committed:
        assert orphans(desk) == []
    else:
        assert any(row["path"].endswith(".parquet") for row in orphans(desk))

    # The same load again ends with the table that a run without a kill would have made.
    if not committed:
        desk.load(range(50, 80), mode=mode)
    assert ids(desk) == new


@pytest.mark.parametrize("point", [*COMMIT_POINTS[:1], "lake.commit.after_merged",
                                   "lake.commit.after_metadata", "lake.commit.after_catalog"])
def test_a_kill_while_manifests_are_put_together_loses_no_row(desk, point):
    for number in range(16):
        desk.load(range(number, number + 1))
    done = desk.load(range(16, 17), environment={"FIRN_FAULT_POINT": point}, check=False)
    assert done.returncode == KILLED, done.stderr
    committed = point == "lake.commit.after_catalog"
    assert ids(desk) == wanted(range(0, 17 if committed else 16))
    if not committed:
        desk.load(range(16, 17))
    assert ids(desk) == wanted(range(0, 17))


MAINTAIN = ("lake", "maintain", "--only", "compact", "--only", "manifests", "--warehouse")


@pytest.mark.parametrize("point", ["lake.compact.before_commit",
                                   *(p for p in COMMIT_POINTS if not p.endswith("after_merged"))])
def test_a_kill_while_a_table_is_maintained_changes_no_row(desk, point):
    for number in range(5):
        desk.load(range(number, number + 1))
    done = firn(*MAINTAIN, desk.warehouse, check=False, environment={"FIRN_FAULT_POINT": point})
    assert done.returncode == KILLED, done.stderr
    assert ids(desk) == wanted(range(0, 5))
    firn(*MAINTAIN, desk.warehouse)
    assert ids(desk) == wanted(range(0, 5))
    assert len(firn_json("lake", "files", "sales.Deal", "--warehouse", desk.warehouse)["rows"]) == 1


def test_processes_side_by_side_lose_and_double_nothing(desk):
    desk.load(range(0, 3))
    pages = []
    for start in range(3, 27, 3):
        page = desk.folder / f"side-{start}.csv"
        write_page(page, [expected_row(n) for n in range(start, start + 3)])
        pages.append(page)
    load = [("lake", "import", "--table", "sales.Deal", "--pages", page, "--describe", desk.describe,
             "--warehouse", desk.warehouse) for page in pages]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        # A maintenance between each two loads; whoever comes second works its commit out again.
        commands = [command for one in load for command in (one, (*MAINTAIN, desk.warehouse))]
        for done in pool.map(lambda command: firn(*command, check=False), commands):
            assert done.returncode == 0, done.stderr
    assert ids(desk) == wanted(range(0, 27))
    firn(*MAINTAIN, desk.warehouse)
    assert ids(desk) == wanted(range(0, 27))


@pytest.mark.parametrize("point", CREATE_POINTS)
def test_a_kill_while_a_table_is_made_leaves_none_or_an_empty_one(tmp_path, point):
    desk = Desk(tmp_path)
    done = desk.load(range(0, 5), environment={"FIRN_FAULT_POINT": point}, check=False)
    assert done.returncode == KILLED
    tables = firn_json("lake", "list", "--warehouse", desk.warehouse)["rows"]
    assert [row["rows"] for row in tables] == ([0] if point.endswith("after_catalog") else [])
    desk.load(range(0, 5))
    assert ids(desk) == wanted(range(0, 5))


def test_a_full_disk_leaves_the_old_table(desk):
    desk.load(range(0, 50))
    for passage in range(1, 400):
        done = desk.load(range(50, 60), check=False, environment={
            "FIRN_FAULT_POINT": f"base.file.write:{passage}", "FIRN_FAULT_ACTION": "disk-full"})
        if done.returncode == 0:
            break
        assert "BASE-FILE-003" in done.stderr or "disk" in done.stderr, done.stderr
        assert ids(desk) == wanted(range(0, 50))
    assert 3 < passage < 399
    assert ids(desk) == wanted(range(0, 60))


def test_a_metadata_file_cut_short_is_named_with_the_one_before(desk):
    desk.load(range(0, 5))
    previous = desk.metadata()
    desk.load(range(5, 9))
    path = desk.metadata().removeprefix("file://")
    with open(path, "r+b") as file:
        file.truncate(100)
    done = firn("lake", "rows", "sales.Deal", "--warehouse", desk.warehouse, check=False)
    assert done.returncode != 0
    assert "LAKE-META-001" in done.stderr and path in done.stderr and previous in done.stderr
    listed = firn("lake", "list", "--warehouse", desk.warehouse, check=False)
    assert listed.returncode == 1 and "sales.Deal" in listed.stdout
