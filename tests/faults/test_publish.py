"""`firn lake publish`: rows under a contract, to a governed table and to Data Cloud. What could go wrong: a
broken contract is published, rows of different moments are mixed, a kill leaves half of the rows or doubles
them, a job is rejected, a token ends in mid-upload, a quota, a half upload."""

import json
import re
import sys

import pytest

from support.data_cloud import DataCloud, write_project
from support.firn import fault_points, firn
from support.lake_desk import SOURCE, Desk, expected_row

CONTRACT = """\
name: deal_summary
version: {version}
key: [Id]
columns:
  - name: Id
    type: string
    required: true
  - name: Name
    type: string
  - name: Amount
    type: decimal(18, 2)
  - name: When__c
    type: timestamptz
"""
QUERY = 'SELECT Id, Name, Amount, When__c FROM sales.Deal WHERE Count__c IS NOT NULL'
COLUMNS = "Id,Name,Amount,When__c"


def points(prefix):
    names = [name for name in fault_points() if name.startswith(prefix)]
    assert names
    return names


class Publishing:
    """A warehouse with 300 deals, a contract, and a Data Cloud to publish to."""

    def __init__(self, folder, cloud=None):
        self.folder = folder
        self.desk = Desk(folder)
        self.desk.load(range(300))
        self.contract = folder / "contract.yaml"
        self.contract.write_text(CONTRACT.format(version=1))
        if cloud is not None:
            write_project(folder, cloud)
        self.duckdb = folder / "duckdb"
        self.duckdb.write_text(f"#!/bin/sh\nexec {sys.executable} "
                               f"{SOURCE}/tests/support/duckdb_program.py \"$@\"\n")
        self.duckdb.chmod(0o755)

    def publish(self, *words, target="marketing.Deals", **environment):
        return firn("lake", "publish", target, "--contract", self.contract, *words, "--json",
                    "--warehouse", self.desk.warehouse, cwd=self.folder, **environment)

    def query(self, query=QUERY, **more):
        return self.publish("--query", query, "--duckdb", self.duckdb, **more)

    def copy(self, *words, **more):
        return self.publish("--from", "sales.Deal", "--columns", COLUMNS, *words, **more)

    def cloud(self, *words, **more):
        return self.copy(*words, target="data-cloud:lake/deal", APP_SECRET="shh", **more)

    def rows(self, table="marketing.Deals"):
        read = firn("lake", "rows", table, "--warehouse", self.desk.warehouse, "--json")
        assert read.code == 0, read
        rows = [json.loads(line)["row"] for line in read.out.splitlines()]
        by_id = {row["Id"]: row for row in rows}
        assert len(by_id) == len(rows)
        return by_id

    def summary(self, table="marketing.Deals"):
        return firn("lake", "show", table, "--warehouse", self.desk.warehouse, "--json").json()


@pytest.fixture
def desk(tmp_path):
    return Publishing(tmp_path)


@pytest.fixture
def cloud():
    with DataCloud() as served:
        yield served


def code_of(done):
    return done.json()["code"] if done.code else None


def why_of(done):
    return done.json().get("why", "")


def test_a_query_becomes_a_table_with_a_manifest_of_its_sources(desk):
    source = firn("lake", "show", "sales.Deal", "--warehouse", desk.desk.warehouse, "--json").json()
    done = desk.query()
    assert done.code == 0, done
    told = done.json()
    wanted = {row["Id"] for row in map(expected_row, range(300)) if row["Count__c"] is not None}
    assert set(desk.rows()) == wanted
    assert told["outcome"] == "published" and told["rows"] == len(wanted)
    summary = desk.summary()
    sources = json.loads(summary["firn.publish.sources"])
    assert [(item["table"], item["snapshot-id"]) for item in sources] == [("sales.Deal", source["snapshot"])]
    assert summary["firn.publish.contract"] == "deal_summary"
    assert summary["firn.publish.contract-version"] == "1"
    assert summary["firn.publish.rows"] == str(len(wanted))
    assert summary["firn.publish.checksum"] == told["checksum"]


def test_a_table_becomes_one_and_its_rows_are_as_published(desk):
    assert desk.copy().code == 0
    assert len(desk.rows()) == 300
    checked = firn("lake", "publish", "marketing.Deals", "--verify", "--json", "--warehouse",
                   desk.desk.warehouse)
    assert checked.code == 0 and checked.json()["outcome"] == "as published", checked


