"""Fields and objects that change while an org is followed (reference R13): whatever an administrator
does between two windows, the table holds what the org holds, and another engine counts the same rows."""

import random

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from support.drift import RETYPED, Drift
from support.firn import Sandbox
from support.incremental import IncrementalProject, let_pass

HOUR = 3600


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("drift-org")) as running:
        yield running


@pytest.fixture
def drift(org, request):
    """An object of its own for each test: what was changed stays changed."""
    number = sum(map(ord, request.node.name))
    drift.made = getattr(drift, "made", 0) + 1
    return Drift(org, rows=40, name=f"Drift{drift.made}x{number}__c")


@pytest.fixture
def project(org, drift, tmp_path):
    made = IncrementalProject(tmp_path / "project", org, [drift.name])
    made.object_report(drift.name)
    let_pass(org, HOUR)
    return made


def read_by_others(project, name):
    warehouse = project.folder / "lake"
    return SqlCatalog("firn", uri=f"sqlite:///{warehouse}/catalog.db",
                      warehouse=f"file://{warehouse}").load_table(f"salesforce.{name}").scan().to_arrow()


def column_in_use(columns, name):
    versions = [c for c in columns if c == name or c.startswith(name + "__v")]
    return max(versions, key=lambda c: (len(c), c))


def assert_same(project, drift, *fields):
    """The table against the org's own answer, read by another engine: no code of ours compares."""
    project.assert_equal(drift.name)
    table = read_by_others(project, drift.name)
    org_rows = {row["Id"]: row for row in drift.rows(*fields)}
    assert sorted(table.column("Id").to_pylist()) == sorted(org_rows)
    for field in fields:
        column = column_in_use(table.column_names, field)
        for row in table.select(["Id", column]).to_pylist():
            assert text(row[column]) == text(org_rows[row["Id"]][field]), (field, column, row)


def text(value):
    if value is None or isinstance(value, (bool, str)):
        return value or None if isinstance(value, str) else value
    if isinstance(value, list):
        return ";".join(value)
    if hasattr(value, "isoformat"):
        return value.strftime("%Y-%m-%dT%H:%M:%S.000+0000") if hasattr(value, "hour") else value.isoformat()
    return float(value)


@pytest.mark.parametrize("field", sorted(RETYPED))
def test_a_retyped_field_goes_on_with_the_orgs_values_in_every_row(org, drift, project, field):
    chance = random.Random(field)
    for facts in RETYPED[field]:
        drift.retype(field, facts)
        drift.write(chance)
        let_pass(org, HOUR)
        project.object_report(drift.name)
        assert_same(project, drift, field)


def test_a_retyped_field_whose_column_fits_is_read_again_once(org, drift, project):
    """A picklist made a text: the column is the same, the values of records without a new stamp are not."""
    drift.retype("Kind__c", {"type": "string", "length": 255})
    let_pass(org, HOUR)
    first = project.object_report(drift.name)
    assert first["incremental"]["columns_read"] == ["Kind__c"], first
    assert_same(project, drift, "Kind__c")
    let_pass(org, HOUR)
    assert project.object_report(drift.name)["incremental"]["columns_read"] == []


@pytest.mark.parametrize("point", ["exports.columns.noted", "exports.columns.evolved", "exports.merge.before",
                                   "exports.merge.after", "exports.merge.recorded"])
def test_a_retyped_field_is_read_again_though_the_first_run_was_killed(org, drift, project, point):
    drift.retype("Kind__c", {"type": "string", "length": 255})
    drift.retype("Price__c", {"type": "currency", "precision": 18, "scale": 4})
    let_pass(org, HOUR)
    assert project.export(FIRN_FAULT_POINT=point).code == -9
    let_pass(org, HOUR)
    project.object_report(drift.name)
    assert_same(project, drift, "Kind__c", "Price__c")


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_a_renamed_field_is_a_new_column_and_the_old_one_keeps_what_it_held(org, drift, project, share):
    before = {row["Id"]: row["Text__c"] for row in drift.rows("Text__c")}
    drift.rename("Text__c", "Words__c", share)
    let_pass(org, HOUR)
    report = project.object_report(drift.name)
    assert report["new_fields"] == ["Words__c"] and report["vanished_fields"] == ["Text__c"], report
    assert_same(project, drift, "Words__c")
    table = read_by_others(project, drift.name)
    assert dict(zip(table.column("Id").to_pylist(), table.column("Text__c").to_pylist())) == before


