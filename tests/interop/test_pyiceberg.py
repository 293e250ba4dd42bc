"""PyIceberg on what Firn writes: through its SqlCatalog on our SQLite file, and on metadata files.

What could go wrong in production: another engine sees other rows, other types, or skips files
because a bound excludes rows that are there.
"""
import datetime as dt
import decimal

import pytest
from pyiceberg.expressions import EqualTo, GreaterThan, IsNull, LessThan
from pyiceberg.table import StaticTable

from support.lake_desk import expected_row


def by_id(rows):
    return sorted(rows, key=lambda row: row["Id"])


def test_sql_catalog_lists_and_loads_our_tables(loaded):
    catalog = loaded.catalog()
    assert catalog.list_namespaces() == [("sales",)]
    assert catalog.list_tables("sales") == [("sales", "Deal")]
    assert catalog.load_table("sales.Deal").metadata.format_version == 2


def test_every_cell_is_as_it_was_loaded(loaded):
    table = loaded.catalog().load_table("sales.Deal")
    rows = by_id(table.scan().to_arrow().to_pylist())
    assert rows == [expected_row(n) for n in range(700)]


def test_static_table_reads_the_metadata_file_alone(loaded):
    table = StaticTable.from_metadata(loaded.metadata())
    assert table.scan().to_arrow().num_rows == 700


def test_types_follow_the_type_map(loaded):
    schema = loaded.catalog().load_table("sales.Deal").schema()
    types = {field.name: str(field.field_type) for field in schema.fields}
    assert types == {
        "Id": "string", "Name": "string", "Count__c": "int", "Amount": "decimal(18, 2)",
        "Big__c": types["Big__c"], "When__c": "timestamptz", "Day__c": "date",
        "Open__c": "boolean", "Stage__c": "string"}
    assert schema.find_field("Id").required


def test_older_snapshots_stay_readable(loaded):
    table = loaded.catalog().load_table("sales.Deal")
    history = table.snapshots()
    assert [s.summary.operation.value for s in history] == ["append", "append", "overwrite"]
    counts = [table.scan(snapshot_id=s.snapshot_id).to_arrow().num_rows for s in history]
    assert counts == [600, 1000, 700]
    summary = history[2].summary.additional_properties
    assert summary["total-records"] == "700"
    assert summary["deleted-records"] == "1000"
    assert summary["total-data-files"] == "1"
    assert int(summary["total-files-size"]) > 0


def test_bounds_prune_files_and_lose_no_row(desk):
    for start in range(0, 500, 100):
        desk.load(range(start, start + 100))
    table = desk.catalog().load_table("sales.Deal")

    def scan(row_filter):
        scanned = table.scan(row_filter=row_filter)
        return len(list(scanned.plan_files())), scanned.to_arrow().num_rows

    rows = [expected_row(n) for n in range(500)]
    one_id = expected_row(250)["Id"]
    assert scan(EqualTo("Id", one_id)) == (1, 1)
    day = dt.date(1970, 2, 1)
    wanted = sum(1 for r in rows if r["Day__c"] and r["Day__c"] < day)
    files, found = scan(LessThan("Day__c", day.isoformat()))
    assert (files, found) == (1, wanted)
    amount = decimal.Decimal("20.00")
    wanted = sum(1 for r in rows if r["Amount"] is not None and r["Amount"] > amount)
    files, found = scan(GreaterThan("Amount", amount))
    assert found == wanted and files < 5
    wanted = sum(1 for r in rows if r["Name"] is None)
    assert scan(IsNull("Name")) == (5, wanted)
    assert scan(IsNull("Id")) == (0, 0)


def test_statistics_count_values_and_nulls(loaded):
    files = loaded.catalog().load_table("sales.Deal").inspect.files().to_pylist()
    assert len(files) == 1
    metrics = files[0]["readable_metrics"]
    rows = [expected_row(n) for n in range(700)]
    for name in ("Id", "Name", "Count__c", "Amount", "When__c", "Day__c", "Open__c", "Stage__c"):
        values = [row[name] for row in rows if row[name] is not None]
        assert metrics[name]["value_count"] == 700, name
        assert metrics[name]["null_value_count"] == 700 - len(values), name
        if name in ("Id", "Name", "Stage__c"):
            assert metrics[name]["lower_bound"] == min(values)[:16], name
            assert metrics[name]["upper_bound"] >= max(values)[:16], name
        else:
            assert metrics[name]["lower_bound"] == min(values), name
            assert metrics[name]["upper_bound"] == max(values), name


def test_both_write_to_one_table(desk):
    desk.load(range(0, 10))
    table = desk.catalog().load_table("sales.Deal")
    more = table.scan().to_arrow().slice(0, 3)
    table.append(more)
    desk.load(range(10, 20))
    table = desk.catalog().load_table("sales.Deal")
    assert table.scan().to_arrow().num_rows == 23
    numbers = [s.sequence_number for s in table.snapshots()]
    assert numbers == [1, 2, 3]
    assert [row["rows"] for row in desk.history()] == [10, 13, 23]
    table.delete(EqualTo("Id", expected_row(15)["Id"]))
    desk.load(range(20, 21))
    assert desk.catalog().load_table("sales.Deal").scan().to_arrow().num_rows == 23


def test_replacing_rows_that_others_wrote_in_between_works_when_asked_again(desk):
    desk.load(range(0, 10))
    table = desk.catalog().load_table("sales.Deal")
    table.append(table.scan().to_arrow())
    desk.load(range(0, 5), mode="replace")
    assert desk.catalog().load_table("sales.Deal").scan().to_arrow().num_rows == 5


def test_namespaces_made_by_each_are_seen_by_both(desk):
    desk.load(range(0, 2))
    desk.catalog().create_namespace("elsewhere")
    desk.load(range(0, 2), table="elsewhere.Deal")
    assert ("elsewhere", "Deal") in desk.catalog().list_tables("elsewhere")


@pytest.mark.parametrize("table", ["a.b.c.Deep"])
def test_nested_namespaces(desk, table):
    desk.load(range(0, 3), table=table)
    assert desk.catalog().load_table(table).scan().to_arrow().num_rows == 3
