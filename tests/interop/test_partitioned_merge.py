"""Partitioned tables that several engines write in turn, and Firn merges into in between.

What could go wrong in production: a row that another engine put into its partition is not found by
its key and is there twice, one that Firn moved stays behind in its old partition, or an engine that
prunes by partitions does not see what Firn wrote.
"""
import json

import pyarrow as pa
import pytest

from support.catalog import Catalog
from support.lake_desk import firn, firn_rows

TABLE = "sales.Region"
REGIONS = ("north", "south", "west")


def key(n):
    return f"a01{n:012d}AAA"


class Table:
    """The table as it should be, and the engines that change it."""

    def __init__(self, desk, duck, rest, spark):
        self.desk, self.duck, self.rest, self.spark = desk, duck, rest, spark
        self.model = {}
        self.pages = 0

    def merge(self, rows):
        """`{key: (region, amount)}` by `lake import --mode upsert`."""
        self.pages += 1
        page = self.desk.folder / f"region-{self.pages}.csv"
        page.write_text('"Id","Region","Amount"\n' + "".join(
            f'"{name}","{region}","{amount}"\n' for name, (region, amount) in rows.items()))
        describe = self.desk.folder / "region.json"
        describe.write_text(json.dumps({"name": "Region", "fields": [
            {"name": "Id", "type": "id", "length": 18, "nillable": False},
            {"name": "Region", "type": "string", "length": 40},
            {"name": "Amount", "type": "int", "digits": 9}]}))
        firn("lake", "import", "--table", TABLE, "--pages", page, "--describe", describe,
             "--warehouse", self.desk.warehouse, "--mode", "upsert")
        self.model |= rows

    def by_pyiceberg(self):
        return self.rest.load_table(TABLE)

    def check(self):
        """Every engine has the same rows, and finds those of a region by its partition."""
        self.spark.sql(f"REFRESH TABLE firn.{TABLE}")
        wanted = sorted((name, *rest) for name, rest in self.model.items())
        lines = firn_rows(self.desk.warehouse, TABLE)
        assert sorted((row["Id"], row["Region"], row["Amount"]) for row in lines) == wanted
        listed = self.by_pyiceberg().scan().to_arrow().to_pylist()
        assert sorted((row["Id"], row["Region"], row["Amount"]) for row in listed) == wanted
        asked = "SELECT Id, Region, Amount FROM {}"
        assert sorted(self.duck.execute(asked.format("firn_rest." + TABLE)).fetchall()) == wanted
        assert sorted(tuple(row) for row in self.spark.sql(asked.format("firn." + TABLE)).collect()) == wanted
        for region in REGIONS:
            count = sum(rest[0] == region for rest in self.model.values())
            where = f"WHERE Region = '{region}'"
            assert self.duck.execute(f"SELECT count(*) FROM firn_rest.{TABLE} {where}").fetchone() == (count,)
            assert self.spark.sql(f"SELECT count(*) FROM firn.{TABLE} {where}").collect()[0][0] == count
            assert len(firn_rows(self.desk.warehouse, TABLE, "--where", f"Region = '{region}'")) == count
            found = self.by_pyiceberg().scan(row_filter=f"Region = '{region}'").to_arrow()
            assert found.num_rows == count
        self.check_files()

    def check_files(self):
        """Each data file holds rows of its own partition only."""
        import pyarrow.parquet as pq
        for task in self.by_pyiceberg().scan().plan_files():
            rows = pq.ParquetFile(task.file.file_path.removeprefix("file://")).read(columns=["Region"])
            if task.file.spec_id == self.by_pyiceberg().spec().spec_id:
                assert set(rows.column("Region").to_pylist()) == {task.file.partition[0]}


