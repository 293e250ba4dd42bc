"""Incremental exports: each way in which followers of an org lose rows (reference R1, R2, R3, R11, R13)
happens here on purpose, and afterwards the table equals the org row by row."""

import concurrent.futures
import datetime as dt
import urllib.request

import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from support.incremental import IncrementalProject, let_pass

HOUR = 3600
RECORDS = {"Account": 300, "Opportunity": 60}


@pytest.fixture
def project(org, tmp_path):
    org.clear()
    made = IncrementalProject(tmp_path / "project", org, ["Account", "Opportunity"])
    first = made.object_report("Account")
    assert first["incremental"]["read_whole_because"]
    let_pass(org, HOUR)
    yield made
    org.clear()


def ids_of(project, name="Account"):
    return sorted(project.rows(f"salesforce.{name}"))


def history(project, name="Account"):
    return project.firn("lake", "history", f"salesforce.{name}", "--json").json()["rows"]


def late_commit(org, seconds, name="Account"):
    with org.faults({"effect": "late_commit", "object": name, "seconds": seconds,
                     "path": "*/limits*", "times": 1}):
        org.rest("GET", "limits")


def test_what_changed_is_merged_and_nothing_else_is_read(org, project):
    ids = ids_of(project)
    org.rest("PATCH", f"sobjects/Account/{ids[0]}", {"Name": "changed"})
    org.rest("DELETE", f"sobjects/Account/{ids[1]}")
    made = org.create("Account", Name="new")
    let_pass(org, 120)
    report = project.object_report("Account")
    merged = report["incremental"]
    assert report["verdict"] == "exact", report
    # Accounts below the deleted one lost their parent, so they changed too.
    assert (merged["inserted"], merged["deleted"]) == (1, 1), merged
    assert merged["deletes_by_query"] == 1
    assert report["rows_received"] == 2 + merged["updated"] < 20
    rows = project.rows("salesforce.Account")
    assert rows[ids[0]]["Name"] == "changed" and made in rows and ids[1] not in rows
    project.assert_equal("Account")


def test_a_run_without_news_reads_no_row(org, project):
    project.object_report("Account")
    let_pass(org, HOUR)
    report = project.object_report("Account")
    assert report["rows_received"] == 0
    assert report["verdict"] == "exact"
    project.assert_equal("Account")


def test_r1_a_late_commit_below_the_cursor_is_read_in_the_overlap(org, project):
    project.object_report("Account")
    late_commit(org, 300)
    assert project.deep("Account")["unexplained"] == 1
    let_pass(org, 60)
    report = project.object_report("Account")
    assert report["incremental"]["updated"] >= 1, report
    project.assert_equal("Account")


def test_r1_a_late_commit_before_the_overlap_is_found_by_the_sweep(org, project):
    project.object_report("Account")
    let_pass(org, 10 * HOUR)
    project.object_report("Account")
    late_commit(org, 5 * HOUR)
    let_pass(org, 120)
    without = project.object_report("Account")
    assert without["incremental"]["late_rows"] == 0
    assert project.deep("Account")["unexplained"] == 1
    let_pass(org, 120)
    swept = project.object_report("Account", "--sweep")
    assert swept["incremental"]["late_rows"] == 1, swept
    project.assert_equal("Account")


def test_equal_stamps_at_the_edge_of_a_window_are_neither_lost_nor_doubled(org, project):
    records = [{"attributes": {"type": "Account"}, "Name": f"same second {n}"} for n in range(5)]
    made = [one["id"] for one in org.rest("POST", "composite/sobjects", {"allOrNone": True, "records": records})]
    stamps = {org.rest("GET", f"sobjects/Account/{made_id}")["SystemModstamp"] for made_id in made}
    assert len(stamps) == 1, stamps
    # The window ends in the very second of the stamps: [a, b) leaves them to the next one.
    let_pass(org, 60)
    project.object_report("Account")
    let_pass(org, 60)
    project.object_report("Account")
    rows = project.rows("salesforce.Account")
    assert all(made_id in rows for made_id in made)
    project.assert_equal("Account")


