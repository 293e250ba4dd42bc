"""docs/guides/read-the-tables.md: its blocks run on a warehouse that an export made, and find the rows."""

import contextlib
import io
import pathlib
import re

from guides.blocks import blocks, run_line

GUIDE = "read-the-tables.md"


def warehouse(project):
    return str((project.folder / "lake").resolve())


def here(text, project):
    return text.replace("/path/to/warehouse", warehouse(project))


def test_the_shell_lines_work_and_name_the_metadata_file(exported):
    show, orphans = blocks(GUIDE, "sh")
    shown = run_line(show, exported.folder).stdout
    location = re.search(r"^metadata\tfile://(\S+)$", shown, re.M).group(1)
    assert pathlib.Path(location).exists()
    assert "no orphans" in run_line(orphans, exported.folder).stderr


def test_the_pyiceberg_block_prints_five_accounts(exported):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(here(blocks(GUIDE, "python")[0], exported), GUIDE, "exec"), {})  # noqa: S102
    assert set(re.findall(r"\b001\w{15}\b", printed.getvalue())) & set(
        exported.rows("salesforce.Account"))


def test_the_duckdb_block_counts_the_rows(exported, duck):
    location = exported.firn("lake", "show", "salesforce.Account", "--json").json()["metadata"]
    query = next(block for block in blocks(GUIDE, "sql") if "iceberg_scan" in block)
    rows, first = duck.execute(query.replace("METADATA", location)).fetchone()
    assert rows == len(exported.rows("salesforce.Account"))
    assert first is not None


def test_the_spark_configuration_and_query_count_the_rows(exported, spark_for):
    settings = dict(line.split() for line in
                    here(blocks(GUIDE, "conf")[0], exported).strip().splitlines())
    spark = spark_for(warehouse(exported), settings)
    query = next(block for block in blocks(GUIDE, "sql") if "iceberg_scan" not in block)
    counted = spark.sql(query.strip().rstrip(";")).collect()[0][0]
    assert counted == len(exported.rows("salesforce.Account"))
