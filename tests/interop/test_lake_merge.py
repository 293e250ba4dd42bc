"""Merges by `firn lake import --mode upsert`, counted and read by other engines.

What could go wrong in production: after a crash, beside another writer, or on a table that another
engine made, a record is there twice or not at all.
"""
import csv
import datetime as dt
import json
import random
import subprocess

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.types import BooleanType, TimestamptzType

from support.firn import fault_points
from support.lake_desk import FIRN, expected_row, firn, firn_json, firn_rows, write_page

KILLED = -9
TABLE = "sales.Deal"


def changed(n, turn):
    """Row n as of its `turn`-th change."""
    return {**expected_row(n), "Name": f"turn {turn}", "Count__c": turn}


def upsert(desk, rows, *arguments, environment=None, check=True):
    desk.pages += 1
    page = desk.folder / f"page-{desk.pages}.csv"
    write_page(page, rows)
    return firn("lake", "import", "--table", TABLE, "--pages", page, "--describe", desk.describe,
                "--warehouse", desk.warehouse, "--mode", "upsert", "--key", "Id", *arguments,
                environment=environment, check=check)


def read(desk):
    """The table as PyIceberg sees it."""
    rows = desk.catalog().load_table(TABLE).scan().to_arrow().to_pylist()
    assert len({row["Id"] for row in rows}) == len(rows), "a key is there twice"
    return {row["Id"]: row for row in rows}


def same_for_duck(desk, duck, model):
    found = duck.execute("SELECT count(*), count(DISTINCT Id), sum(Count__c) FROM "
                         f"iceberg_scan('{desk.metadata()}')").fetchone()
    assert found == (len(model), len(model),
                     sum(row["Count__c"] for row in model.values() if row["Count__c"] is not None))


def by_id(rows):
    return {row["Id"]: row for row in rows}


# Not every merge comes by there: many manifests, or files replaced that held for no row.
ELSEWHERE = ("lake.commit.after_merged", "lake.commit.after_deleted")
MERGE_POINTS = [name for name in sorted(fault_points()) if name.startswith(("lake.merge.", "lake.commit."))]


def test_the_points_of_a_merge_are_listed():
    assert len([name for name in MERGE_POINTS if name.startswith("lake.merge.")]) >= 4


@pytest.mark.parametrize("point", MERGE_POINTS)
def test_a_kill_anywhere_leaves_the_old_table_or_the_new_one(desk, duck, point):
    desk.load(range(0, 60))
    old = by_id(expected_row(n) for n in range(60))
    # The eighth small file makes them fold.
    for turn in range(1, 7 if point == "lake.merge.file_folded" else 3):
        rows = [changed(n, turn) for n in range(turn * 8, turn * 8 + 5)]
        upsert(desk, rows)
        old |= by_id(rows)
    rows = [changed(n, 9) for n in range(55, 70)]
    new = old | by_id(rows)
    done = upsert(desk, rows, environment={"FIRN_FAULT_POINT": point}, check=False)
    assert done.returncode == KILLED or (done.returncode == 0 and point in ELSEWHERE), done.stderr
    committed = done.returncode == 0 or point in ("lake.commit.after_catalog",
                                                  "lake.merge.committed")
    assert read(desk) == (new if committed else old)
    # The same file again, as whoever restarts would do it.
    upsert(desk, rows)
    assert read(desk) == new
    same_for_duck(desk, duck, new)