def test_r2_a_hard_delete_is_found_and_the_report_says_by_whom(org, tmp_path):
    org.seed("CampaignMember", 40)
    project = IncrementalProject(tmp_path / "members", org, ["CampaignMember"])
    project.object_report("CampaignMember")
    let_pass(org, HOUR)
    ids = ids_of(project, "CampaignMember")
    for gone in ids[:3]:
        org.rest("DELETE", f"sobjects/CampaignMember/{gone}")
    let_pass(org, 20 * 24 * HOUR)  # longer than getDeleted looks back
    report = project.object_report("CampaignMember", "--sweep")
    merged = report["incremental"]
    assert merged["deleted"] == 3, report
    assert merged["deletes_by_sweep"] + merged["deletes_by_list"] + merged["deletes_by_query"] >= 3
    assert any(source.startswith("sweep:") for source in merged["delete_sources"]), merged
    assert any("15 days" in warning for warning in report["warnings"]), report
    project.assert_equal("CampaignMember")


def test_r3_a_formula_that_changed_without_a_stamp_is_refreshed_alone(org, tmp_path):
    project = IncrementalProject(tmp_path / "formulas", org, ["Opportunity"],
                                 more={"Opportunity": ["refresh_fields: [StageName]"]})
    project.object_report("Opportunity")
    before = project.rows("salesforce.Opportunity")
    opportunity = next(row for row in before.values() if row["AccountId"])
    let_pass(org, HOUR)
    org.rest("PATCH", f"sobjects/Account/{opportunity['AccountId']}", {"Name": "renamed parent"})
    let_pass(org, HOUR)
    window = project.object_report("Opportunity")
    assert window["rows_received"] == 0, "the opportunity's stamp has not moved"
    stale = project.deep("Opportunity")
    assert stale["differs"] >= 1
    named = {field["field"] for row in stale["rows"] for field in row["fields"]}
    assert named == {"AccountName__c"}, stale
    assert any("AccountName__c" in note for note in stale["notes"]), stale
    let_pass(org, HOUR)
    refreshed = project.object_report("Opportunity", "--refresh")
    assert refreshed["incremental"]["columns_updated"] == stale["differs"], refreshed
    after = project.rows("salesforce.Opportunity")[opportunity["Id"]]
    assert after["AccountName__c"] == "renamed parent"
    changed = {key for key in after if after[key] != opportunity[key]}
    assert changed == {"AccountName__c"}, "no other column of the row was touched"
    shown = project.firn("lake", "show", "salesforce.Opportunity", "--json").out
    assert "firn.refreshed" in shown and "StageName" in shown
    project.assert_equal("Opportunity")


def test_r13_a_field_that_appears_gets_a_column_and_its_old_rows_are_filled(org, tmp_path):
    field = {"object": "Account", "field": "Phone"}
    org.ask("POST", "fields", {**field, "removed": True})
    try:
        project = IncrementalProject(tmp_path / "drift", org, ["Account"])
        project.object_report("Account")
        assert "Phone" not in next(iter(project.rows("salesforce.Account").values()))
    finally:
        org.ask("POST", "fields", {**field, "removed": False})
    let_pass(org, HOUR)
    report = project.object_report("Account")
    assert report["new_fields"] == ["Phone"], report
    assert report["incremental"]["columns_read"] == ["Phone"]
    assert any(row["Phone"] for row in project.rows("salesforce.Account").values())
    project.assert_equal("Account")


