"""`firn export verify --deep`: a lake that differs from its org is told by record and field; what
changed after the watermark is explained; nothing but the difference is named."""

import json

import pytest

from support.firn import Project, Sandbox


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("org")) as sandbox:
        sandbox.seed("Account", 300)
        yield sandbox


@pytest.fixture
def lake(org, tmp_path):
    org.clear()
    project = Project(tmp_path / "project", org)
    exported = project.export("Account", "--verify", "full")
    assert exported.code == 0, exported
    return project


def deep(project, *words):
    done = project.firn("export", "verify", "--deep", "--json", *words)
    assert done.code in (0, 1), done
    return done, done.json()["objects"][0]


def test_a_lake_that_agrees_with_its_org_is_the_same_row_by_row(org, lake):
    done, account = deep(lake)
    assert done.code == 0, done
    assert account["rows_org"] == account["rows_lake"] == account["same"]
    assert account["rows_org"] == org.rows_of("Account")
    assert account["rows"] == []


def test_what_changed_after_the_watermark_is_named_and_explained(org, lake):
    accounts = lake.rows("salesforce.Account")
    # Deleting a parent would change its children too.
    parents = {row["ParentId"] for row in accounts.values()}
    rows = sorted(account for account in accounts if account not in parents)
    org.rest("PATCH", f"sobjects/Account/{rows[0]}", {"Name": "changed since"})
    org.rest("DELETE", f"sobjects/Account/{rows[1]}")
    made = org.create("Account", Name="new since")
    done, account = deep(lake)
    assert done.code == 0, done
    assert (account["differs"], account["extra"], account["missing"]) == (1, 1, 1)
    assert account["explained"] == 3 and account["unexplained"] == 0
    by_id = {row["id"]: row for row in account["rows"]}
    assert by_id[rows[0]]["explanation"] == "changed after the watermark"
    assert "Name" in [field["field"] for field in by_id[rows[0]]["fields"]]
    assert by_id[rows[1]]["difference"] == "extra"
    assert by_id[rows[1]]["explanation"] == "deleted after the watermark"
    assert by_id[made]["difference"] == "missing"


def test_a_late_commit_below_the_watermark_is_an_unexplained_difference(org, lake):
    with org.faults({"effect": "late_commit", "object": "Account", "seconds": 3600,
                     "path": "*/limits*", "times": 1}):
        org.rest("GET", "limits")
    done, account = deep(lake)
    assert done.code == 1, done
    assert account["unexplained"] == 1
    assert account["rows"][0]["explanation"] is None
    assert account["rows"][0]["fields"], "the field that differs is named"


def test_values_are_shown_only_when_asked_for(org, lake):
    row = sorted(lake.rows("salesforce.Account"))[2]
    org.rest("PATCH", f"sobjects/Account/{row}", {"Name": "Someone's private name"})
    quiet = lake.firn("export", "verify", "--deep")
    assert "private name" not in quiet.out + quiet.err
    assert row in quiet.out and "Name" in quiet.out
    quiet_json, account = deep(lake)
    assert "private name" not in quiet_json.out
    shown, account = deep(lake, "--show-values")
    name = next(field for field in account["rows"][0]["fields"] if field["field"] == "Name")
    assert name["org"] == "Someone's private name"
    assert name["lake"] == lake.rows("salesforce.Account")[row]["Name"]


def test_nothing_of_the_compared_rows_stays_on_disk(org, lake):
    deep(lake)
    left = list((lake.folder / ".firn" / "staging").glob("*"))
    assert left == []


def test_an_object_that_was_never_exported_is_refused_with_the_nearest_name(lake):
    done = lake.firn("export", "verify", "--deep", "--object", "Acount", "--json")
    assert done.code != 0
    assert "EXPORT-VERIFY-003" in done.err
    assert "Account" in json.dumps(done.json())