def test_rows_that_somebody_changed_are_not_as_published(desk):
    assert desk.copy().code == 0
    table = desk.desk.catalog().load_table("marketing.Deals")
    table.delete("Id == 'a01000000000007AAA'")
    checked = firn("lake", "publish", "marketing.Deals", "--verify", "--json", "--warehouse",
                   desk.desk.warehouse)
    assert checked.code == 1 and checked.json()["outcome"] == "different", checked


def test_nothing_is_published_twice_from_the_same_snapshots(desk):
    first = desk.query().json()
    again = desk.query().json()
    assert again["outcome"] == "unchanged" and again["snapshot"] == first["snapshot"]
    desk.desk.load(range(300, 320))
    after = desk.query().json()
    assert after["outcome"] == "published" and after["rows"] > first["rows"]
    assert len(desk.rows()) == after["rows"]


def test_an_older_snapshot_can_be_published(desk):
    old = desk.summary("sales.Deal")["snapshot"]
    desk.desk.load(range(300, 320))
    done = desk.copy("--snapshot", old)
    assert done.code == 0 and done.json()["rows"] == 300, done
    assert f"sales.Deal@{old}" in done.json()["sources"]


def test_a_dry_run_checks_everything_and_changes_nothing(desk):
    done = desk.copy("--dry-run")
    assert done.code == 0 and done.json()["outcome"] == "would publish", done
    assert done.json()["rows"] == 300 and "+ table marketing.Deals" in done.json()["changes"]
    listed = firn("lake", "list", "--warehouse", desk.desk.warehouse, "--json").json()["rows"]
    assert [row["table"] for row in listed] == ["sales.Deal"]


BREAKS = [
    ("SELECT Id, Name, Amount FROM sales.Deal", "LAKE-CONTRACT-001", "column `When__c` is missing"),
    ("SELECT *, 1 AS Extra FROM (SELECT Id, Name, Amount, When__c FROM sales.Deal)", "LAKE-CONTRACT-001",
     "column `Extra`"),
    ("SELECT Id, Name, Amount / 3 AS Amount, When__c FROM sales.Deal", "LAKE-CONTRACT-001", "`Amount`"),
    ("SELECT Id, Name, (Amount * 1.001)::DECIMAL(38, 5) AS Amount, When__c FROM sales.Deal",
     "LAKE-CONTRACT-002", "without loss"),
    ("SELECT nullif(Id, 'a01000000000007AAA') AS Id, Name, Amount, When__c FROM sales.Deal",
     "LAKE-CONTRACT-003", "`Id` is required and null"),
    ("SELECT 'one' AS Id, Name, Amount, When__c FROM sales.Deal", "LAKE-CONTRACT-004",
     "299 rows have a key"),
]


@pytest.mark.parametrize("query, code, why", BREAKS, ids=[str(n) for n in range(len(BREAKS))])
def test_a_break_of_the_contract_is_refused_as_a_whole(desk, query, code, why):
    assert desk.query().code == 0
    before = desk.rows()
    refused = desk.query(query)
    assert code_of(refused) == code and why in why_of(refused), refused
    assert "deal \"" not in refused.out + refused.err, "a refusal never shows a row"
    assert desk.rows() == before


def test_a_first_publication_that_breaks_leaves_no_table(desk):
    assert code_of(desk.query(BREAKS[4][0])) == "LAKE-CONTRACT-003"
    listed = firn("lake", "list", "--warehouse", desk.desk.warehouse, "--json").json()["rows"]
    assert [row["table"] for row in listed] == ["sales.Deal"]


def test_a_query_that_fails_is_said_and_publishes_nothing(desk):
    failed = desk.query("SELECT nothing_like_it FROM sales.Deal")
    assert code_of(failed) == "PUB-SOURCE-002" and "nothing_like_it" in failed.err, failed


def test_a_contract_grows_by_versions_and_takes_nothing_back(desk):
    assert desk.copy().code == 0
    text = CONTRACT.format(version=1)
    desk.contract.write_text(text + "  - name: Day__c\n    type: date\n")
    columns = ("--columns", COLUMNS + ",Day__c")
    same = desk.publish("--from", "sales.Deal", *columns)
    assert code_of(same) == "PUB-CONTRACT-003" and "version 1" in why_of(same), same
    desk.contract.write_text(CONTRACT.format(version=2) + "  - name: Day__c\n    type: date\n")
    grown = desk.publish("--from", "sales.Deal", *columns)
    assert grown.code == 0 and "+ column Day__c date" in grown.json()["changes"], grown
    desk.contract.write_text(CONTRACT.format(version=3))
    shrunk = desk.copy()
    assert code_of(shrunk) == "PUB-CONTRACT-002" and "`Day__c` would be gone" in why_of(shrunk), shrunk