@pytest.mark.parametrize("change", ["hidden", "removed"])
def test_r13_a_field_that_vanishes_is_reported_keeps_its_values_and_comes_back(org, project,
                                                                               change):
    before = project.rows("salesforce.Account")
    ids = ids_of(project)
    field = {"object": "Account", "field": "Phone"}
    org.ask("POST", "fields", {**field, change: True})
    try:
        org.rest("PATCH", f"sobjects/Account/{ids[0]}", {"Name": "while it was away"})
        let_pass(org, 120)
        report = project.object_report("Account")
        assert report["vanished_fields"] == ["Phone"]
        assert any("Phone" in warning for warning in report["warnings"]), report
        rows = project.rows("salesforce.Account")
        assert rows[ids[0]]["Name"] == "while it was away"
        assert {row["Id"]: row["Phone"] for row in rows.values()} == \
               {row["Id"]: row["Phone"] for row in before.values()}
    finally:
        org.ask("POST", "fields", {**field, change: False})
    org.rest("PATCH", f"sobjects/Account/{ids[1]}", {"Phone": "+49 30 1234"})
    let_pass(org, 120)
    back = project.object_report("Account")
    assert back["vanished_fields"] == []
    assert "Phone" in back["incremental"]["columns_read"]
    project.assert_equal("Account")


def test_r11_with_the_job_allotment_used_up_the_window_comes_by_rest_with_the_same_rows(org,
                                                                                        project):
    org.seed("Account", 40)
    let_pass(org, 120)
    used = org.status()["limits"]["bulk_query_jobs"]
    org.ask("POST", "limits", {"bulk_query_jobs": {"used": used["max"]}})
    try:
        report = project.object_report("Account", "--sweep")
    finally:
        org.ask("POST", "limits", {"bulk_query_jobs": {"used": used["used"]}})
    assert report["method"] == "rest" and report["verdict"] == "exact"
    project.assert_equal("Account")


def test_a_large_window_is_read_in_several_and_each_is_in_its_own_snapshot(org, project):
    for hour in range(6):
        org.create("Account", Name=f"hour {hour}")
        let_pass(org, HOUR)
    snapshots = len(history(project))
    report = project.object_report("Account", "--window-rows", "2")
    merged = report["incremental"]
    assert merged["windows"] > 1 and merged["inserted"] == 6, merged
    assert len(history(project)) >= snapshots + merged["windows"]
    project.assert_equal("Account")


def test_soft_deleted_rows_stay_and_say_when(org, tmp_path):
    project = IncrementalProject(tmp_path / "soft", org, ["Account"],
                                 more={"Account": ["deletes: soft"]})
    project.object_report("Account")
    let_pass(org, HOUR)
    gone = ids_of(project)[3]
    org.rest("DELETE", f"sobjects/Account/{gone}")
    let_pass(org, 120)
    report = project.object_report("Account")
    assert report["incremental"]["deleted"] >= 1, report
    row = project.rows("salesforce.Account")[gone]
    assert row["__deleted"] is True and row["__deleted_at"]
    project.assert_equal("Account")


def test_an_object_whose_condition_changed_is_read_whole_again(org, project):
    where = ("Account", "--where", "Name != 'nobody'")
    report = project.follow(*where)["objects"][0]
    assert "condition" in report["incremental"]["read_whole_because"]
    let_pass(org, 120)
    again = project.follow(*where)["objects"][0]
    assert again["incremental"]["read_whole_because"] is None


def test_the_clock_of_the_org_going_back_makes_an_empty_window(org, project):
    project.object_report("Account")
    let_pass(org, -2 * HOUR)
    try:
        report = project.object_report("Account")
        assert report["rows_received"] == 0 and report["verdict"] == "exact"
    finally:
        let_pass(org, 2 * HOUR)
    project.assert_equal("Account")


def test_two_runs_at_once_end_with_the_right_table(org, project):
    ids = ids_of(project)
    org.rest("PATCH", f"sobjects/Account/{ids[0]}", {"Name": "twice"})
    let_pass(org, 120)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(project.export, "Account") for _ in range(2)]
        ends = [run.result() for run in runs]
    assert any(end.code == 0 for end in ends), ends
    for end in ends:
        assert end.code == 0 or "STATE-" in end.err, end
    project.assert_equal("Account")


