"""The catalog server killed at each of its fault points, and principals that want what they may not.

What could go wrong in production: a commit is lost or made twice because the server died around it.
"""
import http.client
import json
import uuid

import pytest

from support.catalog import SCHEMA, Catalog, snapshot, table_path

POINTS = ["catalog.commit.after_metadata", "catalog.commit.before_catalog",
          "catalog.commit.after_catalog"]


def ask_and_die(catalog, *arguments, **more):
    with pytest.raises((http.client.HTTPException, OSError)):
        catalog.ask(*arguments, **more)
    catalog.process.wait(120)


@pytest.mark.parametrize("point", POINTS)
def test_lost_answer_then_retry_with_the_key_commits_once(tmp_path, point):
    with Catalog(tmp_path) as catalog:
        catalog.make_namespace("n")
        catalog.make_table("n", "t")
        catalog.stop()
        catalog.start(FIRN_FAULT_POINT=point)
        key = {"Idempotency-Key": str(uuid.uuid4())}
        body = {"requirements": [{"type": "assert-ref-snapshot-id", "ref": "main",
                                  "snapshot-id": None}], "updates": snapshot(1)}
        ask_and_die(catalog, "POST", table_path("n", "t"), body, headers=key)
        catalog.start()
        again = catalog.ask("POST", table_path("n", "t"), body, headers=key)
        assert again.status == 200, again
        metadata = again.json["metadata"]
        assert [s["snapshot-id"] for s in metadata["snapshots"]] == [1001]
        assert metadata == catalog.table("n", "t")["metadata"]
        other = {**body, "updates": snapshot(2, 1001)}
        assert catalog.bad("POST", table_path("n", "t"), other, headers=key)[0] == 400


@pytest.mark.parametrize("point", POINTS)
def test_lost_answer_then_retry_without_a_key_never_commits_twice(tmp_path, point):
    with Catalog(tmp_path) as catalog:
        catalog.make_namespace("n")
        catalog.make_table("n", "t")
        catalog.stop()
        catalog.start(FIRN_FAULT_POINT=point)
        body = {"requirements": [{"type": "assert-ref-snapshot-id", "ref": "main",
                                  "snapshot-id": None}], "updates": snapshot(1)}
        ask_and_die(catalog, "POST", table_path("n", "t"), body)
        catalog.start()
        again = catalog.ask("POST", table_path("n", "t"), body)
        assert again.status == (409 if point.endswith("after_catalog") else 200), again
        snapshots = catalog.table("n", "t")["metadata"]["snapshots"]
        assert [s["snapshot-id"] for s in snapshots] == [1001]


@pytest.mark.parametrize("point", POINTS)
def test_transaction_of_a_killed_server_is_there_whole_or_not_at_all(tmp_path, point):
    with Catalog(tmp_path) as catalog:
        catalog.make_namespace("n")
        for name in ("one", "two"):
            catalog.make_table("n", name)
        catalog.stop()
        catalog.start(FIRN_FAULT_POINT=point)
        changes = [{"identifier": {"namespace": ["n"], "name": name}, "requirements": [],
                    "updates": snapshot(1)} for name in ("one", "two")]
        key = {"Idempotency-Key": str(uuid.uuid4())}
        ask_and_die(catalog, "POST", "/transactions/commit", {"table-changes": changes}, headers=key)
        catalog.start()
        counts = {len(catalog.table("n", name)["metadata"].get("snapshots", []))
                  for name in ("one", "two")}
        assert counts == ({1} if point.endswith("after_catalog") else {0})
        assert catalog.ask("POST", "/transactions/commit", {"table-changes": changes},
                           headers=key).status == 204
        for name in ("one", "two"):
            assert len(catalog.table("n", name)["metadata"]["snapshots"]) == 1


