"""Scans that the catalog server plans, held against PyIceberg's own planning of the same scans.

What could go wrong in production: a file that holds wanted rows is left out, deletes are forgotten so that
deleted rows come back, or an increment gives rows twice.
"""

import json

import pyarrow as pa
import pyiceberg.expressions as ex
import pytest

from support.catalog import Catalog, table_path
from support.lake_desk import Desk, expected_row


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Deals in five files by Firn, some changed since (so that there are position deletes), and a table that is
    partitioned by day."""
    folder = tmp_path_factory.mktemp("planned")
    desk = Desk(folder)
    for first in range(0, 500, 100):
        desk.load(range(first, first + 100))
    desk.load(range(40, 45), mode="upsert")
    with Catalog(folder / "server", "--access-log", folder / "server/access.log", warehouse=desk.warehouse) as catalog:
        from pyiceberg.partitioning import PartitionField, PartitionSpec
        from pyiceberg.schema import Schema
        from pyiceberg.transforms import IdentityTransform
        from pyiceberg.types import LongType, NestedField, StringType
        client = client_of(catalog, "client")
        client.create_namespace("days")
        table = client.create_table("days.Sold", Schema(
            NestedField(1, "id", LongType(), required=False), NestedField(2, "day", StringType(), required=False)),
            partition_spec=PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "day")))
        for batch in range(3):
            table.append(pa.table({"id": pa.array(range(batch * 10, batch * 10 + 10), pa.int64()),
                                   "day": [["mon", "tue"][n % 2] if n < 8 else None for n in range(10)]}))
        yield catalog


def client_of(catalog, mode):
    from pyiceberg.catalog import load_catalog
    return load_catalog(f"firn-{mode}", **{"type": "rest", "uri": catalog.url, "scan-planning-mode": mode})


FILTERS = [
    ex.AlwaysTrue(),
    ex.EqualTo("Id", expected_row(42)["Id"]),
    ex.GreaterThanOrEqual("Id", expected_row(450)["Id"]),
    ex.And(ex.GreaterThan("Amount", "-5.00"), ex.LessThan("Id", expected_row(120)["Id"])),
    ex.Or(ex.EqualTo("Id", expected_row(3)["Id"]), ex.EqualTo("Id", expected_row(303)["Id"])),
    ex.Not(ex.EqualTo("Stage__c", "NA")),
    ex.IsNull("Name"),
    ex.In("Id", {expected_row(1)["Id"], expected_row(499)["Id"]}),
    ex.NotNull("Day__c"),
    ex.StartsWith("Stage__c", "Closed"),
    ex.EqualTo("Open__c", True),
]


@pytest.mark.parametrize("row_filter", FILTERS, ids=[str(n) for n in range(len(FILTERS))])
def test_pyiceberg_finds_the_same_rows_whoever_plans(served, row_filter):
    rows = {}
    for mode in ("client", "server"):
        table = client_of(served, mode).load_table("sales.Deal")
        found = table.scan(row_filter=row_filter, selected_fields=("Id", "Name", "Amount")).to_arrow()
        rows[mode] = sorted(map(json.dumps, ([str(value) for value in row.values()] for row in found.to_pylist())))
    assert rows["server"] == rows["client"]
    assert isinstance(row_filter, ex.IsNull) or rows["server"]


def plan(served, ns, name, **request):
    return served.good("POST", table_path(ns, name) + "/plan", {
        key.replace("_", "-"): value for key, value in request.items()})


def paths(planned):
    return {task["data-file"]["file-path"] for task in planned.get("file-scan-tasks", [])}


def test_files_without_wanted_rows_are_left_out_as_pyiceberg_does(served):
    wanted = expected_row(42)["Id"]
    planned = plan(served, "sales", "Deal", filter={"type": "eq", "term": "Id", "value": wanted})
    own = client_of(served, "client").load_table("sales.Deal").scan(row_filter=ex.EqualTo("Id", wanted)).plan_files()
    assert paths(planned) == {task.file.file_path for task in own}
    assert 0 < len(paths(planned)) < len(paths(plan(served, "sales", "Deal")))


def test_partitions_without_wanted_rows_are_left_out(served):
    planned = plan(served, "days", "Sold", filter={"type": "eq", "term": "day", "value": "mon"})
    assert {tuple(task["data-file"]["partition"]) for task in planned["file-scan-tasks"]} == {("mon",)}
    every = plan(served, "days", "Sold")
    assert {tuple(task["data-file"]["partition"]) for task in every["file-scan-tasks"]} == {
        ("mon",), ("tue",), (None,)}
    nulls = plan(served, "days", "Sold", filter={"type": "is-null", "term": "day"})
    assert {tuple(task["data-file"]["partition"]) for task in nulls["file-scan-tasks"]} == {(None,)}


def test_deletes_are_referred_to_by_their_place(served):
    planned = plan(served, "sales", "Deal")
    touched = [task for task in planned["file-scan-tasks"] if task.get("delete-file-references")]
    assert touched and planned["delete-files"]
    for task in touched:
        for place in task["delete-file-references"]:
            deletes = planned["delete-files"][place]
            assert deletes["content"] == "position-deletes"
            assert deletes["referenced-data-file"] == task["data-file"]["file-path"]


def test_the_answer_is_complete_and_carries_the_filter_and_wanted_statistics(served):
    wanted = {"type": "gt-eq", "term": "Id", "value": expected_row(450)["Id"]}
    planned = plan(served, "sales", "Deal", filter=wanted, stats_fields=["Id"])
    assert planned["status"] == "completed" and planned["plan-id"] and "plan-tasks" not in planned
    (task,) = planned["file-scan-tasks"]
    assert task["residual-filter"] == wanted
    data = task["data-file"]
    assert data["content"] == "data" and data["file-format"] == "parquet" and data["record-count"] > 0
    assert len(data["lower-bounds"]["keys"]) == len(data["lower-bounds"]["values"]) == 1
    assert "lower-bounds" not in plan(served, "sales", "Deal")["file-scan-tasks"][0]["data-file"]


def test_an_older_snapshot_and_an_increment_are_planned(served):
    history = [entry.snapshot_id for entry in client_of(served, "client").load_table("days.Sold").history()]
    first, second, third = history
    assert paths(plan(served, "days", "Sold", snapshot_id=first)) < paths(plan(served, "days", "Sold"))
    added = plan(served, "days", "Sold", start_snapshot_id=first, end_snapshot_id=third)
    assert paths(added) == paths(plan(served, "days", "Sold")) - paths(plan(served, "days", "Sold", snapshot_id=first))
    assert paths(plan(served, "days", "Sold", start_snapshot_id=third, end_snapshot_id=third)) == set()
    assert len(paths(plan(served, "days", "Sold", start_snapshot_id=second, end_snapshot_id=third))) == 3


BAD = [
    {"snapshot-id": 7},
    {"snapshot-id": "seven"},
    {"start-snapshot-id": 7},
    {"end-snapshot-id": 7},
    {"select": ["nothing"]},
    {"select": "Id"},
    {"stats-fields": ["nothing"]},
    {"filter": {"type": "eq", "term": "nothing", "value": 1}},
    {"filter": {"type": "eq", "term": "Id"}},
    {"filter": {"type": "like", "term": "Id", "value": "x"}},
    {"filter": {"type": "and", "left": True}},
    {"filter": "Id = 1"},
    {"case-sensitive": 1},
]


@pytest.mark.parametrize("request_body", BAD, ids=[str(n) for n in range(len(BAD))])
def test_what_cannot_be_planned_is_refused(served, request_body):
    assert served.bad("POST", table_path("sales", "Deal") + "/plan", request_body)[0] == 400


def test_a_deep_filter_is_refused(served):
    deep = {"type": "eq", "term": "Id", "value": "x"}
    for _ in range(200):
        deep = {"type": "not", "child": deep}
    assert served.bad("POST", table_path("sales", "Deal") + "/plan", {"filter": deep})[0] == 400


def test_names_match_without_case_when_asked(served):
    wanted = {"type": "eq", "term": "iD", "value": expected_row(42)["Id"]}
    assert served.bad("POST", table_path("sales", "Deal") + "/plan", {"filter": wanted})[0] == 400
    assert plan(served, "sales", "Deal", filter=wanted, case_sensitive=False)["file-scan-tasks"]


def test_the_calls_are_announced_and_plans_are_kept_until_they_are_cancelled(served):
    endpoints = served.good("GET", "/config")["endpoints"]
    base = "/v1/{prefix}/namespaces/{namespace}/tables/{table}"
    assert {f"POST {base}/plan", f"GET {base}/plan/{{plan-id}}", f"DELETE {base}/plan/{{plan-id}}",
            f"POST {base}/tasks"} <= set(endpoints)
    path = table_path("sales", "Deal")
    planned = plan(served, "sales", "Deal", filter={"type": "gt", "term": "Id", "value": expected_row(200)["Id"]})
    kept = f"{path}/plan/{planned['plan-id']}"
    again = served.good("GET", kept)
    assert again["status"] == "completed" and again["file-scan-tasks"] == planned["file-scan-tasks"]
    elsewhere = table_path("days", "Sold") + f"/plan/{planned['plan-id']}"
    assert served.bad("GET", elsewhere) == (404, "NoSuchPlanIdException")
    assert served.ask("DELETE", kept).status == 204
    for method in ("GET", "DELETE"):
        assert served.bad(method, kept) == (404, "NoSuchPlanIdException")
        assert served.bad(method, path + "/plan/some-id") == (404, "NoSuchPlanIdException")
    assert served.bad("POST", path + "/tasks", {"plan-task": "some-task"}) == (404, "NoSuchPlanTaskException")
    assert served.bad("POST", table_path("sales", "Nothing") + "/plan", {}) == (404, "NoSuchTableException")


def test_a_plan_stays_what_it_was_when_the_table_goes_on(served):
    table = client_of(served, "client").load_table("days.Sold")
    planned = plan(served, "days", "Sold")
    table.append(pa.table({"id": pa.array([99], pa.int64()), "day": ["wed"]}))
    assert paths(served.good("GET", table_path("days", "Sold") + f"/plan/{planned['plan-id']}")) == paths(planned)
    assert len(paths(plan(served, "days", "Sold"))) == len(paths(planned)) + 1


def test_filters_in_the_newer_form_of_the_specification_leave_out_the_same_files(served):
    wanted = expected_row(42)["Id"]
    old = plan(served, "sales", "Deal", filter={"type": "eq", "term": "Id", "value": wanted})
    new = plan(served, "sales", "Deal", filter={
        "type": "eq", "left": {"type": "reference", "name": "Id"}, "right": {"type": "literal", "value": wanted}})
    assert paths(new) == paths(old)


def test_spark_finds_the_same_rows_whoever_plans(served, spark_for):
    def settings(name, mode):
        catalog = f"spark.sql.catalog.{name}"
        return {catalog: "org.apache.iceberg.spark.SparkCatalog", f"{catalog}.type": "rest", f"{catalog}.uri": served.url,
                f"{catalog}.io-impl": "org.apache.iceberg.hadoop.HadoopFileIO", f"{catalog}.scan-planning-mode": mode}
    spark = spark_for(served.warehouse, {**settings("by_server", "server"), **settings("by_client", "client")})
    for where in ("true", f"Id = '{expected_row(42)['Id']}'", f"Id >= '{expected_row(450)['Id']}'", "Name IS NULL",
                  "Amount > 10 AND Stage__c LIKE 'Closed%'", "NOT Open__c OR Count__c IN (1, 2, 3)",
                  "Day__c < DATE '1970-01-01'", "When__c >= TIMESTAMP '1970-06-01 00:00:00'"):
        rows = [sorted(map(str, spark.sql(f"SELECT * FROM {name}.sales.Deal WHERE {where}").collect()))
                for name in ("by_client", "by_server")]
        assert rows[0] == rows[1] and rows[0], where
    assert spark.sql("SELECT count(*) AS n FROM by_server.days.Sold WHERE day = 'mon'").collect()[0].n == 12
    lines = [json.loads(line) for line in (served.folder / "access.log").read_text().splitlines()]
    planned = [line["status"] for line in lines if line["target"].endswith("/plan") and "Java" in line["client"]]
    assert len(planned) >= 9 and set(planned) == {200}


FILES = 12_001


@pytest.fixture(scope="module")
def many(served):
    """A table of 12,001 data files of one row each, of which only the manifest is there: planning reads no rows."""
    from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
    from pyiceberg.schema import Schema
    from pyiceberg.typedef import Record
    from pyiceberg.types import LongType, NestedField
    client = client_of(served, "client")
    table = client.create_table("days.Many", Schema(NestedField(1, "id", LongType(), required=False)))
    with table.transaction() as transaction, transaction.update_snapshot().fast_append() as append:
        for number in range(FILES):
            bound = number.to_bytes(8, "little")
            append.append_data_file(DataFile.from_args(
                content=DataFileContent.DATA, file_path=f"{table.location()}/data/{number:05d}.parquet",
                file_format=FileFormat.PARQUET, partition=Record(), record_count=1, file_size_in_bytes=1000,
                column_sizes={1: 8}, value_counts={1: 1}, null_value_counts={1: 0}, nan_value_counts={},
                lower_bounds={1: bound}, upper_bounds={1: bound}, key_metadata=None, split_offsets=None,
                equality_ids=None, sort_order_id=None, spec_id=0))
    return table


def test_plans_of_many_files_are_given_out_in_parts(served, many):
    planned = plan(served, "days", "Many")
    tasks = planned["plan-tasks"]
    assert len(planned["file-scan-tasks"]) == 5_000 and len(tasks) == 2
    parts = [planned] + [served.good("POST", table_path("days", "Many") + "/tasks", {"plan-task": task})
                         for task in tasks]
    assert [len(part["file-scan-tasks"]) for part in parts] == [5_000, 5_000, 2_001]
    assert all("status" not in part for part in parts[1:])
    every = [task["data-file"]["file-path"] for part in parts for task in part["file-scan-tasks"]]
    assert len(set(every)) == len(every) == FILES
    kept = served.good("GET", table_path("days", "Many") + f"/plan/{planned['plan-id']}")
    assert kept["plan-tasks"] == tasks and paths(kept) == paths(planned)


def test_pyiceberg_reads_the_parts_as_one_plan(served, many):
    found = client_of(served, "server").load_table("days.Many").scan(row_filter=ex.GreaterThanOrEqual("id", 7))
    assert {task.file.file_path for task in found.plan_files()} == {
        f"{many.location()}/data/{number:05d}.parquet" for number in range(7, FILES)}


def test_parts_of_a_plan_are_those_of_its_snapshot(served, many):
    planned = plan(served, "days", "Many")
    many.refresh()
    many.delete("id < 6000")
    task = {"plan-task": planned["plan-tasks"][-1]}
    last = served.good("POST", table_path("days", "Many") + "/tasks", task)
    assert len(last["file-scan-tasks"]) == 2_001
    # A task of a plan whose snapshot has expired leads nowhere.
    many.refresh()
    many.maintenance.expire_snapshots().by_id(many.history()[0].snapshot_id).commit()
    assert served.bad("POST", table_path("days", "Many") + "/tasks", task) == (404, "NoSuchPlanTaskException")
    gone = table_path("days", "Many") + f"/plan/{planned['plan-id']}"
    assert served.bad("GET", gone) == (404, "NoSuchPlanIdException")
