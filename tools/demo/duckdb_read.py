"""Reads the demo's tables back with DuckDB, an engine that is not ours: compares the row counts, and shows what
the change stream brought after the export.

duckdb_read.py PROJECT_FOLDER: prints a table of object, rows by Firn's snapshot, rows by DuckDB, then the rows
that changed by the stream; exits 1 when counts differ, a table is missing or no change arrived.
"""
import gzip
import importlib.util
import json
import pathlib
import sqlite3
import sys

import duckdb


def load_extension(connection, name):
    package = importlib.util.find_spec(f"duckdb_extension_{name}")
    folder = pathlib.Path(package.origin).parent
    connection.execute(f"LOAD '{next(folder.rglob(f'{name}.duckdb_extension'))}'")


def tables(project):
    catalog = next(project.rglob("catalog.db"), None)
    if catalog is None:
        sys.exit(f"no catalog.db below {project}: did `firn demo` run?")
    rows = sqlite3.connect(f"file:{catalog}?mode=ro", uri=True).execute(
        "SELECT table_namespace || '.' || table_name, metadata_location FROM iceberg_tables ORDER BY 1")
    return rows.fetchall()


def read_metadata(path):
    data = pathlib.Path(path).read_bytes()
    return json.loads(gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data)


def rows_of(summary):
    """Rows of a snapshot: those in its data files without those that its position deletes take away."""
    return int(summary["total-records"]) - int(summary.get("total-position-deletes", 0))


def changed(connection, path, metadata):
    """Ids that are new or other since the last snapshot that an export made; nothing when none came."""
    by_id = {snapshot["snapshot-id"]: snapshot for snapshot in metadata["snapshots"]}
    at = metadata.get("current-snapshot-id")
    if at not in by_id or "firn.events" not in by_id[at]["summary"]:
        return []
    while "firn.events" in by_id[at]["summary"]:
        at = by_id[at]["parent-snapshot-id"]
    return connection.execute(
        f"SELECT Id FROM (SELECT * FROM iceberg_scan('{path}') EXCEPT "
        f"SELECT * FROM iceberg_scan('{path}', snapshot_from_id => {at}::UBIGINT)) ORDER BY Id").fetchall()


def main():
    project = pathlib.Path(sys.argv[1])
    connection = duckdb.connect()
    for name in ("avro", "iceberg"):
        load_extension(connection, name)
    wrong = 0
    arrived = {}
    found = tables(project)
    print(f"\n{'read back by DuckDB ' + duckdb.__version__:40} {'snapshot':>10} {'DuckDB':>10}")
    for name, location in found:
        path = location.removeprefix("file://")
        metadata = read_metadata(path)
        current = [s for s in metadata["snapshots"]
                   if s["snapshot-id"] == metadata["current-snapshot-id"]]
        expected = rows_of(current[0]["summary"]) if current else 0
        counted = connection.execute(f"SELECT count(*) FROM iceberg_scan('{path}')").fetchone()[0]
        mark = "" if counted == expected else "  DIFFERS"
        wrong += counted != expected
        print(f"{name:40} {expected:>10,} {counted:>10,}{mark}")
        if ids := changed(connection, path, metadata):
            arrived[name] = ids
    if not found:
        sys.exit("the catalog lists no table")
    print(f"\n{'changed since the export, by the stream':40} {'rows':>10} {'for example':>21}")
    for name, ids in arrived.items():
        print(f"{name:40} {len(ids):>10,} {ids[0][0]:>21}")
    if not arrived:
        sys.exit("no change arrived")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
