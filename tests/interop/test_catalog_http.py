"""The catalog server, call by call, as plain HTTP.

What could go wrong in production: an engine is told the wrong thing, and overwrites, repeats or
gives up what it should not.
"""
import concurrent.futures
import http.client
import json
import pathlib
import ssl
import subprocess
import urllib.parse
import urllib.request
import uuid

import pytest

from support.catalog import SCHEMA, Catalog, quoted, snapshot, table_path

AWKWARD = ["a.b", "x/y", "100%", "gr\u00fc\u00df \u4e16\u754c", "plus+and space", "semi;colon?#&="]


@pytest.fixture
def catalog(tmp_path):
    with Catalog(tmp_path) as running:
        yield running


def test_config_lists_the_calls_that_are_there(catalog):
    config = catalog.good("GET", "/config?warehouse=anything")
    assert config["defaults"] == {} and config["overrides"] == {}
    assert config["idempotency-key-lifetime"] == "PT30M"
    for call in ("GET /v1/{prefix}/namespaces", "POST /v1/{prefix}/transactions/commit",
                 "HEAD /v1/{prefix}/namespaces/{namespace}/views/{view}"):
        assert call in config["endpoints"]
    assert catalog.bad("GET", "/nothing") == (404, "NoSuchEndpointException")
    assert catalog.ask("PUT", "/namespaces").status == 405


def test_names_with_dots_slashes_unicode(catalog):
    for ns in AWKWARD:
        catalog.make_namespace(ns)
        catalog.make_namespace(ns, "below")
    listed = catalog.good("GET", "/namespaces")["namespaces"]
    assert sorted(listed) == sorted([ns] for ns in AWKWARD)
    for ns in AWKWARD:
        parent = catalog.good("GET", f"/namespaces?parent={quoted(ns)}")
        assert parent["namespaces"] == [[ns, "below"]]
        for name in AWKWARD:
            made = catalog.make_table([ns, "below"], name)
            assert pathlib.Path(made["metadata-location"].removeprefix("file://")).exists()
            assert catalog.table([ns, "below"], name)["metadata"] == made["metadata"]
        tables = catalog.good("GET", f"/namespaces/{quoted([ns, 'below'])}/tables")["identifiers"]
        assert sorted(t["name"] for t in tables) == sorted(AWKWARD)
        assert all(t["namespace"] == [ns, "below"] for t in tables)
    # `a.b` and `a` with `b` below are two namespaces.
    assert catalog.bad("GET", f"/namespaces/{quoted(['a', 'b'])}")[0] == 404


def test_namespaces_are_kept_with_their_properties(catalog):
    catalog.good("POST", "/namespaces", {"namespace": ["n"], "properties": {"a": "1", "b": "2"}})
    assert catalog.bad("POST", "/namespaces", {"namespace": ["n"]}) == (
        409, "AlreadyExistsException")
    changed = catalog.good("POST", "/namespaces/n/properties",
                           {"updates": {"a": "3"}, "removals": ["b", "c"]})
    assert changed == {"updated": ["a"], "removed": ["b"], "missing": ["c"]}
    assert catalog.good("GET", "/namespaces/n")["properties"] == {"a": "3"}
    assert catalog.bad("POST", "/namespaces/n/properties",
                       {"updates": {"a": "3"}, "removals": ["a"]})[0] == 422
    assert catalog.good("GET", "/namespaces?parent=n") == {"namespaces": []}
    assert catalog.bad("GET", "/namespaces?parent=no") == (404, "NoSuchNamespaceException")
    catalog.make_table("n", "t")
    assert catalog.bad("DELETE", "/namespaces/n") == (409, "NamespaceNotEmptyException")
    catalog.good("DELETE", table_path("n", "t"))
    catalog.good("DELETE", "/namespaces/n")
    assert catalog.ask("HEAD", "/namespaces/n").status == 404


