"""Types of format version 3 in tables of others: times in nanoseconds, and columns that Firn does not read.

What could go wrong in production: a time is a thousand times off, or loses its last digits when Firn writes its row
again; one column of a type that is not read makes a whole table unreadable, or is lost by a commit.
"""
import json
import pathlib
import random
import sqlite3

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.schema import Schema
from pyiceberg.types import (BinaryType, IntegerType, LongType, NestedField, StringType, TimestampType,
                             TimestamptzType)

from support.lake_desk import firn, firn_json, firn_rows

TIMES = [-1, 0, 1, 86_399_999_999_999, 86_400_000_000_000, 1_510_871_468_123_456_789, None]


def local(uri):
    return pathlib.Path(uri.removeprefix("file://"))


def make(desk, name, schema, rows):
    desk.warehouse.mkdir(exist_ok=True)
    catalog = desk.catalog()
    catalog.create_namespace_if_not_exists("py")
    # No bounds: files are written again with other values.
    table = catalog.create_table("py." + name, schema, properties={"write.metadata.metrics.default": "none"})
    table.append(pa.Table.from_pylist(rows, schema=schema.as_arrow()))
    return catalog.load_table("py." + name)


def raise_to_3(desk, table, name, types):
    """As an engine that writes version 3 would have made it: `types` by column."""
    metadata = json.loads(local(table.metadata_location).read_text())
    metadata |= {"format-version": 3, "next-row-id": 1_000}
    for schema in metadata["schemas"]:
        for field in schema["fields"]:
            field["type"] = types.get(field["name"], field["type"])
    path = local(table.metadata_location).with_name("00009-version-3.metadata.json")
    path.write_text(json.dumps(metadata))
    with sqlite3.connect(desk.warehouse / "catalog.db") as catalog:
        done = catalog.execute("UPDATE iceberg_tables SET metadata_location = ? WHERE table_name = ?",
                               (f"file://{path}", name))
        assert done.rowcount == 1


def write_again(path, table):
    """The same file with other columns, as long as its manifest says that it is."""
    size = path.stat().st_size

    def written(padding):
        with pq.ParquetWriter(path, table.schema, store_schema=False) as file:
            file.write_table(table, row_group_size=3)
            file.add_key_value_metadata({"padding": "x" * padding})
        return path.stat().st_size

    assert written(1_000 + size - written(1_000)) == size


@pytest.fixture(params=["timestamp_ns", "timestamptz_ns"])
def fine(desk, request):
    """Rows with the TIMES in a file of nanoseconds."""
    desk.zone = "UTC" if request.param == "timestamptz_ns" else None
    filler = random.Random(1).randbytes(8_000).hex()
    table = make(desk, "fine", Schema(
        NestedField(1, "k", LongType()), NestedField(2, "name", StringType()), NestedField(3, "n", IntegerType()),
        NestedField(4, "moment", TimestamptzType() if desk.zone else TimestampType())),
        [{"k": n, "name": filler if n == 0 else str(n), "n": n} for n in range(len(TIMES))])
    path = local(next(iter(table.scan().plan_files())).file.file_path)
    numbers = list(range(len(TIMES)))
    columns = {"k": pa.array(numbers, pa.int64()), "name": pa.array([f"name {n}" for n in numbers]),
               "n": pa.array(numbers, pa.int32()), "moment": pa.array(TIMES, pa.timestamp("ns", desk.zone))}
    write_again(path, pa.table(list(columns.values()), pa.schema([
        pa.field(name, values.type, metadata={"PARQUET:field_id": str(at)})
        for at, (name, values) in enumerate(columns.items(), 1)])))
    raise_to_3(desk, table, "fine", {"moment": request.param})
    return desk


def nanoseconds(text):
    if text is None:
        return None
    seconds, digits = text.removesuffix("Z").split(".")
    assert len(digits) == 9, text
    return pa.scalar(seconds.replace("T", " "), pa.string()).cast(pa.timestamp("s")).value * 10**9 + int(digits)


