"""Tables that iceberg-rust and iceberg-go wrote (tests/interop/foreign), read, merged into and compacted by Firn.

What could go wrong in production: metadata, manifests or data files of a writer that nobody tried are read wrongly,
or that writer's own reader does not understand what Firn makes of its table.
"""
import datetime as dt
import decimal
import json
import pathlib
import tarfile

import pytest
from pyiceberg.types import StringType

from support import moto
from support.judges import by_firn, of_arrow
from support.lake_desk import UTC, firn

FOREIGN = pathlib.Path(__file__).parent / "foreign"
BUCKET = "firn-tables"


@pytest.fixture(scope="module")
def s3():
    with moto.running() as environment:
        moto.client(environment, "s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": environment["AWS_REGION"]})
        yield environment


class Lake:
    """The checked-in tables where their paths say they are, in a catalog of their own."""

    def __init__(self, folder, environment, duck):
        self.folder, self.environment, self.duck = folder, environment, duck
        self.words = ("--warehouse", f"s3://{BUCKET}", "--catalog", folder / "catalog.db")
        self.objects = moto.client(environment, "s3")
        self.properties = {
            "s3.endpoint": environment["AWS_ENDPOINT_URL"], "s3.region": environment["AWS_REGION"],
            "s3.access-key-id": environment["AWS_ACCESS_KEY_ID"],
            "s3.secret-access-key": environment["AWS_SECRET_ACCESS_KEY"], "s3.path-style-access": "true"}
        duck.execute("CREATE OR REPLACE SECRET foreign_tables (TYPE s3, KEY_ID '{}', SECRET '{}', REGION '{}', "
                     "ENDPOINT '{}', URL_STYLE 'path', USE_SSL false)".format(
                         environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"],
                         environment["AWS_REGION"], environment["AWS_ENDPOINT_URL"].removeprefix("http://")))

    def put(self, name):
        """Puts the files of one table back as they were written, and the table into the catalog."""
        writer, table = name.split(".")
        metadata = []
        with tarfile.open(FOREIGN / f"{writer}.tar.xz") as files:
            for member in files:
                key = member.name.removeprefix(BUCKET + "/")
                if not member.isfile() or not key.startswith(f"{writer}/{table}/"):
                    continue
                self.objects.put_object(Bucket=BUCKET, Key=key, Body=files.extractfile(member).read())
                metadata += [key] if key.endswith(".metadata.json") else []
        catalog = self.catalog()
        catalog.create_namespace_if_not_exists(writer)
        catalog.register_table(name, f"s3://{BUCKET}/{max(metadata)}")

    def catalog(self):
        from pyiceberg.catalog.sql import SqlCatalog
        return SqlCatalog("firn", uri=f"sqlite:///{self.folder}/catalog.db", warehouse=f"s3://{BUCKET}",
                          **self.properties)

    def firn(self, *words):
        return firn(*words, *self.words, environment=self.environment)

    def rows(self, name, key="Id", snapshot=None, rust=True):
        """As Firn reads them, after every other engine that can read the table has been found to agree."""
        table = self.catalog().load_table(name)
        schema = (table.scan(snapshot_id=snapshot).projection() if snapshot else table.schema()).as_arrow()
        at = () if snapshot is None else ("--snapshot", snapshot)
        seen = by_firn(name, key, schema, *at, *self.words, environment=self.environment)
        readers = {"PyIceberg": self.by_pyiceberg, "DuckDB": self.by_duckdb} | ({"Rust": self.by_rust} if rust else {})
        for engine, read in readers.items():
            found = read(table, snapshot)
            if found is not None:
                assert of_arrow(found, key) == seen, engine
        return seen

    def by_pyiceberg(self, table, snapshot):
        if has_equality_deletes(table, snapshot):
            return None  # PyIceberg 0.12 reads no equality deletes
        return table.scan(snapshot_id=snapshot).to_arrow()

    def by_duckdb(self, table, snapshot):
        at = "" if snapshot is None else f", snapshot_from_id = {snapshot}::UBIGINT"
        return self.duck.execute(f"SELECT * FROM iceberg_scan('{table.metadata_location}'{at})").to_arrow_table()

    def by_rust(self, table, snapshot):
        if snapshot is not None:
            return None
        if table.metadata.format_version > 2 and has_deletes(table):
            return None  # iceberg-rust 0.10 reads no deletion vectors
        from datafusion import SessionContext
        from pyiceberg_core.datafusion import IcebergDataFusionTable
        context = SessionContext()
        context.register_table("it", IcebergDataFusionTable(
            identifier=list(table.name()), metadata_location=table.metadata_location,
            file_io_properties=self.properties))
        return context.table("it").to_arrow_table()

    def maintain(self, name):
        return json.loads(self.firn("lake", "maintain", "--table", name, "--only", "compact", "--rewrite-all",
                                    "--json").stdout)["rows"][0]

    def merge(self, name, describe, rows):
        """`rows`: of text by column; the first column is the key."""
        columns = [field["name"] for field in describe["fields"]]
        (self.folder / "describe.json").write_text(json.dumps(describe))
        page = self.folder / "page.csv"
        page.write_text("".join(",".join(f'"{cell}"' for cell in line) + "\n"
                                for line in [columns, *[[row[name] for name in columns] for row in rows]]))
        return self.firn("lake", "import", "--table", name, "--pages", page, "--describe",
                         self.folder / "describe.json", "--mode", "upsert")