def test_two_thousand_namespaces(catalog):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: catalog.make_namespace(f"n{n:04d}"), range(2000)))
    seen, token = [], ""
    while True:
        page = catalog.good("GET", f"/namespaces?pageSize=300&pageToken={token}")
        seen += page["namespaces"]
        token = page.get("next-page-token")
        if not token:
            break
        assert len(page["namespaces"]) == 300
    assert seen == [[f"n{n:04d}"] for n in range(2000)]
    assert len(catalog.good("GET", "/namespaces")["namespaces"]) == 2000
    assert catalog.bad("GET", "/namespaces?pageSize=0")[0] == 400
    assert catalog.bad("GET", "/namespaces?pageSize=10&pageToken=%21")[0] == 400


def test_pages_go_on_when_the_last_name_is_gone(catalog):
    catalog.make_namespace("n")
    for name in "abcd":
        catalog.make_table("n", name)
    page = catalog.good("GET", "/namespaces/n/tables?pageSize=2")
    assert [t["name"] for t in page["identifiers"]] == ["a", "b"]
    catalog.good("DELETE", table_path("n", "b"))
    rest = catalog.good("GET", f"/namespaces/n/tables?pageSize=2&pageToken={page['next-page-token']}")
    assert [t["name"] for t in rest["identifiers"]] == ["c", "d"]


def test_load_is_conditional_and_may_leave_old_snapshots_out(catalog):
    catalog.make_namespace("n")
    catalog.make_table("n", "t")
    parent = None
    for number in range(1, 4):
        catalog.good("POST", table_path("n", "t"),
                     {"requirements": [], "updates": snapshot(number, parent)})
        parent = 1000 + number
    first = catalog.ask("GET", table_path("n", "t"))
    tag = first.headers["ETag"]
    for header in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = catalog.ask("GET", table_path("n", "t"), headers={"If-None-Match": header})
        assert (answer.status, answer.headers["ETag"]) == (304, tag), header
    assert catalog.ask("GET", table_path("n", "t"), headers={"If-None-Match": '"other"'}).status == 200
    refs = catalog.ask("GET", table_path("n", "t") + "?snapshots=refs", headers={"If-None-Match": tag})
    assert refs.status == 200 and refs.headers["ETag"] != tag
    assert [s["snapshot-id"] for s in refs.json["metadata"]["snapshots"]] == [1003]
    assert len(first.json["metadata"]["snapshots"]) == 3
    assert catalog.bad("GET", table_path("n", "t") + "?snapshots=some")[0] == 400
    assert catalog.set_property("n", "t", "a", "1").status == 200
    assert catalog.ask("GET", table_path("n", "t"), headers={"If-None-Match": tag}).status == 200


def test_requirements_hold_or_the_commit_fails(catalog):
    catalog.make_namespace("n")
    table = catalog.make_table("n", "t")
    uuid_holds = {"type": "assert-table-uuid", "uuid": table["metadata"]["table-uuid"]}
    assert catalog.set_property("n", "t", "a", "1", requirements=[uuid_holds]).status == 200
    refused = catalog.set_property("n", "t", "a", "2",
                                   requirements=[{"type": "assert-table-uuid", "uuid": "other"}])
    assert (refused.status, refused.json["error"]["type"]) == (409, "CommitFailedException")
    assert catalog.table("n", "t")["metadata"]["properties"]["a"] == "1"
    missing = catalog.set_property("n", "no", "a", "1")
    assert (missing.status, missing.json["error"]["type"]) == (404, "NoSuchTableException")


def test_transaction_is_all_or_nothing(catalog):
    catalog.make_namespace("n")
    for name in ("one", "two"):
        catalog.make_table("n", name)

    def change(name, value, requirements=()):
        return {"identifier": {"namespace": ["n"], "name": name},
                "requirements": list(requirements),
                "updates": [{"action": "set-properties", "updates": {"k": value}}]}

    catalog.good("POST", "/transactions/commit",
                 {"table-changes": [change("one", "1"), change("two", "1")]})
    wrong = [{"type": "assert-current-schema-id", "current-schema-id": 9}]
    assert catalog.bad("POST", "/transactions/commit", {"table-changes": [
        change("one", "2"), change("two", "2", wrong)]}) == (409, "CommitFailedException")
    for name in ("one", "two"):
        assert catalog.table("n", name)["metadata"]["properties"]["k"] == "1"
    assert catalog.bad("POST", "/transactions/commit", {"table-changes": [
        change("one", "2"), change("one", "3")]})[0] == 400