def by_firn(desk, *words):
    rows = sorted(firn_rows(desk.warehouse, "py.fine", *words), key=lambda row: row["k"])
    assert all((row["moment"] or "Z").endswith("Z") == bool(desk.zone) for row in rows if row["moment"])
    return [(row["k"], row["n"], nanoseconds(row["moment"])) for row in rows]


def by_pyiceberg(desk):
    table = desk.catalog().load_table("py.fine").scan().to_arrow().sort_by("k")
    assert table.schema.field("moment").type == pa.timestamp("ns", desk.zone)
    return list(zip(table["k"].to_pylist(), table["n"].to_pylist(), table["moment"].cast(pa.int64()).to_pylist()))


def by_duckdb(desk, duck):
    location = local(desk.catalog().load_table("py.fine").metadata_location)
    return duck.execute(f"SELECT k, n, epoch_ns(moment) FROM iceberg_scan('{location}') ORDER BY k").fetchall()


def test_nanoseconds_are_read_filtered_merged_and_compacted_as_other_engines_read_them(fine, duck):
    wanted = [(n, n, time) for n, time in enumerate(TIMES)]

    def expect_all_read(rows):
        assert by_firn(fine) == rows
        assert by_pyiceberg(fine) == rows
        if not fine.zone:  # DuckDB 1.5 knows no timestamptz_ns
            assert by_duckdb(fine, duck) == rows

    expect_all_read(wanted)
    assert [row[0] for row in by_firn(fine, "--where", "moment >= '1970-01-02 00:00:00'")] == [4, 5]
    assert [row[0] for row in by_firn(fine, "--where", "moment = '1970-01-01 00:00:00.000000001'")] == [2]

    describe, page = fine.folder / "merge.json", fine.folder / "merge.csv"
    describe.write_text(json.dumps({"name": "T", "fields": [{"name": "name", "type": "string", "length": 80},
                                                            {"name": "n", "type": "int", "digits": 9}]}))
    page.write_text('"name","n"\n"name 5","-5"\n')
    firn("lake", "import", "--table", "py.fine", "--pages", page, "--describe", describe, "--mode", "upsert",
         "--key", "name", "--warehouse", fine.warehouse)
    wanted[5] = (5, -5, TIMES[5])
    expect_all_read(wanted)
    firn("lake", "maintain", "--table", "py.fine", "--only", "compact", "--rewrite-all", "--warehouse", fine.warehouse)
    expect_all_read(wanted)


@pytest.mark.parametrize("kind", ["variant", "geometry", "geography(OGC:CRS84, spherical)", "unknown"])
def test_the_other_columns_of_a_table_with_a_type_that_is_not_read_are_read(desk, kind):
    table = make(desk, "odd", Schema(NestedField(1, "k", LongType()), NestedField(2, "odd", BinaryType()),
                                     NestedField(3, "name", StringType())),
                 [{"k": n, "odd": b"x", "name": f"name {n}"} for n in range(5)])
    raise_to_3(desk, table, "odd", {"odd": kind})
    words = ("py.odd", "--warehouse", desk.warehouse)
    rows = firn_rows(desk.warehouse, "py.odd", "--columns", "k,name", "--where", "k > 2")
    assert sorted((row["k"], row["name"]) for row in rows) == [(3, "name 3"), (4, "name 4")]
    for columns in ((), ("--columns", "k,odd")):
        refused = firn("lake", "rows", *words, *columns, check=False)
        assert refused.returncode != 0 and "LAKE-META-002" in refused.stderr, refused
        assert "`odd`" in refused.stderr and f"`{kind}`" in refused.stderr and "--columns" in refused.stderr
    # Nothing that Firn writes would have the column.
    location = firn_json("lake", "show", *words)["metadata"]
    refused = firn("lake", "set", "py.odd", "a=1", "--warehouse", desk.warehouse, check=False)
    assert refused.returncode != 0 and "LAKE-COMMIT-005" in refused.stderr and "`odd`" in refused.stderr, refused
    assert firn_json("lake", "show", *words)["metadata"] == location
