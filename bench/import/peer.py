"""The peer of `firn lake import`: pyarrow.csv by described type, then PyIceberg's append.

The clock starts after the imports. Prints one JSON object: seconds, cpu_seconds, rows.
"""

import json
import os
import resource
import sys
import time

import pyarrow as pa
import pyarrow.csv as csv
from pyiceberg.catalog.sql import SqlCatalog


def arrow_type(field):
    kind = field["type"]
    if kind == "boolean":
        return pa.bool_()
    if kind == "int":
        return pa.int32()
    if kind in ("double", "currency", "percent"):
        return pa.decimal128(field["precision"], field["scale"])
    if kind == "date":
        return pa.date32()
    if kind == "datetime":
        return pa.timestamp("us", tz="UTC")
    return pa.string()


def main():
    pages, describe, warehouse, threads = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    pa.set_cpu_count(threads)
    os.makedirs(warehouse)
    cpu = time.process_time()
    start = time.perf_counter()
    fields = json.load(open(describe, encoding="utf-8"))["fields"]
    convert = csv.ConvertOptions(
        column_types={field["name"]: arrow_type(field) for field in fields}, strings_can_be_null=True, null_values=[""])
    tables = [
        csv.read_csv(f"{pages}/{name}", read_options=csv.ReadOptions(use_threads=threads > 1),
                     parse_options=csv.ParseOptions(newlines_in_values=True), convert_options=convert)
        for name in sorted(os.listdir(pages))
    ]
    rows = pa.concat_tables(tables)
    catalog = SqlCatalog("peer", uri=f"sqlite:///{warehouse}/catalog.db", warehouse=f"file://{warehouse}")
    catalog.create_namespace("sales")
    catalog.create_table("sales.opportunity", rows.schema).append(rows)
    print(json.dumps({
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu,
        "rows": rows.num_rows,
        "rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }))


if __name__ == "__main__":
    main()