def test_no_commit_is_lost_with_eight_writers_on_one_table(catalog):
    catalog.make_namespace("n")
    catalog.make_table("n", "t")

    def write(writer):
        made = 0
        for _ in range(2000):
            if made == 10:
                break
            metadata = catalog.table("n", "t")["metadata"]
            parent = metadata.get("current-snapshot-id", -1)
            parent = None if parent == -1 else parent
            number = metadata["last-sequence-number"] + 1
            requirement = {"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": parent}
            answer = catalog.ask("POST", table_path("n", "t"), {
                "requirements": [requirement],
                "updates": snapshot(number, parent, ident=writer * 1000 + made + 1)})
            assert answer.status in (200, 409), answer
            made += answer.status == 200
        return made

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(1, 9))) == 80
    snapshots = catalog.table("n", "t")["metadata"]["snapshots"]
    assert {s["snapshot-id"] for s in snapshots} == {
        writer * 1000 + made for writer in range(1, 9) for made in range(1, 11)}
    files = list((catalog.warehouse / "n/t/metadata").glob("*.metadata.json"))
    assert len(files) == 81, "a commit that lost left its file, or one that won has none"


def test_client_that_retries_with_an_idempotency_key_changes_once(catalog):
    catalog.make_namespace("n")
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"name": "t", "schema": SCHEMA}
    first = catalog.ask("POST", "/namespaces/n/tables", body, key)
    again = catalog.ask("POST", "/namespaces/n/tables", body, key)
    assert first.status == again.status == 200
    assert first.json["metadata"]["table-uuid"] == again.json["metadata"]["table-uuid"]
    assert catalog.bad("POST", "/namespaces/n/tables", {**body, "name": "u"}, key)[0] == 400
    # Without a key, the second try meets what the first one made.
    assert catalog.bad("POST", "/namespaces/n/tables", body) == (409, "AlreadyExistsException")
    assert catalog.bad("DELETE", table_path("n", "t"),
                       headers={"Idempotency-Key": "no uuid"})[0] == 400


def test_path_traversal_in_table_locations(catalog, tmp_path):
    catalog.make_namespace("n")
    outside = "/var/lib/firn-test"
    for location in ("file:///etc/t", f"{catalog.warehouse}/../out", "file:///../etc/t",
                     f"file://{catalog.warehouse}/n/%2e%2e/t", "s3://bucket/t", outside):
        status, kind = catalog.bad("POST", "/namespaces/n/tables",
                                   {"name": "t", "schema": SCHEMA, "location": location})
        assert (status, kind) == (403, "ForbiddenException"), location
    catalog.make_table("n", "t")
    for update in ({"action": "set-location", "location": outside},
                   {"action": "set-properties", "updates": {"write.metadata.path": outside}}):
        assert catalog.bad("POST", table_path("n", "t"),
                           {"requirements": [], "updates": [update]})[0] == 403
    assert catalog.bad("POST", "/namespaces/n/register",
                       {"name": "r", "metadata-location": "file:///etc/passwd"})[0] == 403
    assert not (tmp_path / "out").exists()


def test_metadata_bombs(catalog):
    import gzip
    catalog.make_namespace("n")
    deep = "[" * 100_000
    assert catalog.ask("POST", "/namespaces", deep).status == 400
    assert catalog.ask("POST", "/namespaces", '{"namespace": ' + "[" * 5000 + "]" * 5000 + "}"
                       ).status == 400
    nested = {"type": "long"}
    field_type = "long"
    for number in range(2, 90):
        field_type = {"type": "list", "element-id": number, "element": field_type,
                      "element-required": False}
    schema = {"type": "struct", "fields": [
        {"id": 1, "name": "a", "required": False, "type": field_type}]}
    assert catalog.bad("POST", "/namespaces/n/tables", {"name": "t", "schema": schema})[0] == 400
    bomb = catalog.warehouse / "bomb.gz.metadata.json"
    bomb.write_bytes(gzip.compress(b" " * (300 << 20), 1))
    status, _ = catalog.bad("POST", "/namespaces/n/register",
                            {"name": "b", "metadata-location": str(bomb)})
    assert status in (400, 500)
    assert catalog.good("GET", "/config"), nested


