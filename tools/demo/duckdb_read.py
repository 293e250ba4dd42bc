"""Reads the demo's tables back with DuckDB, an engine that is not ours, and compares the row counts.

duckdb_read.py PROJECT_FOLDER: prints a table of object, rows by Firn's snapshot, rows by DuckDB, and
exits 1 when they differ or a table is missing.
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


def main():
    project = pathlib.Path(sys.argv[1])
    connection = duckdb.connect()
    for name in ("avro", "iceberg"):
        load_extension(connection, name)
    wrong = 0
    found = tables(project)
    print(f"\n{'read back by DuckDB ' + duckdb.__version__:40} {'snapshot':>10} {'DuckDB':>10}")
    for name, location in found:
        path = location.removeprefix("file://")
        metadata = read_metadata(path)
        current = [s for s in metadata["snapshots"]
                   if s["snapshot-id"] == metadata["current-snapshot-id"]]
        expected = int(current[0]["summary"]["total-records"]) if current else 0
        counted = connection.execute(f"SELECT count(*) FROM iceberg_scan('{path}')").fetchone()[0]
        mark = "" if counted == expected else "  DIFFERS"
        wrong += counted != expected
        print(f"{name:40} {expected:>10,} {counted:>10,}{mark}")
    if not found:
        sys.exit("the catalog lists no table")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
