"""`firn lake publish` to the Data Cloud of the sandbox, which was written apart from it: rows arrive, once, also
after a kill, and go again by their keys."""

import json
import urllib.request

from support.firn import Project, Sandbox
from support.lake_desk import Desk, expected_row

CONTRACT = """\
name: deals
key: [Id]
columns:
  - {name: Id, type: string, required: true}
  - {name: Name, type: string}
  - {name: Amount, type: "decimal(18, 2)"}
"""
CONNECTOR = """\
openapi: 3.0.3
components:
  schemas:
    deal:
      x-primary-key: Id
      properties:
        Id: {type: string}
        Name: {type: string}
        Amount: {type: number}
"""


def asked(org, path, body=None, method="GET"):
    request = urllib.request.Request(f"{org.url}/sandbox/data_cloud/{path}", data=body, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


def rows(org):
    found = asked(org, "rows?source=lake&object=deal&limit=1000")["rows"]
    by_id = {row["Id"]: row for row in found}
    assert len(by_id) == len(found)
    return by_id


def test_rows_arrive_once_after_a_kill_and_go_by_their_keys(tmp_path):
    with Sandbox(tmp_path / "org") as org:
        asked(org, "sources/lake", CONNECTOR.encode(), "PUT")
        project = Project(tmp_path / "project", org)
        desk = Desk(tmp_path)
        desk.warehouse = project.folder / "lake"
        desk.load(range(300))
        (tmp_path / "contract.yaml").write_text(CONTRACT)
        words = ("lake", "publish", "data-cloud:lake/deal", "--contract", tmp_path / "contract.yaml", "--from",
                 "sales.Deal", "--columns", "Id,Name,Amount", "--part-bytes", "6000", "--json")
        assert project.firn(*words, FIRN_FAULT_POINT="federation.cloud.part_sent:2").code == -9
        done = project.firn(*words)
        assert done.code == 0 and done.json()["resumed"] is True, done
        wanted = {row["Id"]: row for row in map(expected_row, range(300))}
        there = rows(org)
        assert set(there) == set(wanted)
        for key, row in there.items():
            assert row["Name"] == wanted[key]["Name"]
            amount = wanted[key]["Amount"]
            assert row["Amount"] == (None if amount is None else float(amount))
        assert asked(org, "problems?source=lake&object=deal")["problems"] == []
        gone = project.firn(*words, "--delete", "--where", "Open__c = true")
        assert gone.code == 0, gone
        assert set(rows(org)) == {key for key, row in wanted.items() if not row["Open__c"]}


def test_rows_are_streamed_once_after_a_kill_and_go_by_their_keys(tmp_path):
    with Sandbox(tmp_path / "org") as org:
        asked(org, "sources/lake", CONNECTOR.encode(), "PUT")
        project = Project(tmp_path / "project", org)
        desk = Desk(tmp_path)
        desk.warehouse = project.folder / "lake"
        desk.load(range(4000))
        (tmp_path / "contract.yaml").write_text(CONTRACT)
        words = ("lake", "publish", "data-cloud:lake/deal", "--contract", tmp_path / "contract.yaml", "--from",
                 "sales.Deal", "--columns", "Id,Name,Amount", "--ingest", "stream", "--json")
        assert project.firn(*words, FIRN_FAULT_POINT="federation.cloud.request_sent:2").code == -9
        done = project.firn(*words)
        assert done.code == 0 and done.json()["resumed"] is True and done.json()["ingest"] == "stream", done
        wanted = {row["Id"]: row for row in map(expected_row, range(4000))}
        counted = asked(org, "sources")
        assert "4000" in json.dumps(counted), counted
        there = rows(org)
        assert set(there) <= set(wanted) and len(there) == 1000
        for key, row in there.items():
            assert row["Name"] == wanted[key]["Name"]
            amount = wanted[key]["Amount"]
            assert row["Amount"] == (None if amount is None else float(amount))
        assert asked(org, "problems?source=lake&object=deal")["problems"] == []
        gone = project.firn(*words, "--delete")
        assert gone.code == 0, gone
        assert rows(org) == {}


def test_rows_that_do_not_fit_the_connector_are_told_and_not_sent(tmp_path):
    with Sandbox(tmp_path / "org") as org:
        asked(org, "sources/lake", CONNECTOR.replace("Name: {type: string}", "Title: {type: string}").encode(), "PUT")
        project = Project(tmp_path / "project", org)
        desk = Desk(tmp_path)
        desk.warehouse = project.folder / "lake"
        desk.load(range(10))
        (tmp_path / "contract.yaml").write_text(CONTRACT)
        refused = project.firn("lake", "publish", "data-cloud:lake/deal", "--contract", tmp_path / "contract.yaml",
                               "--from", "sales.Deal", "--columns", "Id,Name,Amount", "--ingest", "stream", "--json")
        assert refused.code != 0 and refused.json()["code"] == "SF-CLOUD-002", refused
        assert rows(org) == {}
