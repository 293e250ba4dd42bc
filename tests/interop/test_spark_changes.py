"""Tables that the Java reference changed, read and maintained by Firn, and read by every engine after.

What could go wrong in production: a row that Spark deleted comes back after a compaction, a deletion
vector is read as another one's, a partitioned table loses its partitions.
"""
import pytest

from support.lake_desk import Desk, expected_row, firn, firn_json, firn_rows


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    desk = Desk(tmp_path_factory.mktemp("changes"))
    desk.load(range(0, 5))
    return desk


@pytest.fixture(scope="module")
def spark(desk, spark_for):
    """One session: its catalog stays with the first warehouse."""
    return spark_for(desk.warehouse)


def ids_of(rows):
    return sorted(row["Id"] for row in rows)


def by_every_engine(desk, spark, duck, table):
    """The Ids as each engine reads them, by its name."""
    spark.sql(f"REFRESH TABLE firn.{table}")
    location = firn_json("lake", "show", table, "--warehouse", desk.warehouse)["metadata"]
    return {
        "firn": ids_of(firn_rows(desk.warehouse, table, "--columns", "Id")),
        "spark": ids_of(row.asDict() for row in spark.sql(f"SELECT Id FROM firn.{table}").collect()),
        "pyiceberg": sorted(desk.catalog().load_table(table).scan(selected_fields=("Id",))
                            .to_arrow().column("Id").to_pylist()),
        "duckdb": sorted(row[0] for row in duck.execute(
            f"SELECT Id FROM iceberg_scan('{location.removeprefix('file://')}')").fetchall()),
    }


@pytest.mark.parametrize("version", [2, 3])
def test_rows_that_spark_deleted_stay_deleted(desk, spark, duck, version):
    table = f"sales.Deleted{version}"
    for start in range(0, 50, 10):
        desk.load(range(start, start + 10), table=table)
    if version == 3:
        firn("lake", "set", table, "format-version=3", "--warehouse", desk.warehouse)
    spark.sql(f"ALTER TABLE firn.{table} SET TBLPROPERTIES "
              "('write.delete.mode'='merge-on-read', 'write.update.mode'='merge-on-read')")
    gone = {expected_row(n)["Id"] for n in (3, 7, 11, 12, 49)}
    spark.sql(f"DELETE FROM firn.{table} WHERE Id IN ({', '.join(repr(i) for i in gone)})")
    wanted = sorted(expected_row(n)["Id"] for n in range(50) if expected_row(n)["Id"] not in gone)
    for engine, seen in by_every_engine(desk, spark, duck, table).items():
        assert seen == wanted, engine
    # One delete of the reference, then a compaction of ours, then a delete of the reference again.
    done = firn_json("lake", "maintain", "--table", table, "--only", "compact", "--only", "manifests",
                     "--warehouse", desk.warehouse)["rows"][0]
    assert (done["files_after"], done["rows_dropped"]) == (1, len(gone)), done
    for engine, seen in by_every_engine(desk, spark, duck, table).items():
        assert seen == wanted, engine
    spark.sql(f"DELETE FROM firn.{table} WHERE Id = '{wanted[0]}'")
    for engine, seen in by_every_engine(desk, spark, duck, table).items():
        assert seen == wanted[1:], engine


def test_partitioned_tables_of_spark_are_read_filtered_and_compacted(desk, spark, duck):
    table = "sales.Parts"
    spark.sql(f"CREATE TABLE firn.{table} (Id string, day date, amount decimal(9,2)) USING iceberg "
              "PARTITIONED BY (bucket(4, Id), months(day))")
    for part in range(6):
        values = ", ".join(f"('{part}-{n}', DATE '2024-0{1 + n % 3}-11', {n}.25)" for n in range(12))
        spark.sql(f"INSERT INTO firn.{table} VALUES {values}")
    wanted = sorted(f"{part}-{n}" for part in range(6) for n in range(12))
    for engine, seen in by_every_engine(desk, spark, duck, table).items():
        assert seen == wanted, engine
    where = "amount >= 9.25 AND day = '2024-01-11'"
    assert ids_of(firn_rows(desk.warehouse, table, "--where", where)) == sorted(
        row.Id for row in spark.sql(
            f"SELECT Id FROM firn.{table} WHERE amount >= 9.25 AND day = DATE '2024-01-11'").collect())
    before = spark.sql(f"SELECT partition, record_count FROM firn.{table}.partitions").collect()
    done = firn_json("lake", "maintain", "--table", table, "--only", "compact",
                     "--warehouse", desk.warehouse)["rows"][0]
    assert done["files_after"] < done["files_before"], done
    for engine, seen in by_every_engine(desk, spark, duck, table).items():
        assert seen == wanted, engine
    after = spark.sql(f"SELECT partition, record_count FROM firn.{table}.partitions").collect()
    assert sorted(map(str, after)) == sorted(map(str, before))