def has_deletes(table):
    return int(table.current_snapshot().summary.additional_properties.get("total-delete-files", "0")) > 0


def has_equality_deletes(table, snapshot):
    of = table.snapshot_by_id(snapshot) if snapshot else table.current_snapshot()
    return any(entry.data_file.content.value == 2 for manifest in of.manifests(table.io)
               for entry in manifest.fetch_manifest_entry(table.io))


@pytest.fixture
def lake(tmp_path, s3, duck):
    return Lake(tmp_path, s3, duck)


def key(n, prefix="006"):
    return f"{prefix}{n:012d}AAA"


def dealt(n):
    return {"Id": key(n), "at": dt.datetime(1969 + n % 3, 6, 30, 12), "region": None if n % 5 == 0 else
            ("north", "s\u00fcd/1")[n % 2], "amount": None if n % 7 == 0 else decimal.Decimal(f"{n}.50")}


DEALT = {"name": "Dealt", "fields": [
    {"name": "Id", "type": "id", "length": 18, "nillable": False},
    {"name": "at", "type": "datetime", "nillable": True},
    {"name": "region", "type": "string", "length": 80, "nillable": True},
    {"name": "amount", "type": "currency", "precision": 12, "scale": 2, "nillable": True}]}


def page_row(row):
    return {"Id": row["Id"], "at": row["at"].replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "region": row["region"] or "", "amount": "" if row["amount"] is None else str(row["amount"])}


def snapshots(lake, name):
    """Oldest first."""
    return [int(row["snapshot"]) for row in
            json.loads(lake.firn("lake", "history", name, "--json").stdout)["rows"]]


@pytest.mark.parametrize("name", ["rust.wide", "go.wide"])
def test_every_type_is_read_now_and_at_older_snapshots(lake, name):
    lake.put(name)
    # Rust 0.10 cannot read files from before its own addition of a column to a struct.
    rows = lake.rows(name, rust=False)
    assert [row["Id"] for row in rows] == [key(n, "001") for n in range(50)]
    first, second, _ = snapshots(lake, name)
    assert len(lake.rows(name, snapshot=first)) == 20
    middle = lake.rows(name, snapshot=second)
    assert len(middle) == 40 and "flag" in middle[0] and "note" not in middle[0]
    nine, last = rows[9], rows[48]
    assert (nine["small"], nine["big"], nine["single"], nine["real"]) == (-11, -44_000_000_000, -0.875, -0.4375)
    assert (nine["price"], rows[7]["price"]) == (decimal.Decimal("-9.25"), None)
    assert nine["huge"] is None and rows[11]["huge"] == decimal.Decimal("-110000000000000000000.0000000001")
    assert nine["local"] == dt.datetime(1969, 12, 31, 23, 59, 59, 999_999)
    assert rows[0]["note"] is None and last["note"] == "note 48"
    assert rows[12]["place"] == {"lat": 12.0, "name": "p12", "country": None}
    assert last["place"]["country"] == "CH"
    difference = json.loads(lake.firn("lake", "diff", name, "--from", first, "--json").stdout)["rows"]
    assert sorted((row["change"], row["key"]) for row in difference) == [
        ("added", key(n, "001")) for n in range(20, 50)]
    assert lake.maintain(name)["files_after"] == 1
    assert lake.rows(name) == rows
    assert len(lake.rows(name, snapshot=first)) == 20