def test_rows_of_others_in_the_table_are_not_thrown_away(desk):
    assert desk.copy().code == 0
    table = desk.desk.catalog().load_table("marketing.Deals")
    table.append(table.scan(limit=1).to_arrow())
    desk.desk.load(range(300, 310))
    refused = desk.copy()
    assert code_of(refused) == "LAKE-COMMIT-003", refused


@pytest.mark.parametrize("point", points("federation.publish."))
def test_killed_at_a_fault_point_the_table_has_the_old_rows_or_the_new_ones(desk, point):
    killed = desk.copy(FIRN_FAULT_POINT=point)
    assert killed.code == -9, killed
    done = desk.copy()
    assert done.code == 0, done
    assert len(desk.rows()) == 300
    history = firn("lake", "history", "marketing.Deals", "--warehouse", desk.desk.warehouse, "--json")
    assert len(history.json()["rows"]) == 1


def wanted_in_cloud():
    out = {}
    for row in map(expected_row, range(300)):
        when = row["When__c"]
        out[row["Id"]] = {
            "Id": row["Id"], "Name": row["Name"] or "",
            "Amount": "" if row["Amount"] is None else f"{row['Amount']:.2f}",
            "When__c": "" if when is None else when.strftime("%Y-%m-%dT%H:%M:%S.")
            + f"{when.microsecond // 1000:03d}Z"}
    return out


def test_rows_reach_data_cloud_by_the_rules_of_its_ingestion_api(tmp_path, cloud):
    desk = Publishing(tmp_path, cloud)
    done = desk.cloud("--part-bytes", "4000")
    assert done.code == 0, done
    assert cloud.rows == wanted_in_cloud()
    job = cloud.jobs["job-1"]
    assert job["object"] == "deal" and job["sourceName"] == "lake" and job["operation"] == "upsert"
    assert len(job["files"]) == done.json()["parts"] > 3
    assert all(len(file) <= 4000 and file.startswith(b"Id,Name,Amount,When__c\n") for file in job["files"])
    assert not list(tmp_path.glob(".firn/publish/*/part-*")), "parts hold rows and go at the end"
    again = desk.cloud("--part-bytes", "4000")
    assert again.json()["outcome"] == "unchanged" and len(cloud.jobs) == 1


def test_a_dry_run_tells_parts_and_asks_data_cloud_nothing(tmp_path, cloud):
    desk = Publishing(tmp_path, cloud)
    done = desk.cloud("--dry-run", "--part-bytes", "4000")
    assert done.code == 0 and done.json()["parts"] > 3, done
    assert cloud.seen == [] and not list(tmp_path.glob(".firn/publish/*/part-*"))


def test_keys_are_deleted_from_data_cloud(tmp_path, cloud):
    desk = Publishing(tmp_path, cloud)
    assert desk.cloud().code == 0
    done = desk.cloud("--delete", "--where", "Open__c = true")
    assert done.code == 0, done
    gone = {row["Id"] for row in map(expected_row, range(300)) if row["Open__c"]}
    assert set(cloud.rows) == set(wanted_in_cloud()) - gone
    (keys,) = cloud.jobs["job-2"]["files"]
    assert sorted(keys.decode().split()) == sorted(gone), "keys to delete have no header"


# Those of streaming are below.
BULK_POINTS = [point for point in points("federation.cloud.") if ".request_" not in point]


@pytest.mark.parametrize("one_open_job", [False, True])
@pytest.mark.parametrize("point", BULK_POINTS + ["federation.cloud.part_sent:3", "federation.cloud.part_recorded:2"])
def test_killed_at_a_fault_point_the_job_is_gone_on_with(tmp_path, cloud, point, one_open_job):
    cloud.one_open_job = one_open_job
    desk = Publishing(tmp_path, cloud)
    killed = desk.cloud("--part-bytes", "6000", FIRN_FAULT_POINT=point)
    assert killed.code == -9, killed
    desk.desk.load(range(300, 310))  # later rows do not get into what was begun
    done = desk.cloud("--part-bytes", "6000")
    assert done.code == 0, done
    if point == "federation.cloud.done":
        assert len(cloud.rows) == 310
        return
    assert done.json()["resumed"] is True
    assert cloud.rows == wanted_in_cloud()
    assert cloud.states() == ["JobComplete"], "one job, whatever stopped it"
    assert len(desk.cloud("--part-bytes", "6000").json()["jobs"].split()) == 1
    assert len(cloud.rows) == 310


