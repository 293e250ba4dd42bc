"""PyIceberg's upsert of a CSV file into the table, timed after its imports and reading the file.

    python3 peer.py WAREHOUSE CHANGES
"""
import csv
import json
import resource
import sys
import time
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.catalog.sql import SqlCatalog

warehouse, changes = sys.argv[1:]
catalog = SqlCatalog("firn", uri=f"sqlite:///{warehouse}/catalog.db", warehouse=f"file://{warehouse}")
table = catalog.load_table("sales.opportunity")
schema = table.schema().as_arrow()
with open(changes, newline="", encoding="utf-8") as file:
    rows = list(csv.DictReader(file))


def column(field):
    texts = pa.array([row[field.name] or None for row in rows], pa.string())
    if pa.types.is_decimal(field.type):
        return pa.array([None if text is None else Decimal(text).quantize(Decimal(1).scaleb(-field.type.scale))
                         for text in texts.to_pylist()], field.type)
    if pa.types.is_timestamp(field.type):
        return pc.cast(pc.strptime(texts, "%Y-%m-%dT%H:%M:%S.000Z", "us"), field.type)
    return pc.cast(texts, field.type)


frame = pa.Table.from_arrays([column(field) for field in schema], schema=schema)
before = resource.getrusage(resource.RUSAGE_SELF)
start = time.perf_counter()
result = table.upsert(frame, join_cols=["Id"])
seconds = time.perf_counter() - start
after = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"seconds": seconds,
                  "cpu_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
                  "rows": result.rows_updated}))
