"""Exports into a REST catalog, with a door before the catalog that fails on purpose, and killed on the way.

What could go wrong in production: the catalog's answer is lost after it committed, and the rows are there
twice or not at all; a run that was killed cannot go on; a mirror stays behind for ever.
"""
import pytest

from support.aws_faults import before
from support.catalog import Catalog
from support.firn import Project

ROWS = 300
COMMIT = {"method": "POST", "part": "/tables/Account"}
RECORDS = {"Account": ROWS}


@pytest.fixture
def catalog(tmp_path):
    with Catalog(tmp_path / "server") as served:
        yield served


@pytest.fixture
def door(catalog):
    with before({"AWS_ENDPOINT_URL": catalog.url}) as (door, _):
        yield door


@pytest.fixture
def project(tmp_path, org, catalog, door):
    made = Project(tmp_path / "project", org)
    config = made.folder / "firn.yaml"
    config.write_text(config.read_text().replace(
        "  warehouse: lake\n", f"  warehouse: {catalog.warehouse}\n  rest:\n    uri: {door.url}\n")
        + "objects:\n  - {name: all, lag: 0s}\n")
    return made


def whole(project, org):
    """Every row once, and one snapshot a run."""
    assert len(project.rows("salesforce.Account")) == org.rows_of("Account")
    return [row["operation"] for row in
            project.firn("lake", "history", "salesforce.Account", "--json").json()["rows"]]


FAULTS = {
    "answer lost after it committed": [{"effect": "lost", **COMMIT}],
    "answer lost, then the look fails too": [
        {"effect": "lost", **COMMIT},
        {"effect": "status", "method": "GET", "part": "/tables/Account", "status": 502, "code": "x"}],
    "request lost before it committed": [{"effect": "cut", **COMMIT}],
    "503": [{"effect": "status", **COMMIT, "status": 503, "code": "busy", "times": 2}],
    "429": [{"effect": "status", **COMMIT, "status": 429, "code": "slower", "times": 2}],
    "500 after nothing": [{"effect": "status", **COMMIT, "status": 500, "code": "broken"}],
    "config unavailable at first": [{"effect": "status", "part": "/v1/config", "status": 503, "code": "x"}],
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_catalog_neither_loses_nor_doubles_rows(project, org, door, name):
    for fault in FAULTS[name]:
        door.fault(**fault)
    done = project.export("Account", "--verify", "full")
    assert done.code == 0, done
    assert door.struck, "the fault never struck"
    assert len(whole(project, org)) == 1


@pytest.mark.parametrize("point", ["lake.create.before_catalog", "lake.commit.after_manifest_list",
                                   "lake.commit.before_catalog", "lake.commit.after_catalog"])
def test_a_run_killed_around_its_commit_resumes_to_the_same_rows(project, org, point):
    killed = project.export("Account", FIRN_FAULT_POINT=point)
    assert killed.code == -9, killed
    done = project.resume()
    assert done.code == 0, done
    assert len(whole(project, org)) == 1


def test_windows_are_merged_and_verified_through_the_catalog(project, org):
    assert project.export("Account").code == 0
    made = org.create("Account", Name="Nordwind")
    org.ask("POST", "clock", {"advance_seconds": 2})
    done = project.export("Account", "--mode", "incremental")
    assert done.code == 0, done
    assert made[:15] in {key[:15] for key in project.rows("salesforce.Account")}
    assert project.firn("export", "verify", "--deep").code == 0
    done = project.firn("lake", "maintain")
    assert done.code == 0, done
    assert len(project.rows("salesforce.Account")) == org.rows_of("Account")


def test_an_address_that_is_no_catalog_is_told(project, org):
    config = project.folder / "firn.yaml"
    config.write_text(config.read_text().replace("    uri: ", f"    uri: {org.url}/nowhere #"))
    refused = project.firn("lake", "list")
    assert refused.code != 0 and "LAKE-REST-" in refused.err and "lake.rest.uri" in refused.err, refused