def test_a_rejected_job_is_said_and_the_next_run_begins_anew(tmp_path, cloud):
    desk = Publishing(tmp_path, cloud)
    cloud.reject = "column Amount is no number"
    failed = desk.cloud()
    assert code_of(failed) == "SF-CLOUD-007" and "column Amount is no number" in why_of(failed), failed
    cloud.reject = None
    assert desk.cloud().code == 0
    assert cloud.states() == ["Failed", "JobComplete"] and len(cloud.rows) == 300


def test_a_token_that_ends_in_mid_upload_is_renewed(tmp_path, cloud):
    desk = Publishing(tmp_path, cloud)
    cloud.fault("PUT", "/batches", 401, after=2)
    done = desk.cloud("--part-bytes", "6000")
    assert done.code == 0, done
    assert cloud.tokens == 2 and cloud.rows == wanted_in_cloud()


def test_a_half_upload_is_sent_again(tmp_path, cloud):
    desk = Publishing(tmp_path, cloud)
    cloud.fault("PUT", "/batches", "cut", after=1)
    done = desk.cloud("--part-bytes", "6000")
    assert done.code == 0, done
    assert cloud.rows == wanted_in_cloud()


def test_an_upload_whose_answer_is_lost_makes_its_rows_once(tmp_path, cloud):
    desk = Publishing(tmp_path, cloud)
    cloud.fault("PUT", "/batches", "lost", after=1)
    done = desk.cloud("--part-bytes", "6000")
    assert done.code == 0, done
    assert len(cloud.jobs["job-1"]["files"]) == done.json()["parts"] + 1
    assert cloud.rows == wanted_in_cloud()


def test_a_used_up_quota_ends_the_run_and_the_next_one_goes_on(tmp_path, cloud):
    desk = Publishing(tmp_path, cloud)
    cloud.fault("PUT", "/batches", 429, times=20, after=2)
    limited = desk.cloud("--part-bytes", "6000")
    assert limited.code == 5, limited
    cloud.faults.clear()
    done = desk.cloud("--part-bytes", "6000")
    assert done.code == 0 and done.json()["resumed"] is True, done
    assert len(cloud.jobs) == 1 and cloud.rows == wanted_in_cloud()


def test_a_lost_answer_to_the_new_job_finds_that_job_again(tmp_path, cloud):
    desk = Publishing(tmp_path, cloud)
    cloud.one_open_job = True
    cloud.fault("POST", "/ingest/jobs", "lost")
    done = desk.cloud()
    if done.code:  # the connection was a new one: nobody has sent the request again
        assert code_of(done) == "SF-CLOUD-004", done
        done = desk.cloud()
    assert done.code == 0, done
    assert cloud.states() == ["JobComplete"] and cloud.rows == wanted_in_cloud()


def test_a_publication_can_be_given_up_and_begun_anew(tmp_path, cloud):
    desk = Publishing(tmp_path, cloud)
    assert desk.cloud(FIRN_FAULT_POINT="federation.cloud.part_recorded").code == -9
    desk.desk.load(range(300, 310))
    done = desk.cloud("--restart")
    assert done.code == 0 and done.json()["resumed"] is False, done
    assert cloud.states() == ["Aborted", "JobComplete"] and len(cloud.rows) == 310


def streamed(count=300):
    """What is in Data Cloud after streaming: values in their types."""
    out = {}
    for row in map(expected_row, range(count)):
        when = row["When__c"]
        out[row["Id"]] = {
            "Id": row["Id"], "Name": row["Name"], "Amount": None if row["Amount"] is None else float(row["Amount"]),
            "When__c": None if when is None else when.strftime("%Y-%m-%dT%H:%M:%S.")
            + f"{when.microsecond // 1000:03d}Z"}
    return out


STREAM = ("--ingest", "stream")
MANY = 4000  # rows: several requests of 200 KB


def test_rows_are_streamed_in_requests_of_less_than_200_kb(tmp_path, cloud):
    desk = Publishing(tmp_path, cloud)
    desk.desk.load(range(300, MANY))
    cloud.fields = set(COLUMNS.split(","))
    done = desk.cloud(*STREAM)
    assert done.code == 0 and done.json()["ingest"] == "stream", done
    assert cloud.rows == streamed(MANY)
    assert len(cloud.requests) >= 2 and not cloud.jobs
    assert sum(len(request["data"]) for request in cloud.requests) == MANY, "a record was sent twice"
    assert len(cloud.checked) == 1, "the first request is put to Data Cloud's own check"
    assert not list(tmp_path.glob(".firn/publish/*/part-*"))
    assert desk.cloud(*STREAM).json()["outcome"] == "unchanged"


@pytest.mark.parametrize("point", ["federation.cloud.parts_ready", "federation.cloud.request_sent",
                                   "federation.cloud.request_sent:2", "federation.cloud.request_recorded",
                                   "federation.cloud.request_recorded:2", "federation.cloud.done"])