def test_bad_requests_are_refused_in_the_vendors_form(catalog):
    catalog.make_namespace("n")
    catalog.make_table("n", "t")
    for path, body in (("/namespaces", "{"), ("/namespaces", "[]"), ("/namespaces", "{}"),
                       ("/namespaces", {"namespace": "n"}), ("/namespaces", {"namespace": []}),
                       ("/namespaces/n/tables", {"name": "u"}),
                       ("/namespaces/n/tables", {"name": "", "schema": SCHEMA}),
                       (table_path("n", "t"), {"updates": []}),
                       (table_path("n", "t"), {"requirements": [{"type": "?"}], "updates": []}),
                       (table_path("n", "t"), {"requirements": [], "updates": [{"action": "?"}]}),
                       ("/transactions/commit", {}), ("/tables/rename", {})):
        assert catalog.bad("POST", path, body)[0] == 400, (path, body)


FIELD = {"id": 3, "name": "new", "required": False, "type": "string"}


def with_field(**changes):
    changed = {key: value for key, value in {**FIELD, **changes}.items() if value is not None}
    return {"action": "add-schema", "schema": {**SCHEMA, "fields": SCHEMA["fields"] + [changed]}}


def statistics(**changes):
    whole = {"snapshot-id": 1, "statistics-path": "x", "file-size-in-bytes": 1, "file-footer-size-in-bytes": 1,
             "blob-metadata": [{"type": "t", "snapshot-id": 1, "sequence-number": 1, "fields": [1]}], **changes}
    return {"action": "set-statistics", "statistics": {k: v for k, v in whole.items() if v is not None}}


@pytest.mark.parametrize("update", [
    {"action": "add-schema", "schema": {**SCHEMA, "type": "x"}},
    {"action": "add-schema", "schema": {**SCHEMA, "type": False}},
    with_field(required=None), with_field(required="no"), with_field(doc=5), with_field(id=2**31), with_field(id=-1),
    with_field(type={"type": "list", "element-id": 4, "element": "int"}),
    with_field(type={"type": "map", "key-id": 4, "key": "int", "value-id": 5, "value": "int"}),
    statistics(**{"file-footer-size-in-bytes": None}), statistics(**{"file-footer-size-in-bytes": "1"}),
    statistics(**{"blob-metadata": None}), statistics(**{"blob-metadata": {}}), statistics(**{"blob-metadata": [{}]}),
    statistics(**{"blob-metadata": [1]}),
    {"action": "add-encryption-key", "encryption-key": {"key-id": "k", "encrypted-key-metadata": 1}},
    {"action": "remove-snapshots", "snapshot-ids": [0.5]}, {"action": "remove-schemas", "schema-ids": [0.5]},
], ids=str)
def test_what_other_engines_could_not_read_does_not_get_into_the_metadata(catalog, update):
    catalog.make_namespace("n")
    made = catalog.make_table("n", "t")
    assert catalog.bad("POST", table_path("n", "t"), {"requirements": [], "updates": [update]})[0] == 400
    assert catalog.table("n", "t") == made


def test_members_of_the_wrong_kind_are_refused_not_passed_over(catalog):
    catalog.make_namespace("n")
    for wrong in ({"partition-spec": 1}, {"write-order": []}, {"properties": "a"}, {"stage-create": "yes"}):
        assert catalog.bad("POST", "/namespaces/n/tables", {"name": "t", "schema": SCHEMA, **wrong})[0] == 400, wrong
    catalog.make_table("n", "t", **{"partition-spec": None, "write-order": None, "properties": None})
    for requirements in ([{}], [None], ["a"], [{"type": 1}]):
        assert catalog.bad("POST", table_path("n", "t"), {"requirements": requirements, "updates": []})[0] == 400
    version = {"version-id": 1, "timestamp-ms": 1, "schema-id": 0, "summary": {}, "default-namespace": ["n"],
               "representations": [{"type": "sql", "sql": "select 1", "dialect": "spark"}]}
    view = {"name": "v", "schema": SCHEMA, "properties": {}}
    for wrong in ({"summary": {"a": 1}}, {"summary": []}, {"default-catalog": 1}, {"default-namespace": [1]}):
        assert catalog.bad("POST", "/namespaces/n/views", {**view, "view-version": {**version, **wrong}})[0] == 400
    catalog.good("POST", "/namespaces/n/views", {**view, "view-version": version})
    for requirements in ([{"type": 1}], [{"type": "assert-view-uuid", "uuid": 1}], [1]):
        assert catalog.ask("POST", "/namespaces/n/views/v", {"requirements": requirements, "updates": []}
                           ).status in (400, 409)