@pytest.fixture(scope="module")
def engines(tmp_path_factory, duck, spark_for):
    from pyiceberg.catalog.rest import RestCatalog
    from support.lake_desk import Desk
    desk = Desk(tmp_path_factory.mktemp("partitioned"))
    desk.load([0])
    with Catalog(tmp_path_factory.mktemp("served"), warehouse=desk.warehouse) as catalog:
        duck.execute(f"ATTACH '' AS firn_rest (TYPE iceberg, ENDPOINT '{catalog.url}', AUTHORIZATION_TYPE 'none')")
        rest = RestCatalog("firn", uri=catalog.url)
        yield desk, duck, rest, spark_for(desk.warehouse)
        duck.execute("DETACH firn_rest")


@pytest.fixture(params=[2, 3])
def table(request, engines):
    desk, duck, rest, spark = engines
    spark.sql(f"DROP TABLE IF EXISTS firn.{TABLE}")
    spark.sql(f"CREATE TABLE firn.{TABLE} (Id string NOT NULL, Region string, Amount int) USING iceberg "
              f"PARTITIONED BY (Region) TBLPROPERTIES ('format-version'='{request.param}', "
              "'write.delete.mode'='merge-on-read', 'write.update.mode'='merge-on-read')")
    made = Table(desk, duck, rest, spark)
    made.version = request.param
    made.merge({key(n): (REGIONS[n % 3], n) for n in range(30)})
    return made


def test_rows_that_engines_write_between_merges_are_found_by_their_keys(table):
    table.check()
    table.spark.sql(f"INSERT INTO firn.{TABLE} VALUES ('{key(40)}', 'north', 40), ('{key(41)}', 'west', 41)")
    table.model |= {key(40): ("north", 40), key(41): ("west", 41)}
    table.spark.sql(f"DELETE FROM firn.{TABLE} WHERE Amount = 4")
    del table.model[key(4)]
    table.spark.sql(f"UPDATE firn.{TABLE} SET Region = 'south' WHERE Id = '{key(40)}'")
    table.model[key(40)] = ("south", 40)
    table.merge({key(40): ("west", 400), key(4): ("north", 44), key(1): ("north", 1)})
    table.check()
    if table.version == 2:  # PyIceberg 0.12 writes no tables of version 3
        batch = pa.Table.from_pylist([{"Id": key(50), "Region": "south", "Amount": 50},
                                      {"Id": key(51), "Region": None, "Amount": 51}],
                                     schema=pa.schema([pa.field("Id", pa.string(), nullable=False),
                                                       ("Region", pa.string()), ("Amount", pa.int32())]))
        table.by_pyiceberg().append(batch)
        table.model |= {key(50): ("south", 50), key(51): (None, 51)}
        table.by_pyiceberg().delete(f"Id = '{key(6)}'")
        del table.model[key(6)]
        table.merge({key(50): ("north", 500), key(51): ("west", 510), key(7): ("south", 70)})
        table.check()
    table.duck.execute(f"INSERT INTO firn_rest.{TABLE} VALUES ('{key(60)}', 'west', 60), ('{key(61)}', 'north', 61)")
    table.model |= {key(60): ("west", 60), key(61): ("north", 61)}
    table.merge({key(60): ("south", 600), key(61): ("north", 610), key(9): ("west", 90)})
    table.check()


def test_a_table_whose_partitioning_changes_between_merges_keeps_every_row(table):
    table.spark.sql(f"REFRESH TABLE firn.{TABLE}")
    table.spark.sql(f"ALTER TABLE firn.{TABLE} ADD PARTITION FIELD bucket(2, Id)")
    table.merge({key(n): (REGIONS[(n + 1) % 3], n + 100) for n in range(0, 30, 4)})
    table.check()
    table.spark.sql(f"INSERT INTO firn.{TABLE} VALUES ('{key(70)}', 'north', 70)")
    table.model[key(70)] = ("north", 70)
    table.merge({key(70): ("south", 700), key(3): ("west", 3)})
    firn("lake", "maintain", "--table", TABLE, "--warehouse", table.desk.warehouse)
    table.check()
