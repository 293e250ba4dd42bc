"""kill -9 at every fault point that an incremental run passes, then resume or run again: the table
equals the org row by row, and the old progress is never taken for the new one."""

import pytest

from support.firn import fault_points
from support.incremental import IncrementalProject, let_pass

# Points of other lives: nothing of an incremental run passes there.
ELSEWHERE = {"base.file.write"}
OBJECT = "Opportunity"
RECORDS = {"Account": 20, OBJECT: 120}


def points():
    return [name for name in fault_points() if name not in ELSEWHERE]


@pytest.fixture(scope="module")
def project(org, tmp_path_factory):
    """One project for all kills: each begins where the one before was healed."""
    org.ask("POST", "fields", {"object": OBJECT, "field": "NextStep", "removed": True})
    made = IncrementalProject(tmp_path_factory.mktemp("project"), org, [OBJECT])
    made.object_report(OBJECT)
    let_pass(org, 3600)
    return made


def change_the_org(org, project, hide):
    ids = sorted(project.rows(f"salesforce.{OBJECT}"))
    org.rest("PATCH", f"sobjects/{OBJECT}/{ids[0]}", {"Name": "changed"})
    org.rest("DELETE", f"sobjects/{OBJECT}/{ids[1]}")
    org.create(OBJECT, Name="new", StageName="Prospecting", CloseDate="2026-12-01")
    org.ask("POST", "fields", {"object": OBJECT, "field": "NextStep", "removed": hide})
    let_pass(org, 600)


def heal(project):
    resumed = project.resume()
    if resumed.code != 0:
        again = project.export(OBJECT)
        assert again.code == 0, (resumed, again)
    project.sandbox.clear()


@pytest.mark.parametrize("point", points())
def test_killed_at_a_fault_point_an_incremental_run_ends_with_the_orgs_rows(org, project, point):
    change_the_org(org, project, hide=points().index(point) % 2 == 1)
    killed = project.export(OBJECT, "--sweep", "--refresh", FIRN_FAULT_POINT=point)
    assert killed.code in (0, -9), killed
    if point.startswith("exports.merge.") and point != "exports.merge.part":
        assert killed.code == -9, f"no incremental run passes {point}"
    if killed.code == -9:
        heal(project)
    assert project.export(OBJECT, "--refresh").code == 0
    project.assert_equal(OBJECT)
    left = [path for path in (project.folder / ".firn" / "staging").glob("*/*/*.parquet")]
    assert left == [], "rows of a window that is merged lie no longer in the state folder"
