"""Bulk writing by simple-salesforce, an outside client, and jobs under kill -9.

What could go wrong in production: a row written twice because the server died between its commit
and its answer, a failed row that the client cannot find again, a version-1 client that cannot read us.
"""

import contextlib
import csv
import http.client
import io
import time
import urllib.request

import pytest
from simple_salesforce import Salesforce
from support.firn import Sandbox

DIES_SECONDS_MAX = 300


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("bulk")) as sandbox:
        yield sandbox


def client(sandbox):
    """simple-salesforce insists on https: its addresses are turned back to the plain door."""
    sf = Salesforce(instance_url="https://127.0.0.1", session_id=sandbox.token(), version="62.0")
    sf.session.trust_env = False
    send = sf.session.request
    sf.session.request = lambda method, url, **more: send(
        method, url.replace("https://127.0.0.1", sandbox.url), **more)
    return sf


@pytest.fixture
def sf(org):
    return client(org)


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def by_name(sf, name):
    return sf.query(f"SELECT Id, Site, Phone FROM Account WHERE Name = '{name}'")["records"]


def test_bulk2_inserts_rows_and_gives_failed_ones_back(sf):
    done = sf.bulk2.Account.insert(
        records=[{"Name": "Ins, \"A\"", "Site": "x\ny"}, {"Name": "", "Site": "z"}])
    assert [(job["numberRecordsTotal"], job["numberRecordsFailed"]) for job in done] == [(2, 1)]
    failed = rows_of(sf.bulk2.Account.get_failed_records(done[0]["job_id"]))
    assert failed[0]["sf__Error"].startswith("REQUIRED_FIELD_MISSING:")
    assert failed[0]["Site"] == "z"
    good = rows_of(sf.bulk2.Account.get_successful_records(done[0]["job_id"]))
    assert good[0]["sf__Created"] == "true"
    assert by_name(sf, 'Ins, "A"')[0]["Site"] == "x\ny"
    assert rows_of(sf.bulk2.Account.get_unprocessed_records(done[0]["job_id"])) == []


def test_bulk2_upserts_updates_and_deletes(sf):
    key = "ExternalKey__c"
    sf.bulk2.Account.upsert(records=[{key: "u1", "Name": "Up"}], external_id_field=key)
    done = sf.bulk2.Account.upsert(
        records=[{key: "u1", "Name": "Up 2"}, {key: "u2", "Name": "Up 3"}], external_id_field=key)
    created = {row[key]: row["sf__Created"]
               for row in rows_of(sf.bulk2.Account.get_successful_records(done[0]["job_id"]))}
    assert created == {"u1": "false", "u2": "true"}
    record = by_name(sf, "Up 2")[0]["Id"]
    sf.bulk2.Account.update(records=[{"Id": record, "Site": "here", "Phone": "1"}])
    sf.bulk2.Account.update(records=[{"Id": record, "Site": "", "Phone": "#N/A"}])
    assert (by_name(sf, "Up 2")[0]["Site"], by_name(sf, "Up 2")[0]["Phone"]) == ("here", None)
    sf.bulk2.Account.delete(records=[{"Id": record}])
    assert by_name(sf, "Up 2") == []
    gone = by_name(sf, "Up 3")[0]["Id"]
    sf.bulk2.Account.hard_delete(records=[{"Id": gone}])
    assert sf.query(f"SELECT COUNT() FROM Account WHERE Id = '{gone}'",
                    include_deleted=True)["totalSize"] == 0


def test_bulk2_splits_a_file_and_queries_it_back(sf, tmp_path):
    path = tmp_path / "contacts.csv"
    path.write_text("LastName\n" + "".join(f"Row {i}\n" for i in range(2500)))
    done = sf.bulk2.Contact.insert(csv_file=str(path), batch_size=1000, concurrency=2)
    assert sum(job["numberRecordsProcessed"] for job in done) == 2500
    pages = sf.bulk2.Contact.query("SELECT LastName FROM Contact", max_records=1000)
    names = [row["LastName"] for page in pages for row in rows_of(page)]
    assert len(names) == len(set(names)) == 2500


def test_bulk_v1_writes_and_queries_json(sf):
    done = sf.bulk.Lead.insert([{"LastName": "V1", "Company": "C"}, {"LastName": "V2"}],
                               batch_size=10000)
    assert [row["success"] for row in done] == [True, False]
    assert done[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    rows = sf.bulk.Lead.query("SELECT Id, LastName, CreatedDate FROM Lead")
    assert rows[0]["LastName"] == "V1"
    assert isinstance(rows[0]["CreatedDate"], int)
    assert sf.bulk.Lead.delete([{"Id": done[0]["id"]}])[0]["success"]


def send(sandbox, method, path, body, kind):
    request = urllib.request.Request(
        f"{sandbox.url}/services/data/v62.0/{path}", data=body.encode(), method=method,
        headers={"Authorization": f"Bearer {sandbox.token()}", "Content-Type": kind})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(request, timeout=300).read().decode()


@pytest.mark.parametrize("point", ["sandbox.ingest.before_commit:2", "sandbox.ingest.after_commit:2"])
def test_killed_ingest_job_goes_on_without_a_row_lost_or_doubled(tmp_path, point):
    with Sandbox(tmp_path / "org", environment={"FIRN_FAULT_POINT": point}) as sandbox:
        job = sandbox.rest("POST", "jobs/ingest", {"object": "Account", "operation": "insert"})["id"]
        send(sandbox, "PUT", f"jobs/ingest/{job}/batches",
             "Name\n" + "".join(f"n{i}\n" for i in range(7000)) + "\"broken\n", "text/csv")
        with contextlib.suppress(OSError, http.client.HTTPException):  # it may die before it answers
            sandbox.rest("PATCH", f"jobs/ingest/{job}", {"state": "UploadComplete"})
        assert sandbox.process.wait(DIES_SECONDS_MAX) != 0
    with Sandbox(tmp_path / "org") as sandbox:
        until = time.monotonic() + DIES_SECONDS_MAX
        while (info := sandbox.rest("GET", f"jobs/ingest/{job}"))["state"] != "JobComplete":
            assert time.monotonic() < until and info["state"] != "Failed", info
            time.sleep(0.05)
        assert (info["numberRecordsProcessed"], info["numberRecordsFailed"]) == (7001, 1)
        assert sandbox.rows_of("Account") == 7000
        text = send(sandbox, "GET", f"jobs/ingest/{job}/successfulResults", "", "text/csv")
        good = rows_of(text)
        assert sorted(row["Name"] for row in good) == sorted(f"n{i}" for i in range(7000))
        assert len({row["sf__Id"] for row in good}) == 7000
