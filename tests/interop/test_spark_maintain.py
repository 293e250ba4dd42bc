"""`firn lake maintain --engine spark`: an installed Spark maintains the tables while Firn merges.

What could go wrong in production: a compaction by Spark brings back a row that a merge replaced in the
meantime, or lets the snapshot go that says where a stream goes on.
"""
import pathlib
import threading

import pyspark
import pytest

from support.catalog import Catalog
from support.engines import jar
from support.lake_desk import expected_row
from support.rest_lake import RestProject, ids_of

SPARK_HOME = pathlib.Path(pyspark.__path__[0])


def maintain(project, *words):
    return project.firn(
        "lake", "maintain", "--engine", "spark", "--spark-sql", SPARK_HOME / "bin/spark-sql", "--json",
        "--spark-log", project.folder / "spark.log",
        "--spark-conf", "spark.jars=" + jar("iceberg-spark-runtime-4.1_2.13"),
        "--spark-conf", "spark.master=local[1]", "--spark-conf", "spark.driver.host=127.0.0.1",
        "--spark-conf", "spark.driver.bindAddress=127.0.0.1",
        "--spark-conf", "spark.sql.catalog.firn.io-impl=org.apache.iceberg.hadoop.HadoopFileIO",
        *words, timeout=300, SPARK_HOME=str(SPARK_HOME))


@pytest.fixture(params=["embedded", "rest"])
def project(request, tmp_path):
    if request.param == "embedded":
        yield RestProject(tmp_path / "project", warehouse=tmp_path / "project" / "lake")
        return
    with Catalog(tmp_path / "server") as catalog:
        yield RestProject(tmp_path / "project", {"uri": catalog.url}, catalog.warehouse)


def test_spark_compacts_and_expires_while_firn_merges(project):
    for start in range(0, 60, 10):
        assert project.load(range(start, start + 10)).code == 0
        assert project.load(range(start, start + 10), table="sales.Still").code == 0
    ended = threading.Event()
    failures, rounds = [], []

    def merge():
        number = 0
        while not ended.is_set() or number < 3:
            done = project.load(range(number % 50, number % 50 + 15), "--key", "Id", mode="upsert")
            if done.code != 0:
                failures.append(done)
                return
            number += 1
        rounds.append(number)

    merging = threading.Thread(target=merge)
    merging.start()
    try:
        done = maintain(project, "--only", "compact", "--only", "expire", "--keep", "2")
    finally:
        ended.set()
        merging.join()
    assert not failures, failures
    assert done.code == 0, (done, (project.folder / "spark.log").read_text()[-3000:])
    rows = {row["table"]: row for row in done.json()["rows"]}
    assert [row["failed"] for row in rows.values()] == ["", ""], rows
    still = rows["sales.Still"]
    assert (still["files_rewritten"], still["files_added"]) == (6, 1), still
    assert still["snapshots_expired"] >= 4 and project.ids("sales.Still") == ids_of(range(60)), still
    merged = {n for number in range(rounds[0]) for n in range(number % 50, number % 50 + 15)}
    assert project.ids() == ids_of(merged | set(range(60))), rounds
    # And goes on merging over what Spark wrote.
    assert project.load(range(55, 70), "--key", "Id", mode="upsert").code == 0
    assert project.ids() == ids_of(range(70))
    one = project.good("lake", "rows", "sales.Deal", "--where", f"Id = '{expected_row(57)['Id']}'").out
    assert one.count(expected_row(57)["Id"]) == 1


def test_a_spark_that_is_not_there_is_told(project):
    assert project.load(range(3)).code == 0
    refused = project.firn("lake", "maintain", "--engine", "spark", "--spark-sql", "/nowhere/spark-sql")
    assert refused.code != 0 and "ENGINE-SPARK-001" in refused.err, refused