def test_two_processes_at_once_lose_and_double_nothing(desk, duck):
    desk.load(range(0, 100))
    folders = []
    for writer in range(2):
        folder = desk.folder / f"writer-{writer}"
        folder.mkdir()
        folders.append(folder)
        for file in range(8):
            # Keys 90..109 are everybody's; the others are one writer's own.
            own = range(200 + writer * 100 + file * 10, 205 + writer * 100 + file * 10)
            write_page(folder / f"{file:03}.csv",
                       [changed(n, writer * 100 + file) for n in [*own, *range(90, 110)]])
    runs = [subprocess.Popen(
        [FIRN, "lake", "import", "--table", TABLE, "--pages", str(folder), "--describe",
         str(desk.describe), "--warehouse", str(desk.warehouse), "--mode", "upsert",
         "--commit-per-file"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for folder in folders]
    for run in runs:
        _, error = run.communicate(timeout=300)
        assert run.returncode == 0, error
    rows = read(desk)
    assert len(rows) == 110 + 2 * 8 * 5
    for writer in range(2):
        for n in range(200 + writer * 100, 205 + writer * 100):
            assert rows[expected_row(n)["Id"]] == changed(n, writer * 100)
    for n in range(90, 110):
        assert rows[expected_row(n)["Id"]]["Count__c"] in (7, 107)
    for n in range(90):
        assert rows[expected_row(n)["Id"]] == expected_row(n)
    same_for_duck(desk, duck, rows)
    assert len(desk.history()) == 1 + 16


def test_random_changes_are_what_other_engines_read(desk, duck):
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    rng = random.Random(seed)
    model = {}
    for turn in range(6):
        folder = desk.folder / f"turn-{turn}"
        folder.mkdir()
        for file in range(rng.randrange(1, 5)):
            rows = [changed(rng.randrange(300), turn * 10 + file)
                    for _ in range(rng.randrange(1, 80))]
            write_page(folder / f"{file:03}.csv", rows)
            model |= by_id(rows)
        firn("lake", "import", "--table", TABLE, "--pages", folder, "--describe", desk.describe,
             "--warehouse", desk.warehouse, "--mode", "upsert",
             *(["--commit-per-file"] if rng.random() < 0.7 else []))
        if turn == 3:  # another engine deletes in between
            gone = sorted(model)[::5]
            desk.catalog().load_table(TABLE).delete(
                "Id in (" + ", ".join(f"'{key}'" for key in gone) + ")")
            for key in gone:
                del model[key]
        assert read(desk) == model
        same_for_duck(desk, duck, model)


def test_a_table_that_pyiceberg_made_is_merged_into(desk, duck):
    desk.load([0])  # makes the catalog
    catalog = desk.catalog()
    rows = [{"Id": f"key {n}", "Name": f"made {n}", "Count__c": n} for n in range(50)]
    schema = pa.schema([pa.field("Id", pa.string(), nullable=False), pa.field("Name", pa.string()),
                        pa.field("Count__c", pa.int32())])
    table = catalog.create_table("sales.Foreign", schema=schema)
    table.append(pa.Table.from_pylist(rows[:30], schema=schema))
    table.append(pa.Table.from_pylist(rows[30:], schema=schema))
    table.delete("Id = 'key 7'")
    page = desk.folder / "foreign.csv"
    page.write_text('"Id","Name"\n"key 3","three"\n"key 7","back"\n"key 40","forty"\n'
                    '"key 99","new"\n')
    describe = desk.folder / "foreign.json"
    describe.write_text(json.dumps({"name": "Foreign", "fields": [
        {"name": "Id", "type": "string", "length": 40, "nillable": False},
        {"name": "Name", "type": "string", "length": 255}]}))
    out = firn_json("lake", "import", "--table", "sales.Foreign", "--pages", page, "--describe",
                    describe, "--warehouse", desk.warehouse, "--mode", "upsert")
    assert (out["rows_inserted"], out["rows_updated"]) == (2, 2)
    found = {row["Id"]: row for row in
             catalog.load_table("sales.Foreign").scan().to_arrow().to_pylist()}
    assert len(found) == 51
    assert found["key 3"] == {"Id": "key 3", "Name": "three", "Count__c": 3}
    assert found["key 7"] == {"Id": "key 7", "Name": "back", "Count__c": None}
    assert found["key 40"]["Count__c"] == 40
    assert found["key 99"]["Count__c"] is None
    count = duck.execute("SELECT count(*), count(DISTINCT Id) FROM iceberg_scan("
                         f"'{desk.metadata('sales.Foreign')}')").fetchone()
    assert count == (51, 51)


def partitioned(desk):
    """A table of PyIceberg's, with one of every kind of transform that its columns have."""
    from pyiceberg.partitioning import PartitionField, PartitionSpec
    from pyiceberg.schema import Schema
    from pyiceberg.transforms import BucketTransform, DayTransform, IdentityTransform, TruncateTransform
    from pyiceberg.types import NestedField, StringType, TimestamptzType
    desk.load([0])
    schema = Schema(NestedField(1, "Id", StringType(), required=True),
                    NestedField(2, "Name", StringType()),
                    NestedField(3, "When__c", TimestamptzType()))
    spec = PartitionSpec(PartitionField(1, 1000, BucketTransform(4), "Id_bucket"),
                         PartitionField(2, 1001, TruncateTransform(3), "Name_trunc"),
                         PartitionField(3, 1002, DayTransform(), "When_day"),
                         PartitionField(2, 1003, IdentityTransform(), "Name"))
    table = desk.catalog().create_table("sales.Split", schema=schema, partition_spec=spec)
    describe = desk.folder / "split.json"
    describe.write_text(json.dumps({"name": "Split", "fields": [
        {"name": "Id", "type": "id", "length": 18, "nillable": False},
        {"name": "Name", "type": "string", "length": 255},
        {"name": "When__c", "type": "datetime"}]}))
    return table, describe


def split_page(desk, rows):
    page = desk.folder / "split.csv"
    page.write_text('"Id","Name","When__c"\n' + "".join(
        f'"{key}","{name}","{when}"\n' for key, name, when in rows))
    return page


def split_key(n):
    return f"a01{n:012d}AAA"


@pytest.mark.parametrize("mode", ["append", "upsert"])
def test_a_partitioned_table_is_written_as_its_maker_would(desk, duck, mode):
    table, describe = partitioned(desk)
    rows = {split_key(n): (f"name {n % 5}", f"20{n % 30:02d}-02-01T0{n % 9}:00:00.000Z")
            for n in range(60)}
    firn("lake", "import", "--table", "sales.Split", "--describe", describe, "--warehouse",
         desk.warehouse, "--mode", mode, "--pages",
         split_page(desk, [(key, *rest) for key, rest in rows.items()]))
    table = table.refresh()
    spec, schema = table.spec(), table.schema()
    for task in table.scan().plan_files():
        for row in pq.read_table(task.file.file_path.removeprefix("file://")).to_pylist():
            for at, field in enumerate(spec.fields):
                source = schema.find_field(field.source_id)
                value = row[source.name]
                if field.name == "When_day":
                    value = (value - dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)).days
                    assert task.file.partition[at] == value
                elif field.name in ("Name", "Name_trunc"):
                    assert task.file.partition[at] == (value if field.name == "Name" else value[:3])
    # Whoever prunes by partitions finds each row; and all of them.
    from pyiceberg.expressions import EqualTo
    for key, (name, _) in list(rows.items())[:6]:
        found = table.scan(row_filter=EqualTo("Id", key)).to_arrow().to_pylist()
        assert [row["Name"] for row in found] == [name]
    count = duck.execute("SELECT count(*), count(DISTINCT Id) FROM iceberg_scan("
                         f"'{desk.metadata('sales.Split')}')").fetchone()
    assert count == (60, 60)
    shown = duck.execute(f"SELECT count(*) FROM iceberg_scan('{desk.metadata('sales.Split')}') "
                         "WHERE Name = 'name 3'").fetchone()
    assert shown == (12,)


def test_a_row_of_a_partitioned_table_moves_with_its_value(desk, duck):
    table, describe = partitioned(desk)
    when = "2026-02-01T00:00:00.000Z"
    for rows in ([(split_key(n), "before", when) for n in range(20)],
                 [(split_key(n), "after", when) for n in range(5)]):
        firn("lake", "import", "--table", "sales.Split", "--describe", describe, "--warehouse",
             desk.warehouse, "--mode", "upsert", "--pages", split_page(desk, rows))
    names = [row["Name"] for row in table.refresh().scan().to_arrow().to_pylist()]
    assert sorted(names) == ["after"] * 5 + ["before"] * 15
    found = firn_rows(desk.warehouse, "sales.Split", "--where", "Name = 'after'")
    assert {row["Id"] for row in found} == {split_key(n) for n in range(5)}


def test_a_table_that_spark_made_and_deletes_from_is_merged_into(desk, spark_for):
    desk.load([0])
    spark = spark_for(desk.warehouse)
    spark.sql("CREATE TABLE firn.sales.Java (Id string NOT NULL, Name string, Count__c int) "
              "USING iceberg TBLPROPERTIES ('format-version'='2', "
              "'write.delete.mode'='merge-on-read', 'write.delete.granularity'='partition')")
    spark.sql("INSERT INTO firn.sales.Java SELECT concat('key ', id), 'java', cast(id AS int) "
              "FROM range(0, 100, 1, 2)")
    spark.sql("DELETE FROM firn.sales.Java WHERE Count__c % 10 = 3")
    page = desk.folder / "java.csv"
    page.write_text('"Id","Name"\n"key 3","back"\n"key 4","four"\n"key 98","late"\n')
    describe = desk.folder / "java.json"
    describe.write_text(json.dumps({"name": "Java", "fields": [
        {"name": "Id", "type": "string", "length": 40, "nillable": False},
        {"name": "Name", "type": "string", "length": 255}]}))
    firn("lake", "import", "--table", "sales.Java", "--pages", page, "--describe", describe,
         "--warehouse", desk.warehouse, "--mode", "upsert")
    spark.sql("REFRESH TABLE firn.sales.Java")
    rows = {row.Id: row for row in spark.sql("SELECT * FROM firn.sales.Java").collect()}
    assert len(rows) == 91
    assert (rows["key 3"].Name, rows["key 3"].Count__c) == ("back", None)
    assert (rows["key 4"].Name, rows["key 4"].Count__c) == ("four", 4)
    assert (rows["key 98"].Name, rows["key 98"].Count__c) == ("late", 98)
    spark.sql("DELETE FROM firn.sales.Java WHERE Id = 'key 4'")
    firn("lake", "import", "--table", "sales.Java", "--pages", page, "--describe", describe,
         "--warehouse", desk.warehouse, "--mode", "upsert")
    spark.sql("REFRESH TABLE firn.sales.Java")
    assert spark.sql("SELECT count(*), count(DISTINCT Id) FROM firn.sales.Java").collect() == [(91, 91)]


def page_of(path, columns, rows):
    with open(path, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(columns)
        out.writerows([[row[name] for name in columns] for row in rows])


def folder_of(desk, pages):
    """CSV files in one folder: name, columns, rows."""
    folder = desk.folder / "pages"
    folder.mkdir(exist_ok=True)
    for name, columns, rows in pages:
        page_of(folder / name, columns, rows)
    return folder


def import_folder(desk, folder, *arguments, environment=None, check=True):
    return firn("lake", "import", "--table", TABLE, "--pages", folder, "--describe", desk.describe, "--warehouse",
                desk.warehouse, "--mode", "upsert", *arguments, environment=environment, check=check)


@pytest.mark.parametrize("commits", [[], ["--commit-per-file"]])
def test_files_with_different_columns_change_only_what_each_has(desk, duck, commits):
    desk.load(range(0, 20))
    old = by_id(expected_row(n) for n in range(20))
    first, second = f"a01{1:012d}AAA", f"a01{2:012d}AAA"
    folder = folder_of(desk, [
        ("1.csv", ["Id", "Name"], [{"Id": first, "Name": "one"}, {"Id": second, "Name": "two"}]),
        ("2.csv", ["Count__c", "Id"], [{"Id": first, "Count__c": 77}, {"Id": second, "Count__c": ""}]),
        ("3.csv", ["Id", "Name"], [{"Id": second, "Name": "two again"}])])
    import_folder(desk, folder, *commits)
    new = old | {first: {**old[first], "Name": "one", "Count__c": 77},
                 second: {**old[second], "Name": "two again", "Count__c": None}}
    assert read(desk) == new
    same_for_duck(desk, duck, new)


@pytest.mark.parametrize("killed_at", [0, 1, 3])
def test_an_import_of_files_that_was_killed_goes_on_behind_the_last_one_committed(desk, killed_at):
    """No reader sees a file's older values come back once a later file has replaced them."""
    desk.load(range(0, 20))
    ids = [f"a01{n:012d}AAA" for n in range(5)]
    pages = [(f"{turn}.csv", ["Id", "Name"], [{"Id": id_, "Name": f"turn {turn}"} for id_ in ids])
             for turn in range(4)]
    for upto in range(killed_at):
        import_folder(desk, folder_of(desk, pages[upto:upto + 1]), "--commit-per-file", "--resume")
    folder = folder_of(desk, pages)
    killed = import_folder(desk, folder, "--commit-per-file", "--resume", check=False,
                           environment={"FIRN_FAULT_POINT": "lake.commit.before_catalog"})
    assert killed.returncode == KILLED, killed.stderr
    before = len(desk.catalog().load_table(TABLE).snapshots())
    done = import_folder(desk, folder, "--commit-per-file", "--resume")
    assert f"{killed_at} files had been committed before, {4 - killed_at} came now" in done.stderr, done.stderr
    assert len(desk.catalog().load_table(TABLE).snapshots()) == before + 4 - killed_at
    assert {read(desk)[id_]["Name"] for id_ in ids} == {"turn 3"}
    # All were committed: nothing is left.
    again = import_folder(desk, folder, "--commit-per-file", "--resume")
    assert "4 files had been committed before, 0 came now" in again.stderr
    assert len(desk.catalog().load_table(TABLE).snapshots()) == before + 4 - killed_at


def test_a_file_that_was_written_again_since_is_not_passed_over(desk):
    desk.load(range(0, 20))
    row = {"Id": f"a01{1:012d}AAA", "Name": "first"}
    folder = folder_of(desk, [("1.csv", ["Id", "Name"], [row])])
    import_folder(desk, folder, "--commit-per-file")
    folder_of(desk, [("1.csv", ["Id", "Name"], [{**row, "Name": "written again"}])])
    refused = import_folder(desk, folder, "--commit-per-file", "--resume", check=False)
    assert refused.returncode != 0 and "LAKE-IMPORT-004" in refused.stderr, refused
    import_folder(desk, folder, "--commit-per-file")
    assert read(desk)[row["Id"]]["Name"] == "written again"


def test_a_row_that_comes_again_into_a_table_with_soft_deletes_counts_as_not_deleted(desk):
    """Readers leave out what is marked as deleted: a row that is there again must not stay marked."""
    desk.load(range(0, 5))
    table = desk.catalog().load_table(TABLE)
    with table.update_schema() as update:
        update.add_column("__deleted", BooleanType())
        update.add_column("__deleted_at", TimestamptzType())
    table = desk.catalog().load_table(TABLE)
    marked = table.scan().to_arrow()
    rows = [{**row, "__deleted": True, "__deleted_at": dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)}
            for row in marked.to_pylist()]
    table.overwrite(pa.Table.from_pylist(rows, schema=marked.schema))
    upsert(desk, [changed(2, 1), changed(7, 1)])
    now = read(desk)
    for n in (2, 7):
        row = now[f"a01{n:012d}AAA"]
        assert row["Name"] == "turn 1" and row["__deleted"] is False and row["__deleted_at"] is None, row
    assert now[f"a01{3:012d}AAA"]["__deleted"] is True
