"""PyIceberg, DuckDB and Spark on one table through the catalog server, while Firn merges into it.

What could go wrong in production: two engines that commit at the same time lose each other's rows.
"""
import concurrent.futures

import pyarrow as pa
import pytest

from support.catalog import Catalog
from support.lake_desk import Desk, expected_row, firn, firn_rows, write_page


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    desk = Desk(folder)
    desk.load(range(0, 200))
    with Catalog(folder / "server", warehouse=desk.warehouse) as catalog:
        yield desk, catalog


def pyiceberg_catalog(catalog):
    from pyiceberg.catalog import load_catalog
    return load_catalog("firn", type="rest", uri=catalog.url)


def spark_settings(catalog):
    name = "spark.sql.catalog.firn"
    return {name: "org.apache.iceberg.spark.SparkCatalog", f"{name}.type": "rest",
            f"{name}.uri": catalog.url,
            f"{name}.io-impl": "org.apache.iceberg.hadoop.HadoopFileIO"}


def duck_attached(duck, catalog):
    duck.execute(f"ATTACH '' AS firn_rest (TYPE iceberg, ENDPOINT '{catalog.url}', "
                 "AUTHORIZATION_TYPE 'none')")
    return duck


def test_engines_read_and_write_the_same_table_while_firn_merges(served, duck, spark_for):
    desk, catalog = served
    rest = pyiceberg_catalog(catalog)
    spark = spark_for(desk.warehouse, spark_settings(catalog))
    duck_attached(duck, catalog)

    def count():
        return {
            "pyiceberg": rest.load_table("sales.Deal").scan(selected_fields=("Id",)).to_arrow(
            ).num_rows,
            "duckdb": duck.execute("SELECT count(*) FROM firn_rest.sales.Deal").fetchone()[0],
            "spark": spark.sql("SELECT count(*) AS n FROM firn.sales.Deal").collect()[0].n,
            "firn": len(firn_rows(desk.warehouse, "sales.Deal")),
        }

    assert set(count().values()) == {200}

    spark.sql("CREATE TABLE firn.sales.Other AS SELECT * FROM firn.sales.Deal WHERE Open__c")
    assert duck.execute("SELECT count(*) FROM firn_rest.sales.Other").fetchone()[0] == 100
    rows = rest.load_table("sales.Other").scan().to_arrow()
    rest.create_table("sales.Third", rows.schema).append(rows)
    assert len(firn_rows(desk.warehouse, "sales.Third")) == 100
    duck.execute("INSERT INTO firn_rest.sales.Third SELECT * FROM firn_rest.sales.Other")
    spark.sql("REFRESH TABLE firn.sales.Third")
    assert spark.sql("SELECT count(*) AS n FROM firn.sales.Third").collect()[0].n == 200

    def by_pyiceberg():
        table = rest.load_table("sales.Deal")
        whole = table.scan(limit=1).to_arrow()
        for number in range(5):
            row = whole.set_column(
                whole.schema.get_field_index("Id"), whole.schema.field("Id"),
                pa.array([f"b01{number:012d}AAA"], whole.schema.field("Id").type))
            for _ in range(20):
                try:
                    rest.load_table("sales.Deal").append(row)
                    break
                except Exception as error:  # noqa: BLE001  its commits do not retry by themselves
                    if "Commit" not in type(error).__name__:
                        raise
            else:
                raise AssertionError("PyIceberg never got its row in")

    def by_spark():
        for number in range(5):
            spark.sql(f"INSERT INTO firn.sales.Deal SELECT 'c01{number:012d}AAA' AS Id, Name, "
                      "Count__c, Amount, Big__c, When__c, Day__c, Open__c, Stage__c "
                      "FROM firn.sales.Other LIMIT 1")

    def by_firn():
        for number in range(5):
            page = desk.folder / f"upsert-{number}.csv"
            write_page(page, [expected_row(n) for n in range(150 + number * 20, 210 + number * 20)])
            firn("lake", "import", "--table", "sales.Deal", "--pages", page, "--describe",
                 desk.describe, "--warehouse", desk.warehouse, "--mode", "upsert", "--key", "Id")

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(work) for work in (by_pyiceberg, by_spark, by_firn)]:
            done.result()

    spark.sql("REFRESH TABLE firn.sales.Deal")
    # Rows 0..289 by Firn, five each by the others; nothing lost, nothing twice.
    assert set(count().values()) == {300}
    ids = [row["Id"] for row in firn_rows(desk.warehouse, "sales.Deal")]
    assert len(set(ids)) == 300


@pytest.mark.parametrize("version", [2, 3])
def test_duckdb_makes_changes_and_drops_tables(served, duck, version):
    desk, catalog = served
    if not duck.execute("SELECT 1 FROM duckdb_databases() WHERE database_name = 'firn_rest'").fetchall():
        duck_attached(duck, catalog)
    name = f"firn_rest.made.by_duckdb_v{version}"
    duck.execute("CREATE SCHEMA IF NOT EXISTS firn_rest.made")
    duck.execute(f"CREATE TABLE {name} (id BIGINT NOT NULL, day DATE, data VARCHAR) WITH ('format-version' = {version})")
    duck.execute(f"INSERT INTO {name} SELECT n, DATE '2024-01-01' + n::INT, 'row ' || n FROM range(100) t(n)")
    duck.execute(f"DELETE FROM {name} WHERE id % 10 = 0")
    duck.execute(f"UPDATE {name} SET data = 'changed' WHERE id < 5")
    expected = {n: "changed" if n < 5 else f"row {n}" for n in range(100) if n % 10}
    assert dict(duck.execute(f"SELECT id, data FROM {name}").fetchall()) == expected
    rows = firn_rows(desk.warehouse, f"made.by_duckdb_v{version}")
    assert {row["id"]: row["data"] for row in rows} == expected and len(rows) == len(expected)
    duck.execute(f"CREATE TABLE {name}_copy AS SELECT id, data FROM {name}")
    copied = pyiceberg_catalog(catalog).load_table(f"made.by_duckdb_v{version}_copy").scan().to_arrow().to_pylist()
    assert {row["id"]: row["data"] for row in copied} == expected
    for table in (name, f"{name}_copy"):
        duck.execute(f"DROP TABLE {table}")
    assert catalog.good("GET", "/namespaces/made/tables")["identifiers"] == []


def test_views_of_spark_are_kept_and_read_back(served, spark_for):
    desk, catalog = served
    spark = spark_for(desk.warehouse, spark_settings(catalog))
    spark.sql("CREATE VIEW firn.sales.OpenDeals AS SELECT Id FROM firn.sales.Deal WHERE Open__c")
    assert [row.viewName for row in spark.sql("SHOW VIEWS IN firn.sales").collect()] == ["OpenDeals"]
    assert spark.sql("SELECT * FROM firn.sales.OpenDeals").count() > 0
    assert [table["name"] for table in catalog.good("GET", "/namespaces/sales/views")["identifiers"]
            ] == ["OpenDeals"]
    spark.sql("DROP VIEW firn.sales.OpenDeals")