def test_a_table_in_no_namespace_is_not_there(catalog):
    # Spark asks for it whenever a table has the name of a metadata table, such as `files` or `history`.
    for method, kind in (("GET", "NoSuchTableException"), ("DELETE", "NoSuchTableException")):
        assert catalog.bad(method, "/namespaces//tables/sales") == (404, kind)
    assert catalog.ask("HEAD", "/namespaces//tables/sales").status == 404
    assert catalog.bad("GET", "/namespaces//views/sales") == (404, "NoSuchViewException")


def test_drop_with_purge_takes_only_what_lies_in_the_table(catalog, tmp_path):
    catalog.make_namespace("n")
    made = catalog.make_table("n", "t")
    other = catalog.make_table("n", "other")
    catalog.good("POST", table_path("n", "t"), {"requirements": [], "updates": [
        {"action": "set-statistics", "statistics": {
            "snapshot-id": 1, "statistics-path": other["metadata-location"],
            "file-size-in-bytes": 1, "file-footer-size-in-bytes": 1, "blob-metadata": []}}]})
    catalog.good("DELETE", table_path("n", "t") + "?purgeRequested=true")
    assert not pathlib.Path(made["metadata-location"].removeprefix("file://")).exists()
    assert catalog.table("n", "other")["metadata"] == other["metadata"]


def test_purge_is_understood_as_every_client_writes_it(catalog):
    # PyIceberg writes `True`.
    catalog.make_namespace("n")
    for said, stays in (("True", False), ("TRUE", False), ("False", True), ("", True)):
        made = catalog.make_table("n", "t")
        catalog.good("DELETE", table_path("n", "t") + f"?purgeRequested={said}")
        assert pathlib.Path(made["metadata-location"].removeprefix("file://")).exists() is stays, said


def test_unregister_gives_the_table_up_and_leaves_its_files(catalog):
    catalog.make_namespace("n")
    catalog.make_table("n", "t")
    catalog.set_property("n", "t", "a", "1")
    loaded = catalog.table("n", "t")
    key = {"Idempotency-Key": str(uuid.uuid4())}
    path = table_path("n", "t") + "/unregister"
    last = catalog.good("POST", path, headers=key)
    assert last == {"metadata-location": loaded["metadata-location"], "metadata": loaded["metadata"]}
    assert catalog.good("POST", path, headers=key) == last
    assert catalog.bad("POST", path) == (404, "NoSuchTableException")
    assert catalog.bad("GET", table_path("n", "t")) == (404, "NoSuchTableException")
    assert catalog.set_property("n", "t", "a", "2").status == 404
    assert catalog.good("POST", "/namespaces/n/register", {
        "name": "back", "metadata-location": last["metadata-location"]})["metadata"] == last["metadata"]
    assert "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/unregister" in catalog.good(
        "GET", "/config")["endpoints"]


def test_register_takes_a_table_back_and_overwrites_only_when_told(catalog):
    catalog.make_namespace("n")
    made = catalog.make_table("n", "t")
    catalog.good("DELETE", table_path("n", "t"))
    body = {"name": "t", "metadata-location": made["metadata-location"]}
    assert catalog.good("POST", "/namespaces/n/register", body)["metadata"] == made["metadata"]
    assert catalog.bad("POST", "/namespaces/n/register", body) == (409, "AlreadyExistsException")
    catalog.set_property("n", "t", "a", "1")
    over = catalog.good("POST", "/namespaces/n/register", {**body, "overwrite": True})
    assert "a" not in over["metadata"]["properties"]
    assert catalog.bad("POST", "/namespaces/n/register", {
        "name": "u", "metadata-location": f"{catalog.warehouse}/none.metadata.json"})[0] == 404