def test_two_projects_over_one_lake_do_not_undo_each_other(org, project, tmp_path):
    other = IncrementalProject(tmp_path / "other", org, ["Account"])
    yaml = other.folder / "firn.yaml"
    yaml.write_text(yaml.read_text().replace("warehouse: lake",
                                             f"warehouse: {project.folder}/lake"))
    ids = ids_of(project)
    org.rest("PATCH", f"sobjects/Account/{ids[0]}", {"Name": "by two"})
    org.rest("DELETE", f"sobjects/Account/{ids[1]}")
    let_pass(org, 120)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        ends = [run.result() for run in [pool.submit(project.export, "Account"),
                                         pool.submit(other.export, "Account")]]
    assert any(end.code == 0 for end in ends), ends
    let_pass(org, 120)
    project.object_report("Account")
    project.assert_equal("Account")


def test_the_nightly_count_names_the_window_that_differs(org, project):
    project.object_report("Account")
    fine = project.firn("export", "check", "Account", "--json")
    assert fine.code == 0, fine
    assert fine.json()["objects"][0]["differences"] == 0
    let_pass(org, 30 * HOUR)
    project.object_report("Account")
    late_commit(org, 20 * HOUR)
    differs = project.firn("export", "check", "Account", "--json")
    assert differs.code == 1, differs
    windows = differs.json()["objects"][0]["windows"]
    assert any(window["rows_org"] != window["rows_lake"] for window in windows)
    let_pass(org, 120)
    project.object_report("Account", "--sweep")
    assert project.firn("export", "check", "Account").code == 0


def of_others(project, table="salesforce.Account"):
    warehouse = project.folder / "lake"
    return SqlCatalog("firn", uri=f"sqlite:///{warehouse}/catalog.db",
                      warehouse=f"file://{warehouse}").load_table(table)


def test_the_nightly_count_explains_what_was_deleted_since(org, project):
    made = [org.create("Account", Name=f"to go {n}") for n in range(3)]
    let_pass(org, 120)
    project.object_report("Account")
    let_pass(org, 60)
    for account in made:
        org.rest("DELETE", f"sobjects/Account/{account}")
    checked = project.firn("export", "check", "Account", "--json")
    assert checked.code == 0, checked
    assert checked.json()["objects"][0]["changed_since"] == 3, checked


def test_the_nightly_count_explains_no_two_missing_rows_by_one_change(org, project):
    project.object_report("Account")
    table = of_others(project)
    rows = table.scan(limit=2).to_arrow().to_pylist()
    before = project.firn("export", "check", "Account", "--json").json()["objects"][0]
    stamp = dt.datetime.fromisoformat(before["windows"][-1]["end"].replace("Z", "+00:00"))
    planted = [{**row, "Id": f"001000000000{n}Z0AAA"[:18], "SystemModstamp": stamp - dt.timedelta(hours=30 * (n + 1))}
               for n, row in enumerate(rows)]
    table.append(pa.Table.from_pylist(planted, schema=table.scan(limit=1).to_arrow().schema))
    org.create("Account", Name="the one change")
    checked = project.firn("export", "check", "Account", "--json")
    assert checked.code == 1, checked
    assert checked.json()["objects"][0]["differences"] == 1, checked


def test_an_object_that_gains_systemmodstamp_is_read_whole_once(org, tmp_path):
    """What moves that stamp alone, no window by LastModifiedDate has ever told."""
    field = {"object": "Account", "field": "SystemModstamp"}
    org.ask("POST", "fields", {**field, "hidden": True})
    try:
        project = IncrementalProject(tmp_path / "gains", org, ["Account"])
        project.object_report("Account")
        org.create("Account", Name="told by LastModifiedDate")
        let_pass(org, 120)
        window = project.object_report("Account")["incremental"]
        assert window["read_whole_because"] is None, window
    finally:
        org.ask("POST", "fields", {**field, "hidden": False})
    let_pass(org, 120)
    whole = project.object_report("Account")["incremental"]
    assert "LastModifiedDate" in whole["read_whole_because"], whole
    project.assert_equal("Account")
    org.create("Account", Name="told by SystemModstamp")
    let_pass(org, 120)
    assert project.object_report("Account")["incremental"]["read_whole_because"] is None
    project.assert_equal("Account")


