"""`firn lake rows --where` against DuckDB, on random rows and random conditions.

What could go wrong in production: a file, a row group or a page is passed over that holds a row which fits,
and whoever asks believes that there is none.
"""
import csv
import datetime as dt
import json
import random

import duckdb
import pytest

from support.lake_desk import DESCRIBE, UTC, firn, write_page

ROWS = 60_000  # several pages in a column
SEED = 20261126
COLUMNS = {"Id": "VARCHAR", "Name": "VARCHAR", "Count__c": "INTEGER", "Amount": "DECIMAL(18,2)",
           "Big__c": "DECIMAL(18,0)", "When__c": "TIMESTAMPTZ", "Day__c": "DATE", "Open__c": "BOOLEAN",
           "Stage__c": "VARCHAR"}
NAMES = ["Acme", "Acme Ltd", "acme", "Ärger", "Zebra %", "a_b", "NA", "null", "日本", "It's", "", "\U0001f9ca ice"]
STAGES = ["Prospecting", "Closed Won", "Closed Lost"]


def random_row(rng, n):
    """Columns in and out of order, so that statistics spare some files and pages and not others."""
    def maybe(value):
        return None if rng.random() < 0.1 else value
    return {"Id": f"a01{n:012d}AAA", "Name": maybe(rng.choice(NAMES) + str(rng.choice(["", n % 50]))),
            "Count__c": maybe(n // 100 - 250), "Amount": maybe(dt_decimal(rng.randint(-50_000, 50_000))),
            "Big__c": maybe(n * 10**11), "When__c": maybe(
                dt.datetime(2025, 12, 30, tzinfo=UTC) + dt.timedelta(seconds=n * 61, milliseconds=rng.randint(0, 999))),
            "Day__c": maybe(dt.date(2025, 12, 30) + dt.timedelta(days=rng.randint(0, 60))),
            "Open__c": rng.random() < 0.3, "Stage__c": maybe(STAGES[n * 3 // ROWS])}


def dt_decimal(cents):
    return f"{cents // 100}.{cents % 100:02d}" if cents >= 0 else f"-{-cents // 100}.{-cents % 100:02d}"


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def literal(rng, column, rows):
    """Mostly a value that is there, in one of the forms that people write."""
    value = rng.choice(rows)[column]
    if column == "Count__c":
        return str(rng.choice([value, rng.randint(-400, 500)]) or 0)
    if column in ("Amount", "Big__c"):
        return str(value or rng.choice(["0", "-12.5" if column == "Amount" else "7", "+3"])).replace("+", "")
    if column == "Open__c":
        return rng.choice(["true", "FALSE"])
    if column == "Day__c":
        return quoted(str(value or "2026-01-31"))
    if column == "When__c":
        value = value or dt.datetime(2026, 1, 1, tzinfo=UTC)
        zone = dt.timezone(dt.timedelta(hours=rng.choice([-8, 0, 2, 5]), minutes=rng.choice([0, 30])))
        return quoted(rng.choice([str(value.date()), value.strftime("%Y-%m-%dT%H:%M:%SZ"),
                                  value.isoformat(sep=" ", timespec="milliseconds"),
                                  value.astimezone(zone).isoformat(timespec="seconds"),
                                  value.strftime("%Y-%m-%d %H:%M:%S")]))
    text = value or "Acme"
    return quoted(rng.choice([text, text[:len(text) // 2], text + "~"]))


def predicate(rng, rows):
    column = rng.choice(list(COLUMNS))
    text = COLUMNS[column] == "VARCHAR"
    kind = rng.choice(["compare"] * 4 + ["null", "in", "between"] + ["like"] * (2 if text else 0))
    turned = rng.choice(["", "", "NOT "])
    if kind == "null":
        return f"{column} IS {turned}NULL"
    if kind == "in":
        values = ", ".join(literal(rng, column, rows) for _ in range(rng.randint(1, 4)))
        return f"{column} {turned}IN ({values})"
    if kind == "between":
        return f"{column} {turned}BETWEEN {literal(rng, column, rows)} AND {literal(rng, column, rows)}"
    if kind == "like":
        value = rng.choice(rows)[column] or "Acme"
        pattern = rng.choice([value[:3] + "%", "%" + value[1:4] + "%", "_" + value[1:], value[:2] + "_%", "%"])
        return f"{column} {turned}LIKE {quoted(pattern)}"
    return f"{column} {rng.choice(['=', '!=', '<>', '<', '<=', '>', '>='])} {literal(rng, column, rows)}"


def condition(rng, rows, depth=2):
    if depth == 0 or rng.random() < 0.35:
        return predicate(rng, rows)
    inner = f" {rng.choice(['AND', 'AND', 'OR'])} ".join(condition(rng, rows, depth - 1)
                                                       for _ in range(rng.randint(2, 3)))
    return f"{rng.choice(['', 'NOT '])}({inner})"


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """The same rows in one table of three files and in one with partitions, and in DuckDB, read from the CSV."""
    folder = tmp_path_factory.mktemp("rows")
    rng = random.Random(SEED)
    rows = [random_row(rng, n) for n in range(ROWS)]
    describe = folder / "Deal.json"
    describe.write_text(json.dumps(DESCRIBE))
    pages = folder / "pages"
    pages.mkdir()
    for part in range(3):
        write_page(pages / f"{part}.csv", rows[part * ROWS // 3:(part + 1) * ROWS // 3])
    where = ("--describe", describe, "--warehouse", folder / "lake", "--pages", pages)
    firn("lake", "import", "--table", "sales.Flat", "--threads", "1", *where)
    firn("lake", "import", "--table", "sales.Split", "--partition",
         "month(When__c), truncate(2, Name), bucket(3, Stage__c)", *where)
    # Rows deleted and changed again, so that positions matter too.
    for table in ("sales.Flat", "sales.Split"):
        changed = folder / f"{table}.csv"
        write_page(changed, [{**row, "Name": row["Name"] and row["Name"] + "!"} for row in rows[::997]])
        firn("lake", "import", "--table", table, "--mode", "upsert", "--describe", describe, "--warehouse",
             folder / "lake", "--pages", changed)
    for row in rows[::997]:
        row["Name"] = row["Name"] and row["Name"] + "!"
    whole = folder / "whole.csv"
    write_page(whole, rows)
    duck = duckdb.connect()
    duck.execute("SET TimeZone = 'UTC'")
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
    duck.execute(f"CREATE TABLE deal AS SELECT * FROM read_csv('{whole}', header = true, nullstr = '', "
                 f"allow_quoted_nulls = true, columns = {{{columns}}})")
    assert duck.execute("SELECT count(*) FROM deal").fetchone() == (ROWS,)
    return folder, duck, rows


def ids(folder, table, where):
    done = firn("lake", "rows", table, "--warehouse", folder / "lake", "--columns", "Id", "--csv", "--where", where)
    found = [line[0] for line in csv.reader(done.stdout.splitlines())][1:]
    assert len(set(found)) == len(found), f"a row came twice: {where}"
    return sorted(found)


@pytest.mark.parametrize("turn", range(60))
def test_a_filter_finds_the_rows_that_duckdb_finds(tables, turn):
    folder, duck, rows = tables
    rng = random.Random(SEED + turn)
    where = condition(rng, rows)
    expected = sorted(row[0] for row in duck.execute(f"SELECT Id FROM deal WHERE {where}").fetchall())
    for table in ("sales.Flat", "sales.Split"):
        found = ids(folder, table, where)
        assert found == expected, (f"{table}, {where}: {len(found)} rows, DuckDB finds {len(expected)}; only here "
                                   f"{sorted(set(found) - set(expected))[:3]}, only there "
                                   f"{sorted(set(expected) - set(found))[:3]}")


@pytest.mark.parametrize("where, same", [
    ("When__c >= 2026-01-05T00:00:00Z AND When__c < 2026-01-05T00:10:00.000+0000",
     "When__c >= '2026-01-05 00:00:00Z' AND When__c < '2026-01-05 00:10:00Z'"),
    ("When__c = '2026-01-05'", "When__c = '2026-01-05 00:00:00Z'"),
    ("Day__c = 2026-01-31", "Day__c = '2026-01-31'"),
    ("Count__c = +7 or not Count__c in (7) and Count__c between 6 and 8", "Count__c IN (6, 7, 8)"),
    ("\"Name\" like 'Acme%' AND \"Open__c\"=true", "Name LIKE 'Acme%' AND Open__c = TRUE"),
])
def test_forms_that_people_write_mean_what_they_say(tables, where, same):
    folder, duck, _ = tables
    expected = sorted(row[0] for row in duck.execute(f"SELECT Id FROM deal WHERE {same}").fetchall())
    assert ids(folder, "sales.Split", where) == expected
