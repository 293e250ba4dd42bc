"""Failure mode 7: an API version that answers differently. `firn org api-check` must name every
difference between two versions before the project's version is changed, and nothing else."""
import pytest

from support.firn import Project, Sandbox

LATER = """\
object: Account
fields:
  - {name: Later__c, type: string, length: 40, since: 64, label: Later}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("org")
    (folder / "later.yaml").write_text(LATER)
    with Sandbox(folder / "sandbox", object_files=[folder / "later.yaml"]) as org:
        org.seed("Account", 50)
        yield Project(folder / "project", org, objects=("Account",))


def check(project, version, *more):
    return project.firn("org", "api-check", "--against", version, "--json", *more)


def rows(done):
    return [(row["object"], row["what"]) for row in done.json()["rows"]]


def test_versions_that_answer_alike_are_told_so(project):
    done = check(project, "63.0")
    assert done.code == 0, done
    assert done.json()["rows"] == []


def test_field_that_came_later_is_the_only_difference(project):
    done = check(project, "64.0")
    assert done.code == 1, done
    assert {name for name, _ in rows(done)} == {"Account"}
    assert any("Later__c" in what for _, what in rows(done)), done
    assert all("Later__c" in what for _, what in rows(done)), done


def test_version_the_org_does_not_serve_is_an_error(project):
    done = check(project, "68.0", "--no-jobs")
    assert done.code not in (0, 1), done
    assert "68.0" in done.err