def test_killed_while_it_streams_no_record_is_lost_or_doubled(tmp_path, cloud, point):
    desk = Publishing(tmp_path, cloud)
    desk.desk.load(range(300, MANY))
    assert desk.cloud(*STREAM, FIRN_FAULT_POINT=point).code == -9
    done = desk.cloud(*STREAM)
    assert done.code == 0, done
    assert cloud.rows == streamed(MANY)
    sent = sum(len(request["data"]) for request in cloud.requests)
    again = len(cloud.requests[0]["data"]) if "request_sent" in point else 0
    assert MANY <= sent <= MANY + again, "more than the one request of unknown fate was sent again"


def test_few_rows_are_streamed_and_many_go_in_bulk(tmp_path, cloud):
    desk = Publishing(tmp_path, cloud)
    done = desk.cloud("--ingest", "auto")
    assert done.code == 0 and done.json()["ingest"] == "stream" and not cloud.jobs, done
    wide = "SELECT Id, repeat('x', 60000) AS Name, Amount, When__c FROM sales.Deal"
    done = desk.query(wide, target="data-cloud:lake/deal", APP_SECRET="shh")
    assert done.code == 0 and done.json()["ingest"] == "bulk", done
    done = desk.publish("--query", wide + " WHERE true", "--duckdb", desk.duckdb, "--ingest", "auto",
                        target="data-cloud:lake/deal", APP_SECRET="shh")
    assert done.code == 0 and done.json()["ingest"] == "bulk" and len(cloud.jobs) == 2, done
    assert len(cloud.rows) == 300


def test_keys_are_deleted_by_streaming(tmp_path, cloud):
    desk = Publishing(tmp_path, cloud)
    assert desk.cloud(*STREAM).code == 0
    done = desk.cloud(*STREAM, "--delete", "--where", "Open__c = true")
    assert done.code == 0, done
    gone = {row["Id"] for row in map(expected_row, range(300)) if row["Open__c"]}
    assert set(cloud.rows) == set(streamed()) - gone


def test_records_that_do_not_fit_the_connector_are_told_before_any_is_sent(tmp_path, cloud):
    desk = Publishing(tmp_path, cloud)
    cloud.fields = {"Id", "Name"}
    refused = desk.cloud(*STREAM)
    assert code_of(refused) == "SF-CLOUD-002" and "mismatch with Schema" in why_of(refused), refused
    assert cloud.requests == [] and "deal \"" not in refused.out + refused.err
    cloud.fields = None
    done = desk.cloud(*STREAM)
    assert done.code == 0 and done.json()["resumed"] is False and cloud.rows == streamed(), done


def test_a_used_up_streaming_quota_ends_the_run_and_the_next_one_goes_on(tmp_path, cloud):
    desk = Publishing(tmp_path, cloud)
    desk.desk.load(range(300, MANY))
    cloud.fault("POST", "/sources/", 429, times=20, after=2)
    limited = desk.cloud(*STREAM)
    assert limited.code == 5, limited
    cloud.faults.clear()
    done = desk.cloud(*STREAM)
    assert done.code == 0 and done.json()["resumed"] is True, done
    assert cloud.rows == streamed(MANY)
    assert sum(len(request["data"]) for request in cloud.requests) == MANY


def test_a_token_that_ends_while_it_streams_is_renewed(tmp_path, cloud):
    desk = Publishing(tmp_path, cloud)
    desk.desk.load(range(300, MANY))
    cloud.fault("POST", "/sources/", 401, after=2)
    done = desk.cloud(*STREAM)
    assert done.code == 0 and cloud.tokens == 2 and cloud.rows == streamed(MANY), done


def test_a_streaming_request_whose_answer_is_lost_makes_its_rows_once(tmp_path, cloud):
    desk = Publishing(tmp_path, cloud)
    cloud.fault("POST", "/sources/lake/deal", "lost", after=1)
    done = desk.cloud(*STREAM)
    assert done.code == 0 and cloud.rows == streamed() and len(cloud.requests) == 2, done


def test_neither_token_nor_secret_nor_row_is_ever_printed(tmp_path, cloud):
    desk = Publishing(tmp_path, cloud)
    cloud.fault("PUT", "/batches", 400)
    failed = desk.cloud()
    assert failed.code != 0
    shown = failed.out + failed.err + (tmp_path / ".firn/publish").joinpath(
        next(p.name for p in (tmp_path / ".firn/publish").iterdir()), "ledger.json").read_text()
    assert not re.search(r"cloud-\d|shh|deal \"", shown), shown