@pytest.mark.parametrize("name,count", [("rust.dealt", 60), ("rust.version3", 40), ("rust.lifted", 40),
                                        ("go.dealt", 60)])
def test_rows_are_merged_deleted_and_compacted(lake, name, count):
    lake.put(name)
    wanted = {key(n): dealt(n) for n in range(count)}
    assert lake.rows(name) == list(wanted.values())
    changed = [dealt(n) | {"region": "east", "amount": decimal.Decimal("0.01")} for n in (3, 8, 30, count + 5)]
    lake.merge(name, DEALT, [page_row(row) for row in changed])
    wanted |= {row["Id"]: row for row in changed}
    assert lake.rows(name) == [wanted[found] for found in sorted(wanted)]
    for where, holds in (("region = 'east'", lambda row: row["region"] == "east"),
                         ("at < '1970-01-01 00:00:00Z'", lambda row: row["at"].year == 1969),
                         ("amount > 20.5 AND region IS NULL", lambda row: row["region"] is None and
                          row["amount"] is not None and row["amount"] > 20.5)):
        found = json.loads("[" + ",".join(lake.firn(
            "lake", "rows", name, "--json", "--columns", "Id", "--where", where).stdout.splitlines()) + "]")
        assert sorted(one["row"]["Id"] for one in found) == sorted(
            row["Id"] for row in wanted.values() if holds(row)), where
    done = lake.maintain(name)
    assert done["files_after"] < done["files_before"], done
    assert lake.rows(name) == [wanted[found] for found in sorted(wanted)]
    # The counts that an engine goes by without reading: of the manifests.
    counted = sum(task.file.record_count for task in lake.catalog().load_table(name).scan().plan_files())
    assert counted == len(wanted)


def test_rows_deleted_by_their_values_stay_deleted(lake):
    stay_deleted(lake, "rust.deleted", {key(n): dealt(n) for n in range(40) if n % 3 != 0}, older=40)


def test_rows_put_back_after_they_were_deleted_by_their_values_are_there(lake):
    there = {key(n): dealt(n) for n in range(40) if n % 3 != 0 or n in (3, 9)}
    stay_deleted(lake, "go.by_value", dict(sorted(there.items())), older=40)


def test_rows_deleted_by_their_values_stay_deleted_when_the_column_got_another_name(lake):
    lake.put("go.by_value")
    with lake.catalog().load_table("go.by_value").update_schema() as update:
        update.rename_column("Id", "Key")
    with lake.catalog().load_table("go.by_value").update_schema() as update:
        update.add_column("Id", StringType())
    there = sorted(n for n in range(40) if n % 3 != 0 or n in (3, 9))
    rows = lake.rows("go.by_value", key="Key", rust=False)  # it goes by the schema of the snapshot
    assert [row["Key"] for row in rows] == [key(n) for n in there]
    assert {row["Id"] for row in rows} == {None}
    lake.maintain("go.by_value")
    assert lake.rows("go.by_value", key="Key") == rows


@pytest.mark.parametrize("name", ["go.positions", "go.vectors"])
def test_rows_deleted_by_position_stay_deleted(lake, name):
    gone = {n for n in range(40) if dealt(n)["region"] == "north"} | {5, 21}
    stay_deleted(lake, name, {key(n): dealt(n) for n in range(40) if n not in gone}, older=20)


def stay_deleted(lake, name, wanted, older):
    lake.put(name)
    assert lake.rows(name) == list(wanted.values())
    assert len(lake.rows(name, snapshot=snapshots(lake, name)[0])) == older
    back = [dealt(n) | {"region": "back"} for n in (6, 7, 11)]
    lake.merge(name, DEALT, [page_row(row) for row in back])
    wanted |= {row["Id"]: row for row in back}
    assert lake.rows(name) == [wanted[found] for found in sorted(wanted)]
    lake.maintain(name)
    assert lake.rows(name) == [wanted[found] for found in sorted(wanted)]
    assert lake.catalog().load_table(name).inspect.delete_files().num_rows == 0