def test_a_field_deleted_and_made_again_with_another_type_and_back_holds_the_orgs_values(org, drift, project):
    drift.set("Count__c", "removed", True)
    let_pass(org, HOUR)
    project.object_report(drift.name)
    drift.set("Count__c", "removed", False)
    drift.retype("Count__c", {"type": "string", "length": 40})
    drift.write(random.Random(5))
    let_pass(org, HOUR)
    project.object_report(drift.name)
    assert_same(project, drift, "Count__c")
    drift.retype("Count__c", {"type": "double", "precision": 9, "scale": 0})
    let_pass(org, HOUR)
    project.object_report(drift.name)
    assert_same(project, drift, "Count__c")


def test_a_field_hidden_for_a_while_is_filled_with_what_changed_meanwhile(org, drift, project):
    chance = random.Random(11)
    drift.set("Note__c", "hidden", True)
    let_pass(org, HOUR)
    project.object_report(drift.name)
    drift.set("Note__c", "hidden", False)
    drift.write(chance, 8)
    drift.set("Note__c", "hidden", True)
    let_pass(org, HOUR)
    project.object_report(drift.name)
    drift.set("Note__c", "hidden", False)
    let_pass(org, HOUR)
    project.object_report(drift.name)
    assert_same(project, drift, "Note__c", "Text__c", "Tags__c")


def test_an_object_that_is_gone_is_named_the_others_go_on_and_it_comes_back_whole(org, drift, tmp_path):
    other = Drift(org, rows=10, name=drift.name.replace("Drift", "Other"))
    project = IncrementalProject(tmp_path / "project", org, [drift.name, other.name])
    project.follow()
    let_pass(org, HOUR)
    before = project.rows(f"salesforce.{drift.name}")
    with drift.gone():
        other.write(random.Random(3))
        let_pass(org, HOUR)
        for words in (("plan",), ("run",)):
            done = project.firn("export", *words)
            assert done.code == 0, done
            assert f"no object `{drift.name}` any more" in done.err, done
            assert f"table salesforce.{drift.name} stays" in done.err and "skip: true" in done.err, done
        assert project.rows(f"salesforce.{drift.name}") == before
        typed = project.export(drift.name)
        assert typed.code == 2 and "EXPORT-PLAN-001" in typed.err, typed
    assert_same(project, other, "Text__c")
    drift.write(random.Random(4))
    let_pass(org, HOUR)
    project.follow()
    back = next(entry for entry in project.report()["objects"] if entry["object"] == drift.name)
    assert any("back after it was away" in text for text in back["warnings"]), back
    assert any(source.startswith("sweep:") for source in back["incremental"]["delete_sources"]), back
    assert_same(project, drift, "Text__c")
    let_pass(org, HOUR)
    again = project.object_report(drift.name)
    assert not any("back after" in text for text in again["warnings"]), again


def test_an_object_that_vanishes_under_all_is_told(org, drift, tmp_path):
    project = IncrementalProject(tmp_path / "project", org, [])
    yaml = project.folder / "firn.yaml"
    yaml.write_text(yaml.read_text().replace("objects:\n", f'objects:\n  - {{name: "{drift.name[:-2]}*"}}\n'))
    both = (drift.name[:-2] + "*", "Widget__*")
    assert project.export(*both).code == 0
    with drift.gone():
        alone = project.export()
        assert alone.code == 2 and f"no object `{drift.name}` any more" in alone.err, alone
        done = project.export(*both)
        assert done.code == 0, done
        assert f"no object `{drift.name}` any more" in done.err, done
        silenced = project.export(*both, "--except", drift.name)
        assert drift.name not in silenced.err, silenced
