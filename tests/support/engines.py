"""Engines that are not ours, as pytest fixtures: DuckDB with its Iceberg extension, and Spark with Java's
JdbcCatalog on our SQLite file."""
import glob

import pytest

from support.lake_desk import SOURCE


@pytest.fixture(scope="session")
def duck():
    import duckdb
    import duckdb_extension_avro
    import duckdb_extension_httpfs
    import duckdb_extension_iceberg
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    for module in (duckdb_extension_avro, duckdb_extension_httpfs, duckdb_extension_iceberg):
        found = glob.glob(f"{module.__path__[0]}/**/*.duckdb_extension", recursive=True)
        connection.execute(f"LOAD '{found[0]}'")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def jar(name):
    found = sorted((SOURCE / ".deps/jars").glob(f"{name}-*.jar"))
    assert found, f"no {name} jar in .deps/jars: run ./dev setup test"
    return str(found[0])


def catalog_settings(warehouse):
    name = "spark.sql.catalog.firn"
    return {
        name: "org.apache.iceberg.spark.SparkCatalog",
        f"{name}.type": "jdbc",
        f"{name}.uri": f"jdbc:sqlite:{warehouse}/catalog.db",
        f"{name}.warehouse": f"file://{warehouse}",
        f"{name}.jdbc.schema-version": "V1",
    }


@pytest.fixture(scope="session")
def spark_for():
    """Starts Spark on a warehouse; `catalog` replaces the settings of its catalog."""
    sessions = []

    def start(warehouse, catalog=None):
        from pyspark.sql import SparkSession
        jars = ",".join([jar("iceberg-spark-runtime-4.1_2.13"), jar("sqlite-jdbc")])
        builder = SparkSession.builder.master("local[1]")
        for key, value in {
            "spark.jars": jars,
            "spark.ui.enabled": "false",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.memory": "1g",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.extensions":
                "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
            **(catalog or catalog_settings(warehouse)),
        }.items():
            builder = builder.config(key, value)
        sessions.append(builder.getOrCreate())
        return sessions[-1]

    yield start
    for session in sessions:
        session.stop()
