"""The demo's tables, read by engines that are not ours and compared with what the org itself answers.

What could go wrong in production: the tables are fine for Firn and wrong for everybody else. Rows come
from the org's REST API by plain JSON, types from its describe: nothing of Firn stands between.
"""
import datetime as dt
import decimal
import json
import re

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.conversions import from_bytes

from support.engines import duck, spark_for  # noqa: F401
from support.firn import Sandbox, firn

OBJECTS = ("Account", "Contact", "Lead", "Opportunity", "Case", "Task", "Product2", "Reading__c")
SCALE = "0.02"


class Demo:
    def __init__(self, folder):
        self.folder = folder
        done = firn("demo", "--dir", folder, "--scale", SCALE)
        assert done.code == 0, done
        # The demo ends with changes by the stream, which tells no formula field: all is copied again.
        self.org = Sandbox(folder / "sandbox-org")
        config = (folder / "firn.yaml").read_text()
        for key, place in (("login_url", self.org.url), ("pubsub_endpoint", "http://" + self.org.facts["pubsub_endpoint"])):
            config, found = re.subn(rf"{key}: http://\S+", f"{key}: {place}", config)
            assert found == 1, config
        (folder / "firn.yaml").write_text(config)
        again = firn("export", "run", "--mode", "full", cwd=folder)
        assert again.code == 0, again
        self.warehouse = str((folder / "lake").resolve())
        self.catalog = SqlCatalog("firn", uri=f"sqlite:///{self.warehouse}/catalog.db",
                                  warehouse=f"file://{self.warehouse}")

    def table(self, name):
        return self.catalog.load_table(f"salesforce.{name}")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    made = Demo(tmp_path_factory.mktemp("demo") / "project")
    with made.org:
        yield made


@pytest.fixture(scope="module")
def org(demo):
    return demo.org


def describe(org, name):
    fields = org.rest("GET", f"sobjects/{name}/describe")["fields"]
    return {field["name"]: field for field in fields if field["type"] not in ("address", "location", "base64")}


def records(org, name, fields):
    answer = org.rest("GET", f"query?q=SELECT+{','.join(fields)}+FROM+{name}")
    rows = answer["records"]
    while not answer["done"]:
        answer = org.rest("GET", answer["nextRecordsUrl"].split("/", 4)[4])
        rows += answer["records"]
    return {row["Id"]: row for row in rows}


def arrow_type(field):
    kind = field["type"]
    if kind == "boolean":
        return pa.bool_()
    if kind == "int":
        return pa.int32() if field["digits"] <= 9 else pa.int64()
    if kind == "long":
        return pa.int64()
    if kind in ("double", "currency", "percent"):
        return pa.decimal128(field["precision"], field["scale"])
    if kind == "date":
        return pa.date32()
    if kind == "datetime":
        return pa.timestamp("us", tz="UTC")
    if kind == "time":
        return pa.time64("us")
    if kind == "multipicklist":
        return pa.list_(pa.string())
    return pa.string()


def cell(value, field):
    """A JSON value of REST as the Python value of the table's cell."""
    if value is None or value == "":
        return None
    kind = field["type"]
    if kind in ("double", "currency", "percent"):
        return decimal.Decimal(str(value)).quantize(decimal.Decimal(1).scaleb(-field["scale"]))
    if kind == "date":
        return dt.date.fromisoformat(value)
    if kind == "datetime":
        return dt.datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%f%z")
    if kind == "time":
        return dt.time.fromisoformat(value.rstrip("Z"))
    if kind == "multipicklist":
        return value.split(";")
    return int(value) if kind in ("int", "long") else value


def plain(schema_type):
    """Large and small strings are one type here."""
    text = str(schema_type).replace("large_", "")
    return text.replace("element: ", "").replace("item: ", "").replace(" not null", "")


@pytest.mark.parametrize("name", OBJECTS)
def test_pyiceberg_reads_the_rows_and_types_that_the_org_answers(demo, org, name):
    fields = describe(org, name)
    read = demo.table(name).scan().to_arrow()
    for field_name, field in fields.items():
        assert plain(read.schema.field(field_name).type) == plain(arrow_type(field)), field_name
    wanted = records(org, name, fields)
    assert read.num_rows == len(wanted) > 0
    for row in read.select(list(fields)).to_pylist():
        record = wanted.pop(row["Id"])
        for field_name, field in fields.items():
            expected = cell(record[field_name], field)
            assert row[field_name] == expected, (row["Id"], field_name)
    assert not wanted