def test_view_of_a_killed_server_is_made_by_the_retry(tmp_path):
    view = {"name": "v", "schema": SCHEMA, "properties": {},
            "view-version": {"version-id": 1, "timestamp-ms": 1, "schema-id": 0, "summary": {},
                             "default-namespace": ["n"], "representations": [
                                 {"type": "sql", "sql": "select 1", "dialect": "spark"}]}}
    with Catalog(tmp_path) as catalog:
        catalog.make_namespace("n")
        catalog.stop()
        catalog.start(FIRN_FAULT_POINT="catalog.view.before_catalog")
        ask_and_die(catalog, "POST", "/namespaces/n/views", view)
        catalog.start()
        assert catalog.ask("HEAD", "/namespaces/n/views/v").status == 404
        assert catalog.good("POST", "/namespaces/n/views", view)["metadata"]["current-version-id"] == 1


def test_a_repeated_unregister_answers_what_the_first_did_also_past_a_restart(tmp_path):
    with Catalog(tmp_path) as catalog:
        catalog.make_namespace("n")
        catalog.make_table("n", "t")
        catalog.set_property("n", "t", "a", "1")
        key = {"Idempotency-Key": str(uuid.uuid4())}
        path = table_path("n", "t") + "/unregister"
        last = catalog.good("POST", path, headers=key)
        assert last["metadata"]["properties"]["a"] == "1"
        catalog.make_table("n", "t")  # the name is another table's by now
        for _ in range(2):
            catalog.process.kill()
            catalog.process.wait(120)
            catalog.start()
            assert catalog.good("POST", path, headers=key) == last
        assert catalog.ask("HEAD", table_path("n", "t")).status == 204
        assert catalog.bad("POST", table_path("n", "u") + "/unregister", headers=key)[0] == 400


PRINCIPALS = """\
principals:
  admin: {secret: "${env:ADMIN_SECRET}", grants: [{on: "*", may: manage}]}
  reader: {secret: "${env:READER_SECRET}", grants: [{on: sales.Deal, may: read}]}
  writer: {secret: "${env:WRITER_SECRET}", grants: [{on: sales, may: write}]}
  owner: {secret: "${env:OWNER_SECRET}", grants: [{on: hr, may: manage}]}
"""


@pytest.fixture
def guarded(tmp_path):
    (tmp_path / "principals.yaml").write_text(PRINCIPALS)
    secrets = {f"{name}_SECRET": f"{name}-secret" for name in ("ADMIN", "READER", "WRITER", "OWNER")}
    with Catalog(tmp_path, "--principals", tmp_path / "principals.yaml",
                 environment=secrets) as catalog:
        catalog.sign_in("admin", "ADMIN-secret")
        catalog.make_namespace("sales")
        catalog.make_namespace("hr")
        for name in ("Deal", "Other"):
            catalog.make_table("sales", name)
        catalog.make_table("hr", "Pay")
        yield catalog


def test_principal_reading_what_it_may_not_is_refused(guarded):
    guarded.sign_in("reader", "READER-secret")
    assert guarded.table("sales", "Deal")
    assert guarded.bad("GET", table_path("sales", "Other")) == (403, "ForbiddenException")
    assert guarded.ask("HEAD", table_path("hr", "Pay")).status == 403
    assert guarded.good("GET", "/namespaces")["namespaces"] == [["sales"]]
    assert [t["name"] for t in guarded.good("GET", "/namespaces/sales/tables")["identifiers"]] == [
        "Deal"]
    assert guarded.bad("GET", "/namespaces/hr/tables")[0] == 403
    assert guarded.set_property("sales", "Deal", "a", "1").status == 403
    assert guarded.bad("DELETE", table_path("sales", "Deal"))[0] == 403
    assert guarded.bad("POST", "/transactions/commit", {"table-changes": [
        {"identifier": {"namespace": ["sales"], "name": "Deal"}, "requirements": [],
         "updates": []}]})[0] == 403


