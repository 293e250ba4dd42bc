"""`firn lake sql`: what is said when DuckDB is not there, is too old, or refuses the statement.

What could go wrong in production: the first thing that a user tries ends with a message about a missing table.
"""
import sys

import pytest

from support.firn import firn
from support.lake_desk import SOURCE, firn as lake_firn


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sql")
    (folder / "Thing.json").write_text('{"name":"Thing","fields":[{"name":"Id","type":"id"}]}')
    (folder / "page.csv").write_text("Id\na01000000000001AAA\na01000000000002AAA\n")
    lake_firn("lake", "import", "--table", "sales.Thing", "--pages", folder / "page.csv", "--describe",
              folder / "Thing.json", "--warehouse", folder / "lake")
    return folder / "lake"


def program(folder, text):
    path = folder / "duckdb"
    path.write_text(text)
    path.chmod(0o755)
    return path


def sql(warehouse, duckdb, query="SELECT count(*) FROM sales.Thing"):
    return firn("lake", "sql", "--query", query, "--duckdb", duckdb, "--warehouse", warehouse)


def old_one(folder, exit_code):
    return program(folder, f"""#!/bin/sh
if [ "$1" = --version ]; then echo 'v1.1.3 19864453f7'; exit 0; fi
echo 'Catalog Error: extension "avro" not found' >&2; exit {exit_code}
""")


def test_without_duckdb_the_way_to_it_is_told(warehouse, tmp_path):
    done = sql(warehouse, tmp_path / "nothing here")
    assert done.code != 0 and "CLI-SQL-001" in done.err and "--script" in done.err, done
    script = firn("lake", "sql", "--script", "--warehouse", warehouse)
    assert script.code == 0 and 'VIEW "sales"."Thing"' in script.out, script


def test_a_duckdb_that_is_too_old_is_named_when_it_fails(warehouse, tmp_path):
    done = sql(warehouse, old_one(tmp_path, 1))
    assert done.code == 1 and "DuckDB v1.1.3" in done.err and "1.5" in done.err, done


def test_an_old_duckdb_that_can_do_it_is_left_in_peace(warehouse, tmp_path):
    done = sql(warehouse, old_one(tmp_path, 0))
    assert done.code == 0 and "1.5" not in done.err, done


def test_a_new_duckdb_answers_and_its_own_errors_stay_its_own(warehouse, tmp_path):
    duckdb = program(tmp_path, f"""#!/bin/sh
if [ "$1" = --version ]; then echo 'v1.5.5 abcdef'; exit 0; fi
exec {sys.executable} {SOURCE}/tests/support/duckdb_program.py "$@"
""")
    done = sql(warehouse, duckdb)
    assert done.code == 0 and "(2,)" in done.out, done
    wrong = sql(warehouse, duckdb, "SELECT nonsense FROM sales.Thing")
    assert wrong.code == 1 and "nonsense" in wrong.err and "this is DuckDB" not in wrong.err, wrong
