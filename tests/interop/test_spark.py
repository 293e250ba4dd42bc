"""Spark, with the Java reference implementation and its JdbcCatalog, on what Firn writes.

What could go wrong in production: the reference refuses or misreads our metadata.
"""
from support.lake_desk import expected_row, firn_rows


def test_spark_reads_the_tables_and_writes_one_back(loaded, desk, spark_for):
    spark = spark_for(loaded.warehouse)
    assert [r.tableName for r in spark.sql("SHOW TABLES IN firn.sales").collect()] == ["Deal"]
    rows = [row.asDict() for row in spark.sql("SELECT * FROM firn.sales.Deal").collect()]
    assert sorted(row["Id"] for row in rows) == [expected_row(n)["Id"] for n in range(700)]
    wanted = {row["Id"]: row for row in map(expected_row, range(700))}
    for row in rows:
        expected = wanted[row["Id"]]
        row["When__c"] = row["When__c"] and row["When__c"].astimezone(
            expected_row(0)["When__c"].tzinfo)
        assert row == expected

    history = spark.sql("SELECT snapshot_id, operation FROM firn.sales.Deal.snapshots "
                        "ORDER BY committed_at").collect()
    assert [row.operation for row in history] == ["append", "append", "overwrite"]
    counts = [spark.sql(f"SELECT count(*) AS n FROM firn.sales.Deal VERSION AS OF "
                        f"{row.snapshot_id}").collect()[0].n for row in history]
    assert counts == [600, 1000, 700]
    # Metadata tables go through every manifest field.
    entries = spark.sql("SELECT status, sequence_number, data_file.record_count AS n "
                        "FROM firn.sales.Deal.all_entries").collect()
    assert sorted((row.status, row.n) for row in entries) == [
        (1, 400), (1, 600), (1, 700), (2, 400), (2, 600)]
    assert spark.sql("SELECT count(*) AS n FROM firn.sales.Deal WHERE Amount > 12.34"
                     ).collect()[0].n == sum(1 for n in range(700) if (
                         (a := expected_row(n)["Amount"]) is not None and float(a) > 12.34))

    # The reference commits to our table, and Firn goes on from there.
    table = "other.Deal"
    loaded.load(range(0, 20), table=table)
    spark.sql("INSERT INTO firn.other.Deal SELECT * FROM firn.sales.Deal WHERE Id < 'a01000000000005'")
    loaded.load(range(30, 40), table=table)
    assert len(firn_rows(loaded.warehouse, table)) == 35
    spark.sql("REFRESH TABLE firn.other.Deal")
    assert spark.sql("SELECT count(*) AS n FROM firn.other.Deal").collect()[0].n == 35

    # Deletes of the reference are applied when Firn reads (v2: position deletes).
    spark.sql("ALTER TABLE firn.other.Deal SET TBLPROPERTIES ('write.delete.mode'='merge-on-read')")
    spark.sql("DELETE FROM firn.other.Deal WHERE Count__c < -490")
    left = spark.sql("SELECT count(*) AS n FROM firn.other.Deal").collect()[0].n
    assert left < 35
    assert len(firn_rows(loaded.warehouse, table)) == left
    spark.sql("ALTER TABLE firn.other.Deal RENAME COLUMN Name TO Title")
    spark.sql("ALTER TABLE firn.other.Deal ALTER COLUMN Count__c TYPE bigint")
    rows = firn_rows(loaded.warehouse, table, "--columns", "Id,Title,Count__c")
    assert {row["Title"] for row in rows if row["Id"] == expected_row(15)["Id"]} == {
        expected_row(15)["Name"]}
