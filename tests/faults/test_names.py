"""Names in firn.yaml and on the command line that fit nothing, and objects that the org does not let a user read whole.

What could go wrong in production: a misspelt `exclude` gives away the field that it was to keep back; a field that was
dropped stops the nightly run for ever; one object that the org refuses ends the export of all others, or is missing and
nobody is told.
"""

import pytest

from support.firn import Project, Sandbox

REJECTED_OR_MISSING = 1
USAGE = 2


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("org")) as org:
        for name in ("Account", "Contact"):
            org.seed(name, 20)
        yield org


@pytest.fixture
def project(tmp_path, sandbox):
    return Project(tmp_path / "project", sandbox)


def rules(project, text):
    path = project.folder / "firn.yaml"
    before = path.read_text().split("\nobjects:\n")[0].rstrip("\n")
    path.write_text(before + "\nobjects:\n" + text)
    return before.count("\n") + 3  # the line of the first rule


def tables(project):
    listed = project.firn("lake", "list", "--json")
    return [row["table"] for row in listed.json()["rows"]] if listed.code == 0 else []


def test_misspelt_exclude_is_refused_before_anything_is_exported(project):
    line = rules(project, "  - {name: Account}\n  - {name: Contact, exclude: [Fxa]}\n")
    for command in ("plan", "run"):
        done = project.firn("export", command, "--json")
        assert done.code == USAGE, done
        error = done.json()
        assert error["format"] == "firn.error/1" and error["code"] == "EXPORT-PLAN-006", done
        assert "`Contact` has no field `Fxa`" in error["what"]
        assert error["where"].startswith(f"firn.yaml:{line + 1}:") and error["hint"] == "did you mean `Fax`?", done
        assert tables(project) == []
    rules(project, "  - {name: Account}\n  - {name: Contact, exclude: [Fax]}\n")
    assert project.export().code == 0
    assert "Fax" not in next(iter(project.rows("salesforce.Contact").values()))


def test_config_check_knows_the_fields_once_an_export_has_seen_them(project):
    rules(project, "  - {name: Contact, exclude: [Fax]}\n")
    assert project.export().code == 0
    rules(project, "  - {name: Contact, exclude: [Fxa]}\n")
    checked = project.firn("config", "check", "--json")
    # Describe answers are kept once the org's clock has passed the second of their stamp.
    if checked.code == 0:
        pytest.skip("the org's describe was too young to be kept")
    assert checked.code == USAGE, checked
    document = checked.json()
    assert document["format"] == "firn.config-check/1" and document["ok"] is False
    assert [problem["code"] for problem in document["problems"]] == ["EXPORT-PLAN-006"]
    assert document["project"] == "tests"


def test_rule_of_all_objects_must_name_a_field_of_one_of_them(project):
    rules(project, '  - {name: "Cont*", exclude: [Fxa]}\n')
    refused = project.export()
    assert refused.code == USAGE and "EXPORT-PLAN-006" in refused.err and "`Fax`" in refused.err, refused
    rules(project, '  - {name: "Cont*", exclude: [Fax]}\n')
    assert project.firn("export", "plan", "--no-count").code == 0


def test_rule_of_an_object_that_is_misspelt_does_not_let_a_pattern_take_it_whole(project):
    line = rules(project, '  - {name: "Cont*"}\n  - {name: Contcat, exclude: [Fax]}\n')
    refused = project.export("Cont*", "--json")
    assert refused.code == USAGE, refused
    assert refused.json()["code"] == "EXPORT-PLAN-001"
    assert refused.json()["where"].startswith(f"firn.yaml:{line + 1}:"), refused


def test_pattern_that_keeps_fields_out_may_fit_nothing_and_is_told(project):
    rules(project, '  - {name: Contact, exclude: ["Salary__c*"]}\n')
    done = project.export("--json")
    assert done.code == 0, done
    assert any("Salary__c*" in text for text in done.json()["objects"][0]["warnings"]), done


def old_version(project):
    """An API version that never lets anybody read all links of files."""
    path = project.folder / "firn.yaml"
    path.write_text(path.read_text().replace('api_version: "62.0"', 'api_version: "58.0"'))


def test_object_that_is_documented_never_to_come_whole_is_left_out_by_name_and_nothing_fails(project):
    old_version(project)
    planned = project.firn("export", "plan", "Content*", "Account", "--json")
    assert planned.code == 0, planned
    (gap,) = planned.json()["left_out"]
    assert gap["object"] == "ContentDocumentLink" and "Query All Files" in gap["remedy"], gap
    assert planned.json()["missing"] == []
    assert "left out, as Salesforce answers no query for all their rows: ContentDocumentLink" in project.firn("export", "plan", "Content*").err
    done = project.export("Content*", "Account", "--json")
    assert done.code == 0, done
    report = done.json()
    assert report["verdict"] == "exact" and report["left_out"] == ["ContentDocumentLink"], report
    assert report["state"] == "done" and report["missing"] == []
    by_name = {entry["object"]: entry for entry in report["objects"]}
    assert by_name["Account"]["verdict"] == "exact"
    assert by_name["ContentDocumentLink"]["verdict"] == "left out"
    assert "Implementation restriction" in by_name["ContentDocumentLink"]["findings"][0]
    assert "warning: ContentDocumentLink" not in done.err, done
    assert "left out, as Salesforce answers no query for all their rows: ContentDocumentLink" in project.firn("export", "show").err
    assert "salesforce.ContentDocumentLink" not in tables(project)
    assert "ContentDocumentLink: left out" in project.firn("export", "show", "--markdown").out


def test_object_that_came_before_and_is_refused_now_is_missing_and_fails_the_run(project, sandbox):
    sandbox.seed("ContentVersion", 5)
    done = project.export("Content*", "--json")
    assert done.code == 0 and done.json()["left_out"] == [], done
    assert "salesforce.ContentDocumentLink" in tables(project)
    old_version(project)
    planned = project.firn("export", "plan", "Content*", "--json")
    assert [gap["object"] for gap in planned.json()["missing"]] == ["ContentDocumentLink"], planned
    done = project.export("Content*", "--json")
    assert done.code == REJECTED_OR_MISSING, done
    assert done.json()["missing"] == ["ContentDocumentLink"] and done.json()["verdict"] == "missing", done
    assert "warning: ContentDocumentLink is missing: " in done.err, done
    silenced = project.export("Content*", "--except", "ContentDocumentLink")
    assert silenced.code == 0, silenced


def test_object_that_is_left_out_is_not_mentioned_with_skip_or_except(project):
    old_version(project)
    done = project.export("Content*", "--except", "ContentDocumentLink")
    assert done.code == 0 and "left out" not in done.err, done
    rules(project, '  - {name: "Content*"}\n  - {name: ContentDocumentLink, skip: true}\n')
    done = project.export("--json")
    assert done.code == 0, done
    assert done.json()["left_out"] == []
    refused = project.export("ContentDocumentLink")
    assert refused.code == USAGE and "EXPORT-PLAN-007" in refused.err, refused


def test_object_that_was_named_and_the_org_refuses_fails(project):
    old_version(project)
    for command in ("plan", "run"):
        done = project.firn("export", command, "ContentDocumentLink")
        assert done.code == USAGE and "Implementation restriction" in done.err, done


def test_all_objects_of_the_org_are_exported_but_for_the_one_it_refuses(project):
    old_version(project)
    done = project.export("all", "--json")
    assert done.code == 0, done
    assert done.json()["left_out"] == ["ContentDocumentLink"]
    assert {entry["verdict"] for entry in done.json()["objects"]} <= {"exact", "explained", "left out"}