def test_after_longer_than_getdeleted_looks_back_all_ids_are_compared_unasked(org, tmp_path):
    org.seed("CampaignMember", 20)
    project = IncrementalProject(tmp_path / "away", org, ["CampaignMember"])
    project.object_report("CampaignMember")
    for gone in ids_of(project, "CampaignMember")[:3]:
        org.rest("DELETE", f"sobjects/CampaignMember/{gone}")
    let_pass(org, 20 * 24 * HOUR)
    report = project.object_report("CampaignMember")
    assert any(source.startswith("sweep:") for source in report["incremental"]["delete_sources"]), report
    project.assert_equal("CampaignMember")
    let_pass(org, HOUR)
    again = project.object_report("CampaignMember")
    assert not any(source.startswith("sweep:") for source in again["incremental"]["delete_sources"]), again


def test_a_sweep_leaves_rows_of_others_without_an_id_alone_and_says_so(org, project):
    table = of_others(project)
    row = table.scan(limit=1).to_arrow().to_pylist()[0]
    table.append(pa.Table.from_pylist([{**row, "Id": "no Id"}], schema=table.scan(limit=1).to_arrow().schema))
    gone = sorted(key for key in project.rows("salesforce.Account") if key != "no Id")[-1]
    org.rest("DELETE", f"sobjects/Account/{gone}")
    let_pass(org, 120)
    report = project.object_report("Account", "--sweep")
    assert any("1 rows of the table have no 18-character Id" in warning for warning in report["warnings"]), report
    rows = project.rows("salesforce.Account")
    assert "no Id" in rows and gone not in rows


UNDELETE = """<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:u="urn:partner.soap.sforce.com"><soapenv:Header><u:SessionHeader><u:sessionId>{session}</u:sessionId>
</u:SessionHeader></soapenv:Header><soapenv:Body><u:undelete><u:ids>{record}</u:ids></u:undelete></soapenv:Body>
</soapenv:Envelope>"""


def undelete(org, record):
    """REST has no such call."""
    request = urllib.request.Request(f"{org.url}/services/Soap/u/62.0", headers={"Content-Type": "text/xml",
                                                                               "SOAPAction": '""'},
                                     data=UNDELETE.format(session=org.token(), record=record).encode())
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=120) as answer:
        assert b"<success>true</success>" in answer.read()


@pytest.mark.parametrize("mode", ["soft", "hard"])
def test_deletes_undeletes_and_purges_in_any_order_end_with_the_orgs_rows(org, tmp_path, mode):
    project = IncrementalProject(tmp_path / mode, org, ["Account"], more={"Account": [f"deletes: {mode}"]})
    project.object_report("Account")
    back, within, gone = (org.create("Account", Name=name) for name in ("back", "within", "gone"))

    def marks():
        """Of the three: None: no row, else whether it is marked as deleted."""
        let_pass(org, 120)
        project.object_report("Account")
        project.assert_equal("Account")
        rows = project.rows("salesforce.Account")
        return [rows[key].get("__deleted") or False if key in rows else None for key in (back, within, gone)]

    away = True if mode == "soft" else None
    assert marks() == [False, False, False]
    org.rest("DELETE", f"sobjects/Account/{back}")
    assert marks() == [away, False, False]
    undelete(org, back)
    assert marks() == [False, False, False]
    org.rest("DELETE", f"sobjects/Account/{within}")
    undelete(org, within)
    org.rest("DELETE", f"sobjects/Account/{gone}")
    assert marks() == [False, False, away]
    org.ask("DELETE", "recycle_bin")
    org.rest("DELETE", f"sobjects/Account/{back}")
    undelete(org, back)
    org.rest("DELETE", f"sobjects/Account/{back}")
    let_pass(org, 20 * 24 * HOUR)
    assert marks() == [away, False, away]
    project.object_report("Account", "--sweep")
    assert marks() == [away, False, away]
