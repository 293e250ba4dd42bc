"""Firn on tables that PyIceberg wrote: nested types, evolution, renames, deletes, time travel.

What could go wrong in production: a table that another engine touched is read wrongly.
"""
import datetime as dt
import decimal
import uuid

import pyarrow as pa
import pytest
from pyiceberg.schema import Schema
from pyiceberg.types import (BinaryType, BooleanType, DateType, DecimalType, DoubleType, FloatType,
                             IntegerType, ListType, LongType, MapType, NestedField, StringType,
                             StructType, TimestamptzType, TimeType, UUIDType)

from support.lake_desk import UTC, firn, firn_json, firn_rows

SCHEMA = Schema(
    NestedField(1, "id", LongType(), required=True),
    NestedField(2, "small", IntegerType()),
    NestedField(3, "ratio", FloatType()),
    NestedField(4, "price", DecimalType(10, 2)),
    NestedField(5, "day", DateType()),
    NestedField(6, "at", TimestamptzType()),
    NestedField(7, "text", StringType()),
    NestedField(8, "raw", BinaryType()),
    NestedField(9, "tags", ListType(10, StringType(), False)),
    NestedField(11, "place", StructType(NestedField(12, "lat", IntegerType()),
                                        NestedField(13, "name", StringType()))),
    NestedField(14, "counts", MapType(15, StringType(), 16, IntegerType(), False)),
    NestedField(17, "time", TimeType()),
    NestedField(18, "flag", BooleanType()),
    NestedField(19, "key", UUIDType()),
)


def row(n):
    return {
        "id": n, "small": n, "ratio": n / 2, "price": decimal.Decimal(n).scaleb(-2),
        "day": dt.date(2020, 1, 1) + dt.timedelta(n),
        "at": dt.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC) + dt.timedelta(seconds=n),
        "text": None if n % 5 == 0 else f'a"{n},\n\u00e9', "raw": bytes([n % 256]),
        "tags": [str(n), None] if n % 2 else [],
        "place": {"lat": n, "name": "q"} if n % 4 else None, "counts": [("k", n)],
        "time": dt.time(1, 2, 3, n % 1000), "flag": n % 2 == 0, "key": uuid.UUID(int=n).bytes,
    }


@pytest.fixture
def foreign(desk):
    desk.warehouse.mkdir()
    catalog = desk.catalog()
    catalog.create_namespace("py")
    table = catalog.create_table("py.things", SCHEMA)
    for start in (0, 5000):
        table.append(pa.Table.from_pylist([row(n) for n in range(start, start + 5000)],
                                          schema=table.schema().as_arrow()))
    return desk, table


def read(desk, *arguments):
    return firn_rows(desk.warehouse, "py.things", *arguments)


def test_every_type_is_read(foreign):
    desk, _ = foreign
    rows = sorted(read(desk), key=lambda r: r["id"])
    assert len(rows) == 10000
    assert rows[7] == {
        "id": 7, "small": 7, "ratio": 3.5, "price": 0.07, "day": "2020-01-08",
        "at": "1970-01-01T00:00:06.999999Z", "text": 'a"7,\n\u00e9', "raw": "Bw==",
        "tags": ["7", None], "place": {"lat": 7, "name": "q"},
        "counts": [{"key": "k", "value": 7}], "time": "01:02:03.000007", "flag": False,
        "key": "00000000-0000-0000-0000-000000000007"}
    assert rows[20]["text"] is None and rows[20]["place"] is None and rows[20]["tags"] == []


def test_evolved_columns_are_widened_renamed_and_null_where_new(foreign):
    desk, table = foreign
    with table.update_schema() as update:
        update.update_column("small", LongType())
        update.update_column("ratio", DoubleType())
        update.update_column("price", DecimalType(20, 2))
        update.rename_column("text", "note")
        update.delete_column("raw")
        update.add_column("new", StringType())
        update.add_column(("place", "country"), StringType())
    with table.update_schema() as update:
        update.move_first("note")
    got = sorted(read(desk), key=lambda r: r["id"])[7]
    assert list(got)[0] == "note" and "raw" not in got and "text" not in got
    assert got["note"] == 'a"7,\n\u00e9' and got["new"] is None
    assert got["small"] == 7 and got["ratio"] == 3.5 and got["price"] == 0.07
    assert got["place"] == {"lat": 7, "name": "q", "country": None}
    types = {r["name"]: r["type"] for r in firn_json(
        "lake", "schema", "py.things", "--warehouse", desk.warehouse)["rows"]}
    assert types["small"] == "long" and types["price"] == "decimal(20, 2)"
    # An old snapshot is read by the schema it was written with.
    first = desk.history("py.things")[0]["snapshot"]
    then = read(desk, "--snapshot", first, "--limit", "1")[0]
    assert "text" in then and "raw" in then and "new" not in then


def test_deleted_rows_are_gone(foreign):
    desk, table = foreign
    table.delete("id < 4000")
    rows = read(desk, "--columns", "id")
    assert sorted(r["id"] for r in rows) == list(range(4000, 10000))


def test_columns_and_limit_choose(foreign):
    desk, _ = foreign
    rows = read(desk, "--columns", "flag,id", "--limit", "3")
    assert len(rows) == 3 and list(rows[0]) == ["flag", "id"]
    wrong = firn("lake", "rows", "py.things", "--columns", "flg", "--warehouse", desk.warehouse,
                 check=False)
    assert wrong.returncode != 0 and "did you mean `flag`?" in wrong.stderr


def test_a_damaged_data_file_is_named(foreign):
    desk, table = foreign
    path = next(iter(table.scan().plan_files())).file.file_path.removeprefix("file://")
    with open(path, "r+b") as file:
        file.truncate(1000)
    done = firn("lake", "rows", "py.things", "--csv", "--warehouse", desk.warehouse, check=False)
    assert done.returncode != 0
    assert "LAKE-READ-001" in done.stderr and path in done.stderr
