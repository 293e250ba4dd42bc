"""`firn export verify --deep`: a lake that differs from its org is told by record and field; what
changed after the watermark is explained; nothing but the difference is named."""

import decimal
import json

import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from support.firn import Project, Sandbox
from support.incremental import IncrementalProject, let_pass

RECORDS = {"Account": 300}


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


def of_others(project, table="salesforce.Account"):
    """The table as another program opens it."""
    warehouse = project.folder / "lake"
    return SqlCatalog("firn", uri=f"sqlite:///{warehouse}/catalog.db",
                      warehouse=f"file://{warehouse}").load_table(table)


def another(value):
    """Some other value of the type of one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float, decimal.Decimal)):
        return value + 1
    if isinstance(value, str):
        return value + "~" if len(value) != 18 else value[:10] + ("x" if value[10] != "x" else "y") + value[11:]
    if isinstance(value, list):
        return [*value, "planted"]
    if isinstance(value, dict):
        first = next(iter(value))
        return {**value, first: another(value[first]) if value[first] is not None else None}
    return value.replace(year=value.year + 1 if value.year < 2000 else value.year - 1)


def test_a_planted_difference_in_any_field_is_found_in_that_field_alone(org, lake):
    table = of_others(lake)
    rows = table.scan().to_arrow()
    planted = {}
    columns = {name: rows.column(name).to_pylist() for name in rows.column_names}
    ids = columns["Id"]
    for name, values in columns.items():
        if name == "Id":
            continue
        at = next((at for at, value in enumerate(values)
                   if ids[at] not in planted and value is not None and another(value) != value), None)
        at = at if at is not None else next(at for at in range(len(ids)) if ids[at] not in planted)
        if values[at] is None:
            continue  # no row has a value
        values[at] = another(values[at])
        planted[ids[at]] = name
    assert len(planted) >= 30, planted
    types = {str(rows.schema.field(name).type).split("[")[0].split("<")[0].split("(")[0] for name in planted.values()}
    assert {"struct", "bool"} <= types, types
    table.overwrite(pa.table(columns, schema=rows.schema))
    done, account = deep(lake)
    assert done.code == 1 and account["unexplained"] == len(planted), account
    named = {row["id"]: [field["field"] for field in row["fields"]] for row in account["rows"]}
    assert named == {row: [name] for row, name in planted.items()}
    assert {field["field"]: (field["rows"], field["ids"]) for field in account["fields"]} == \
           {name: (1, [row]) for row, name in planted.items()}


def test_rows_of_another_program_without_an_id_are_counted_and_the_rest_is_compared(org, lake):
    table = of_others(lake)
    first = table.scan(limit=3).to_arrow().to_pylist()
    odd = [{**first[0], "Id": ""}, {**first[1], "Id": first[1]["Id"][:15]}]
    twice = first[2]
    table.append(pa.Table.from_pylist([*odd, twice], schema=table.scan(limit=1).to_arrow().schema))
    done, account = deep(lake)
    assert done.code == 1, done
    assert (account["extra"], account["missing"], account["differs"]) == (3, 0, 0), account
    assert account["rows_lake"] == account["rows_org"] + 3
    assert [row["id"] for row in account["rows"]] == [twice["Id"]]
    assert any("2 rows of the table have no 18-character Id" in note for note in account["notes"]), account


def test_what_was_deleted_since_is_explained_however_many_records(org, tmp_path):
    org.seed("Lead", 2_600)
    project = Project(tmp_path / "many", org)
    assert project.export("Lead").code == 0
    ids = sorted(project.rows("salesforce.Lead"))
    let_pass(org, 5)
    for first in range(0, 2_400, 200):
        org.rest("DELETE", "composite/sobjects?allOrNone=true&ids=" + ",".join(ids[first:first + 200]))
    done, lead = deep(project, "--object", "Lead")
    assert done.code == 0, (done.code, {**lead, "rows": []})
    assert lead["extra"] == lead["explained"] == 2_400
    assert len(lead["rows"]) == 100


@pytest.fixture(scope="module")
def parents(tmp_path_factory):
    """An org of its own: no account is deleted."""
    with Sandbox(tmp_path_factory.mktemp("parents")) as sandbox:
        sandbox.seed("Account", 30)
        sandbox.seed("Opportunity", 60)
        yield sandbox


@pytest.fixture
def opportunities(parents, tmp_path):
    """Opportunities whose formula is stale, since their accounts were renamed."""
    org = parents
    project = IncrementalProject(tmp_path / "formulas", org, ["Opportunity"])
    project.object_report("Opportunity")
    rows = project.rows("salesforce.Opportunity")
    let_pass(org, 3600)
    for account in sorted({row["AccountId"] for row in rows.values() if row["AccountId"]}):
        org.rest("PATCH", f"sobjects/Account/{account}", {"Name": f"renamed by {tmp_path.name}"[:80]})
    let_pass(org, 3600)
    project.object_report("Opportunity")
    return project


def plant(project, column, value):
    """Another program changes one row; its Id."""
    table = of_others(project, "salesforce.Opportunity")
    rows = table.scan().to_arrow()
    changed = rows.to_pylist()
    changed[7][column] = value
    table.overwrite(pa.Table.from_pylist(changed, schema=rows.schema))
    return changed[7]["Id"]


def test_stale_formulas_are_summed_up_and_told_apart_from_a_lost_change(opportunities):
    code = opportunities.firn("export", "verify", "--deep", "--json")
    assert code.code == 1, code
    stale = code.json()["objects"][0]
    assert stale["stale"] == stale["differs"] == stale["unexplained"] > 10, stale
    assert len(stale["rows"]) == 3 and all(row["stale"] for row in stale["rows"])
    field, = stale["fields"]
    assert (field["field"], field["rows"], field["silent"]) == ("AccountName__c", stale["differs"], True)
    assert len(field["ids"]) == 3 and field["read_at"]
    assert any("firn export run Opportunity --mode incremental --refresh" in note for note in stale["notes"]), stale
    lost = plant(opportunities, "Name", "A name that nobody gave")
    done = opportunities.firn("export", "verify", "--deep", "--json")
    both = done.json()["objects"][0]
    assert done.code == 1 and both["rows"][0]["id"] == lost and not both["rows"][0]["stale"], both
    assert "Name" in [field["field"] for field in both["rows"][0]["fields"]]
    assert both["unexplained"] - both["stale"] == 1 and len(both["rows"]) == 4
    shown = opportunities.firn("export", "verify", "--deep").out
    assert lost in shown and "field Name differs in 1 rows" in shown, shown


def test_a_stale_formula_is_explained_while_its_refresh_is_not_due(parents, opportunities):
    yaml = opportunities.folder / "firn.yaml"
    yaml.write_text(yaml.read_text().replace("    mode: incremental\n", "    mode: incremental\n    refresh: 24h\n"))
    assert opportunities.export("Opportunity").code == 0  # from now on it is due a day after the first export
    explained = opportunities.firn("export", "verify", "--deep", "--json")
    opportunity = explained.json()["objects"][0]
    assert explained.code == 0 and opportunity["stale"] == opportunity["explained"] > 0, explained
    assert {row["explanation"] for row in opportunity["rows"]} == {"stale until the next refresh"}
    lost = plant(opportunities, "Name", "A name that nobody gave")
    done = opportunities.firn("export", "verify", "--deep", "--json")
    assert done.code == 1 and done.json()["objects"][0]["rows"][0]["id"] == lost, done
    let_pass(parents, 25 * 3600)
    overdue = opportunities.firn("export", "verify", "--deep", "--json").json()["objects"][0]
    assert overdue["unexplained"] == overdue["stale"] + (0 if overdue["rows"][0]["stale"] else 1), overdue
