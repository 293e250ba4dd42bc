"""DuckDB on what Firn writes.

What could go wrong in production: the engine most people try first sees other rows.
"""
from support.lake_desk import expected_row


def test_every_cell_is_as_it_was_loaded(loaded, duck):
    names = list(expected_row(0))
    found = duck.execute(
        f"SELECT {', '.join(names)} FROM iceberg_scan('{loaded.metadata()}') ORDER BY Id").fetchall()
    rows = [dict(zip(names, row)) for row in found]
    for row in rows:
        row["When__c"] = row["When__c"] and row["When__c"].astimezone(
            expected_row(0)["When__c"].tzinfo)
    assert rows == [expected_row(n) for n in range(700)]


def test_snapshots_are_listed_and_time_travel_works(loaded, duck):
    metadata = loaded.metadata()
    snapshots = duck.execute(
        f"SELECT snapshot_id FROM iceberg_snapshots('{metadata}') ORDER BY sequence_number"
    ).fetchall()
    assert len(snapshots) == 3
    counts = [duck.execute(f"SELECT count(*) FROM iceberg_scan('{metadata}', "
                           f"snapshot_from_id = {snapshot}::UBIGINT)").fetchone()[0]
              for (snapshot,) in snapshots]
    assert counts == [600, 1000, 700]


def test_filters_on_every_type_find_their_rows(loaded, duck):
    rows = [expected_row(n) for n in range(700)]
    scan = f"iceberg_scan('{loaded.metadata()}')"

    def count(where):
        return duck.execute(f"SELECT count(*) FROM {scan} WHERE {where}").fetchone()[0]

    assert count("Amount > 12.34") == sum(
        1 for r in rows if r["Amount"] is not None and float(r["Amount"]) > 12.34)
    assert count("Day__c < DATE '1970-06-01'") == sum(
        1 for r in rows if r["Day__c"] and r["Day__c"].isoformat() < "1970-06-01")
    assert count("Open__c") == 350
    assert count("Stage__c = 'NA'") == sum(1 for r in rows if r["Stage__c"] == "NA")
    assert count("Name IS NULL") == 100
    assert count("When__c >= TIMESTAMPTZ '1971-01-01 00:00:00+00'") == sum(
        1 for r in rows if r["When__c"] and r["When__c"].year >= 1971)