def test_writer_commits_but_does_not_make_rename_or_drop(guarded):
    guarded.sign_in("writer", "WRITER-secret")
    assert guarded.set_property("sales", "Other", "a", "1").status == 200
    assert guarded.bad("POST", "/namespaces/sales/tables", {"name": "New", "schema": SCHEMA})[0] == 403
    assert guarded.bad("POST", table_path("sales", "New"), {
        "requirements": [{"type": "assert-create"}], "updates": []})[0] == 403
    rename = {"source": {"namespace": ["sales"], "name": "Deal"},
              "destination": {"namespace": ["sales"], "name": "New"}}
    assert guarded.bad("POST", "/tables/rename", rename)[0] == 403
    assert guarded.bad("POST", "/namespaces/sales/properties", {"updates": {"a": "1"}})[0] == 403


def test_owner_of_a_namespace_reaches_no_other_by_locations(guarded):
    pay = guarded.table("hr", "Pay")
    deal = guarded.table("sales", "Deal")
    guarded.sign_in("owner", "OWNER-secret")
    assert guarded.make_table("hr", "New")
    deal_location = deal["metadata"]["location"]
    assert guarded.bad("POST", "/namespaces/hr/tables", {
        "name": "Sly", "schema": SCHEMA, "location": deal_location})[0] == 403
    assert guarded.bad("POST", table_path("hr", "Pay"), {"requirements": [], "updates": [
        {"action": "set-location", "location": deal_location}]})[0] == 403
    assert guarded.bad("POST", "/namespaces/hr/register", {
        "name": "Sly", "metadata-location": deal["metadata-location"]})[0] == 403
    assert guarded.table("hr", "Pay")["metadata"] == pay["metadata"]


def test_requests_without_a_good_token_are_refused(guarded):
    assert guarded.ask("GET", "/config").status == 200
    for token in (None, "", "firn1.e30.AAAA", "x.y.z"):
        guarded.token = token
        answer = guarded.ask("GET", "/namespaces")
        assert answer.status == 401 and answer.headers["WWW-Authenticate"] == "Bearer", answer
        assert answer.json["error"]["type"] == "NotAuthorizedException"
    form = "grant_type=client_credentials&client_id=admin&client_secret=wrong"
    answer = guarded.ask("POST", "/oauth/tokens", form)
    assert answer.status == 401 and json.loads(answer.text)["error"] == "invalid_client"
    assert "secret" not in guarded.output()


def test_open_server_for_other_machines_needs_a_word(tmp_path):
    from support.firn import firn
    refused = firn("lake", "serve", "--warehouse", tmp_path / "lake", "--address", "0.0.0.0",
                   "--port", "0")
    assert refused.code == 2 and "--principals" in refused.err


def test_a_snapshot_that_names_the_manifests_of_another_table_is_planned_for_nobody_without_a_right_to_it(guarded):
    import pyarrow as pa
    from pyiceberg.catalog import load_catalog
    admin = load_catalog("admin", type="rest", uri=guarded.url, credential="admin:ADMIN-secret")
    rows = pa.table({"id": pa.array([4711], pa.int64())})
    admin.create_table("hr.Secret", rows.schema).append(rows)
    own = admin.create_table("sales.Own", rows.schema)
    own.append(rows)
    secret = admin.load_table("hr.Secret").current_snapshot()
    plan = table_path("sales", "Own") + "/plan"
    guarded.sign_in("writer", "WRITER-secret")
    assert len(guarded.good("POST", plan, {})["file-scan-tasks"]) == 1
    stolen = {"snapshot-id": 77, "parent-snapshot-id": own.current_snapshot().snapshot_id, "sequence-number": 2,
              "timestamp-ms": secret.timestamp_ms + 1000, "manifest-list": secret.manifest_list,
              "summary": {"operation": "append"}, "schema-id": 0}
    guarded.good("POST", table_path("sales", "Own"), {"requirements": [], "updates": [
        {"action": "add-snapshot", "snapshot": stolen},
        {"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": 77}]})
    answer = guarded.ask("POST", plan, {})
    assert answer.status == 403 and answer.json["error"]["type"] == "ForbiddenException", answer
    assert "file-scan-tasks" not in answer.text.decode()
    answer = guarded.ask("POST", plan, {"start-snapshot-id": own.current_snapshot().snapshot_id, "end-snapshot-id": 77})
    assert answer.status == 403, answer