def test_reports_are_taken_and_counted_and_others_refused(catalog):
    catalog.make_namespace("n")
    catalog.make_table("n", "t")
    path = table_path("n", "t") + "/metrics"
    assert catalog.ask("POST", path, {"report-type": "scan-report"}).status == 204
    assert catalog.bad("POST", path, {"report-type": "weather"})[0] == 400
    assert catalog.bad("POST", table_path("n", "no") + "/metrics", {"report-type": "scan-report"}) == (
        404, "NoSuchTableException")
    # Of a table that is being made, Java reports the first commit before the one that makes it.
    assert catalog.ask("POST", table_path("n", "no") + "/metrics", {"report-type": "commit-report"}).status == 204


def test_access_log_has_a_line_for_every_request_and_no_secret(tmp_path):
    with Catalog(tmp_path, "--access-log", tmp_path / "access.log") as catalog:
        catalog.make_namespace("n")
        catalog.ask("GET", "/namespaces/no", headers={"User-Agent": "tester/1",
                                                      "Authorization": "Bearer hush"})
    lines = [json.loads(line) for line in (tmp_path / "access.log").read_text().splitlines()]
    assert [(line["method"], line["status"]) for line in lines] == [("POST", 200), ("GET", 404)]
    assert lines[1]["client"] == "tester/1" and lines[1]["target"] == "/v1/namespaces/no"
    assert "hush" not in (tmp_path / "access.log").read_text()
    assert (tmp_path / "access.log").stat().st_mode & 0o777 == 0o600


def test_tls_is_served_with_the_given_certificate(tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key.pem",
                    "-out", tmp_path / "cert.pem"], check=True, capture_output=True)
    with Catalog(tmp_path, "--tls-cert", tmp_path / "cert.pem", "--tls-key",
                 tmp_path / "key.pem") as catalog:
        assert catalog.url.startswith("https://127.0.0.1:")
        trusted = ssl.create_default_context(cafile=tmp_path / "cert.pem")
        with urllib.request.urlopen(catalog.url + "/v1/config", context=trusted, timeout=300) as answer:
            assert "endpoints" in json.load(answer)
        with pytest.raises((OSError, http.client.HTTPException)):
            catalog.ask("GET", "/config")


def test_calls_of_data_clouds_file_federation(tmp_path):
    # Salesforce Data 360, "Set Up an Apache Iceberg File Federation Connection": these calls only.
    (tmp_path / "principals.yaml").write_text(
        "principals:\n  data_cloud:\n    secret: ${env:CLOUD_SECRET}\n"
        "    grants: [{on: salesforce, may: read}]\n"
        "  admin: {secret: \"${env:ADMIN_SECRET}\", grants: [{on: \"*\", may: manage}]}\n")
    with Catalog(tmp_path, "--principals", tmp_path / "principals.yaml",
                 environment={"CLOUD_SECRET": "cloud", "ADMIN_SECRET": "admin"}) as catalog:
        catalog.sign_in("admin", "admin")
        for ns in ("salesforce", "hr"):
            catalog.make_namespace(ns)
            catalog.make_table(ns, "Account")
        first = catalog.sign_in("data_cloud", "cloud")
        exchanged = catalog.ask("POST", "/oauth/tokens", urllib.parse.urlencode({
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": first,
            "subject_token_type": "urn:ietf:params:oauth:token-type:access_token"}),
            {"Content-Type": "application/x-www-form-urlencoded"})
        assert exchanged.status == 200 and exchanged.json["access_token"] != ""
        catalog.token = exchanged.json["access_token"]
        assert catalog.good("GET", "/config")["endpoints"]
        assert catalog.good("GET", "/namespaces")["namespaces"] == [["salesforce"]]
        assert catalog.good("GET", "/namespaces?parent=salesforce")["namespaces"] == []
        assert catalog.good("GET", "/namespaces/salesforce")["namespace"] == ["salesforce"]
        tables = catalog.good("GET", "/namespaces/salesforce/tables")["identifiers"]
        assert tables == [{"namespace": ["salesforce"], "name": "Account"}]
        table = catalog.table("salesforce", "Account")
        assert table["metadata-location"].endswith(".metadata.json") and table["metadata"]["schemas"]
