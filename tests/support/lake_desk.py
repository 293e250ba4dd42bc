"""A warehouse with tables that firn loads from CSV pages, and what their rows should be.

FIRN_BIN names the program, FIRN_SOURCE_DIR the source tree; ctest sets both.
"""
import csv
import datetime as dt
import decimal
import json
import os
import pathlib
import subprocess

SOURCE = pathlib.Path(os.environ.get("FIRN_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
FIRN = os.environ.get("FIRN_BIN", str(SOURCE / "build/release/bin/firn"))
UTC = dt.timezone.utc

DESCRIBE = {
    "name": "Deal__c",
    "fields": [
        {"name": "Id", "type": "id", "length": 18, "nillable": False},
        {"name": "Name", "type": "string", "length": 255, "nillable": True},
        {"name": "Count__c", "type": "int", "digits": 9, "nillable": True},
        {"name": "Amount", "type": "currency", "precision": 18, "scale": 2, "nillable": True},
        {"name": "Big__c", "type": "double", "precision": 18, "scale": 0, "nillable": True},
        {"name": "When__c", "type": "datetime", "nillable": True},
        {"name": "Day__c", "type": "date", "nillable": True},
        {"name": "Open__c", "type": "boolean", "nillable": False},
        {"name": "Stage__c", "type": "picklist", "length": 255, "nillable": True},
    ],
}


def expected_row(n):
    """Row n as Python values; every seventh cell of a kind is null."""
    return {
        "Id": f"a01{n:012d}AAA",
        "Name": None if n % 7 == 0 else f'deal "{n}", line 1\nZeile 2: \u00fc\u4e16\U0001f9ca',
        "Count__c": None if n % 7 == 1 else n - 500,
        "Amount": None if n % 7 == 2 else decimal.Decimal(n * 7 - 999) / 100,
        "Big__c": None if n % 7 == 3 else decimal.Decimal(n) * 10**12,
        "When__c": None if n % 7 == 4 else
        dt.datetime(1969, 12, 31, 23, 59, 58, 999000, tzinfo=UTC) + dt.timedelta(hours=n * 31),
        "Day__c": None if n % 7 == 5 else dt.date(1969, 12, 1) + dt.timedelta(days=n),
        "Open__c": n % 2 == 0,
        "Stage__c": None if n % 7 == 6 else ("Prospecting", "Closed Won", "NA")[n % 3],
    }


def cell(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    return str(value)


def write_page(path, rows):
    with open(path, "w", newline="") as file:
        out = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        out.writerow([field["name"] for field in DESCRIBE["fields"]])
        for row in rows:
            out.writerow([cell(row[field["name"]]) for field in DESCRIBE["fields"]])


def firn(*arguments, environment=None, check=True):
    done = subprocess.run([FIRN, *map(str, arguments)], capture_output=True, text=True,
                          env={**os.environ, **(environment or {})}, timeout=300)
    if check and done.returncode != 0:
        raise AssertionError(f"firn {' '.join(map(str, arguments))}: exit {done.returncode}\n"
                             f"{done.stdout}{done.stderr}")
    return done


def firn_json(*arguments):
    return json.loads(firn(*arguments, "--json").stdout)


def firn_rows(warehouse, table, *arguments):
    lines = firn("lake", "rows", table, "--warehouse", warehouse, "--json", *arguments).stdout
    return [json.loads(line)["row"] for line in lines.splitlines()]


class Desk:
    """A folder with a warehouse and pages to load into it."""

    def __init__(self, folder):
        self.folder = folder
        self.warehouse = folder / "warehouse"
        self.describe = folder / "describe.json"
        self.describe.write_text(json.dumps(DESCRIBE))
        self.pages = 0

    def load(self, numbers, table="sales.Deal", mode="append", environment=None, check=True):
        self.pages += 1
        page = self.folder / f"page-{self.pages}.csv"
        write_page(page, [expected_row(n) for n in numbers])
        return firn("lake", "import", "--table", table, "--pages", page, "--describe",
                    self.describe, "--warehouse", self.warehouse, "--mode", mode,
                    environment=environment, check=check)

    def metadata(self, table="sales.Deal"):
        return firn_json("lake", "show", table, "--warehouse", self.warehouse)["metadata"]

    def history(self, table="sales.Deal"):
        return firn_json("lake", "history", table, "--warehouse", self.warehouse)["rows"]

    def catalog(self):
        from pyiceberg.catalog.sql import SqlCatalog
        return SqlCatalog("firn", uri=f"sqlite:///{self.warehouse}/catalog.db",
                          warehouse=f"file://{self.warehouse}")
