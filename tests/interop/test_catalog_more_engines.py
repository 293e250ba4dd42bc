"""Polars and ClickHouse (as chDB) on tables of the catalog server, on local disk and on S3.

What could go wrong in production: an engine that nobody tried meets an answer it does not expect, or writes rows that
the others do not see.
"""

import chdb.session
import polars
import pyarrow as pa
import pytest
from pyiceberg.catalog import load_catalog

from support import moto, weed
from support.catalog import Catalog

SCHEMA = pa.schema([pa.field("id", pa.int64()), pa.field("data", pa.string())])


def rows(*numbers):
    return pa.table({"id": list(numbers), "data": [f"row {n}" for n in numbers]}, schema=SCHEMA)


def ids(table):
    return sorted(table.scan(selected_fields=("id",)).to_arrow()["id"].to_pylist())


@pytest.fixture(scope="module")
def on_s3(tmp_path_factory):
    folder = tmp_path_factory.mktemp("s3")
    with weed.running(tmp_path_factory.mktemp("weed")) as environment:
        moto.client(environment, "s3").create_bucket(Bucket="lake")
        with Catalog(folder / "server", "--warehouse", "s3://lake/tables", "--catalog", folder / "catalog.db",
                     environment=environment) as catalog:
            catalog.make_namespace("sales")
            catalog.store = environment
            yield catalog


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory):
    with Catalog(tmp_path_factory.mktemp("disk")) as catalog:
        catalog.make_namespace("sales")
        catalog.store = None
        yield catalog


@pytest.fixture(params=["disk", "s3"])
def served(request, on_disk, on_s3):
    return on_disk if request.param == "disk" else on_s3


def rest(catalog):
    keys = catalog.store
    return load_catalog("firn", type="rest", uri=catalog.url, **({} if keys is None else {
        "s3.endpoint": keys["AWS_ENDPOINT_URL"], "s3.region": keys["AWS_REGION"],
        "s3.access-key-id": keys["AWS_ACCESS_KEY_ID"], "s3.secret-access-key": keys["AWS_SECRET_ACCESS_KEY"]}))


@pytest.mark.parametrize("reader", ["native", "pyiceberg"])
def test_polars_reads_and_appends(served, reader, monkeypatch):
    for key, value in (served.store or {}).items():  # it passes no region on to its own client of S3
        monkeypatch.setenv(key, value)
    name = f"sales.polars_{reader}"
    table = rest(served).create_table(name, SCHEMA)
    table.append(rows(*range(100)))
    few = polars.scan_iceberg(table, reader_override=reader).filter(polars.col("id") < 10).collect()
    assert sorted(few["data"]) == [f"row {n}" for n in range(10)]
    polars.DataFrame(rows(100)).write_iceberg(table, mode="append")
    polars.DataFrame(rows(101)).lazy().sink_iceberg(rest(served).load_table(name), mode="append")
    assert ids(rest(served).load_table(name)) == list(range(102))
    table = rest(served).load_table(name)
    table.delete("id < 50")
    assert polars.scan_iceberg(table, reader_override=reader).collect().height == 52
    polars.DataFrame(rows(7)).write_iceberg(table, mode="overwrite")
    assert ids(rest(served).load_table(name)) == [7]


def test_clickhouse_reads_and_inserts(on_s3):
    keys = on_s3.store
    rest(on_s3).create_table("sales.clickhouse", SCHEMA).append(rows(*range(100)))
    session = chdb.session.Session()
    session.query("SET allow_database_iceberg = 1, allow_insert_into_iceberg = 1")
    session.query(
        f"CREATE DATABASE lake ENGINE = DataLakeCatalog('{on_s3.url}/v1', '{keys['AWS_ACCESS_KEY_ID']}', "
        f"'{keys['AWS_SECRET_ACCESS_KEY']}') SETTINGS catalog_type = 'rest', warehouse = 'lake', "
        f"storage_endpoint = '{keys['AWS_ENDPOINT_URL']}/lake'")
    assert "sales.clickhouse" in str(session.query("SHOW TABLES FROM lake"))
    assert str(session.query("SELECT count(), max(data) FROM lake.`sales.clickhouse` WHERE id < 10")).strip() == (
        '10,"row 9"')
    session.query("INSERT INTO lake.`sales.clickhouse` VALUES (100, 'row 100'), (101, NULL)")
    table = rest(on_s3).load_table("sales.clickhouse")
    assert ids(table) == list(range(102))
    table.delete("id < 50")
    assert str(session.query("SELECT count() FROM lake.`sales.clickhouse`")).strip() == "52"