@pytest.mark.parametrize("name", OBJECTS)
def test_the_statistics_of_the_manifests_hold(demo, name):
    table = demo.table(name)
    rows = table.scan().to_arrow()
    files = [task.file for task in table.scan().plan_files()]
    assert sum(file.record_count for file in files) == rows.num_rows
    for field in table.schema().fields:
        if not field.field_type.is_primitive:
            continue
        column = rows[field.name]
        assert sum(file.null_value_counts[field.field_id] for file in files) == column.null_count, field.name
        assert sum(file.value_counts[field.field_id] for file in files) == rows.num_rows
        if column.null_count == rows.num_rows:
            continue
        low, high = pc.min(column).as_py(), pc.max(column).as_py()
        bounds = [(file.lower_bounds.get(field.field_id), file.upper_bounds.get(field.field_id)) for file in files]
        assert all(lower is not None and upper is not None for lower, upper in bounds), field.name
        lowest = min(comparable(from_bytes(field.field_type, lower)) for lower, _ in bounds)
        highest = max(comparable(from_bytes(field.field_type, upper)) for _, upper in bounds)
        assert lowest <= comparable(low) and comparable(high) <= highest, field.name


def comparable(value):
    """Iceberg's own numbers for dates and instants; text by its bytes."""
    if isinstance(value, dt.datetime):
        return (value - dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)) // dt.timedelta(microseconds=1)
    if isinstance(value, dt.date):
        return (value - dt.date(1970, 1, 1)).days
    if isinstance(value, dt.time):
        return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond
    return value.encode() if isinstance(value, str) else value


def summary(rows, names):
    """count, and for each column: nulls, least and greatest."""
    found = {"count": rows.num_rows}
    for name in names:
        column = rows[name]
        found[name] = (column.null_count, pc.min(column).as_py(), pc.max(column).as_py())
    return found


def simple_columns(table):
    return [field.name for field in table.schema().fields
            if field.field_type.is_primitive and str(field.field_type) != "time"]


def aggregate_query(names, source):
    parts = [f'count(*) - count({name}), min({name}), max({name})' for name in names]
    return f"SELECT count(*), {', '.join(parts)} FROM {source}"


def as_summary(row, names):
    found = {"count": row[0]}
    for at, name in enumerate(names):
        least, greatest = row[2 + 3 * at], row[3 + 3 * at]
        utc = [value.astimezone(dt.timezone.utc) if isinstance(value, dt.datetime) else value
               for value in (least, greatest)]
        found[name] = (row[1 + 3 * at], *utc)
    return found


@pytest.mark.parametrize("name", OBJECTS)
def test_duckdb_finds_the_same_counts_nulls_and_bounds(demo, duck, name):  # noqa: F811
    table = demo.table(name)
    names = simple_columns(table)
    row = duck.execute(aggregate_query(names, f"iceberg_scan('{table.metadata_location}')")).fetchone()
    assert as_summary(row, names) == summary(table.scan().to_arrow(), names)


def test_spark_finds_the_same_counts_nulls_and_bounds(demo, spark_for):  # noqa: F811
    spark = spark_for(demo.warehouse)
    for name in OBJECTS:
        table = demo.table(name)
        if any(str(field.field_type) == "time" for field in table.schema().fields):
            continue
        names = simple_columns(table)
        row = spark.sql(aggregate_query(names, f"firn.salesforce.{name}")).collect()[0]
        assert as_summary(row, names) == summary(table.scan().to_arrow(), names), name


def test_every_table_of_the_demo_has_the_rows_of_its_snapshot(demo):
    names = [name for _, name in demo.catalog.list_tables("salesforce")]
    assert len(names) >= 15
    listed = {row["table"]: row["rows"] for row in
              json.loads(firn("lake", "list", "--json", cwd=demo.folder).out)["rows"]}
    for name in names:
        assert demo.table(name).scan().to_arrow().num_rows == listed[f"salesforce.{name}"], name
