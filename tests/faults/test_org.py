"""The org refuses, forgets or changes under the run: each is a clear error with the right exit code
and a state from which `resume` goes on."""

import pytest

from support.firn import Project, Sandbox, until

RESULTS = "/services/data/*/results*"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("org")) as org:
        org.seed("Account", 300)
        org.seed("Contact", 120)
        yield org


def run(project, *more):
    return project.export("Account", "--page-rows", 50, *more)


def test_r04_a_session_that_ends_in_mid_download_is_renewed(project, sandbox):
    sandbox.fault(path=RESULTS, nth=3, times=1, effect="expire_tokens")
    done = run(project)
    assert done.code == 0, done
    assert project.report()["verdict"] == "exact"


def test_r05_a_401_that_is_not_expiry_ends_with_its_cause(project, sandbox):
    sandbox.fault(path=RESULTS, effect="status", status=401, code="INVALID_SESSION_ID",
                  message="This session is not valid for use with the REST API")
    done = run(project)
    assert done.code == 4, done
    assert "not valid for use with the REST API" in done.err
    refused = [line for line in sandbox.requests() if line["status"] == 401]
    assert len(refused) < 20
    sandbox.clear()
    assert project.resume().code == 0


def test_a_wrong_key_is_exit_4_and_says_why(project, sandbox, tmp_path):
    import subprocess
    key = tmp_path / "other.key"
    subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048",
                    "-out", str(key)], check=True, capture_output=True)
    config = project.folder / "firn.yaml"
    config.write_text(config.read_text().replace(sandbox.facts["key_file"], str(key)))
    done = run(project)
    assert done.code == 4, done
    assert "invalid_grant" in done.err
    assert "hint" in done.err


def test_a_clock_that_is_wrong_is_exit_4_and_says_so(project, sandbox):
    sandbox.fault(effect="clock_skew", seconds=7200, path="/services/oauth2/*", times=1)
    try:
        done = run(project)
        assert done.code == 4, done
        assert "clock" in done.err or "expired" in done.err, done
    finally:
        sandbox.fault(effect="clock_skew", seconds=-7200, path="/services/data", times=1)
        sandbox.rest("GET", "limits")
        import urllib.request
        urllib.request.urlopen(sandbox.url + "/services/data").read()


def test_quota_used_up_is_exit_5_and_resumes(project, sandbox):
    sandbox.fault(path=RESULTS, nth=2, times=1, effect="quota", used=114_000)
    done = run(project)
    assert done.code == 5, done
    assert "firn export resume" in done.err
    durable = project.report()["objects"][0]
    assert durable["state"] == "fetching"
    sandbox.clear()
    sandbox.fault(path="/services/data", times=1, effect="quota", used=100)
    import urllib.request
    urllib.request.urlopen(sandbox.url + "/services/data").read()
    (project.folder / ".firn" / "shared.db").unlink()
    done = project.resume()
    assert done.code == 0, done
    assert project.report()["verdict"] == "exact"


def test_r13_a_hidden_field_is_reported_and_its_column_stays(project, sandbox):
    assert run(project).code == 0
    sandbox.ask("POST", "fields", {"object": "Account", "field": "Fax", "hidden": True})
    try:
        done = run(project)
        assert done.code == 0, done
        report = project.report()["objects"][0]
        assert report["vanished_fields"] == ["Fax"]
        assert "Fax" in done.out
        schema = project.firn("lake", "schema", "salesforce.Account")
        assert "Fax" in schema.out
    finally:
        sandbox.ask("POST", "fields", {"object": "Account", "field": "Fax", "hidden": False})
    again = run(project)
    assert again.code == 0, again
    assert project.report()["objects"][0]["vanished_fields"] == []
    assert any(row.get("Fax") for row in project.rows("salesforce.Account").values())


def test_a_field_that_vanishes_between_describe_and_job_is_planned_again(project, sandbox):
    sandbox.fault(method="POST", path="/services/data/*/jobs/query", nth=1, times=1,
                  effect="vanish_field", object="Account", field="Jigsaw")
    try:
        done = run(project)
        assert done.code == 0, done
        report = project.report()["objects"][0]
        assert report["verdict"] == "exact"
        assert any("fields changed" in warning for warning in report["warnings"]), report
    finally:
        sandbox.ask("POST", "fields", {"object": "Account", "field": "Jigsaw", "removed": False})


def test_r01_a_row_committed_inside_the_run_is_explained(project, sandbox):
    before = sandbox.rows_of("Contact")
    killed = project.export("Contact", FIRN_FAULT_POINT="exports.job.recorded")
    assert killed.code == -9
    until_job_done(sandbox)
    made = sandbox.create("Contact", LastName="Late")
    done = project.resume()
    assert done.code == 0, done
    report = project.report()["objects"][0]
    assert report["verdict"] == "explained", report
    assert report["rows_received"] == before
    assert report["changed_in_run"] >= 1
    sandbox.rest("DELETE", f"sobjects/Contact/{made}")


def test_r02_a_row_deleted_inside_the_run_is_explained(project, sandbox):
    made = sandbox.create("Contact", LastName="Gone")
    killed = project.export("Contact", FIRN_FAULT_POINT="exports.job.recorded")
    assert killed.code == -9
    until_job_done(sandbox)
    sandbox.rest("DELETE", f"sobjects/Contact/{made}")
    done = project.resume()
    assert done.code == 0, done
    report = project.report()["objects"][0]
    assert report["verdict"] == "explained", report
    assert report["deleted_in_run"] >= 1


def until_job_done(sandbox):
    until(lambda: all(job["state"] == "JobComplete" for job in sandbox.rest("GET", "jobs/query")["records"]),
          "a job did not end")


def test_r02_deleted_rows_come_when_asked_for(project, sandbox):
    made = sandbox.create("Contact", LastName="Binned")
    sandbox.rest("DELETE", f"sobjects/Contact/{made}")
    done = project.export("Contact", "--deleted")
    assert done.code == 0, done
    assert project.rows("salesforce.Contact")[made]["IsDeleted"] is True


def test_r11_an_object_that_bulk_refuses_gives_identical_rows_by_rest(project, sandbox):
    assert run(project).code == 0
    by_bulk = project.rows("salesforce.Account")
    sandbox.fault(method="POST", path="/services/data/*/jobs/query", effect="status", status=400,
                  code="INVALIDENTITY", message="Entity 'Account' is not supported by the Bulk API.")
    done = run(project)
    assert done.code == 0, done
    report = project.report()["objects"][0]
    assert report["method"] == "rest"
    assert report["verdict"] == "exact"
    assert project.rows("salesforce.Account") == by_bulk


def test_r12_describes_are_asked_for_the_objects_of_the_run_only(project, sandbox):
    before = len(sandbox.requests())
    assert run(project).code == 0
    described = {line["path"] for line in sandbox.requests()[before:] if line["path"].endswith("/describe")}
    assert all("/Account/" in path for path in described)


def test_a_run_that_meets_another_org_is_refused(project, sandbox, tmp_path):
    assert project.export("Account", FIRN_FAULT_POINT="exports.job.recorded").code == -9
    with Sandbox(tmp_path / "other", seed=9) as other:
        moved = Project(tmp_path / "project", other)
        done = moved.resume()
        assert done.code != 0, done
        assert "EXPORT-RUN-002" in done.err


def test_blobs_are_links_unless_they_are_fetched(project, sandbox):
    sandbox.seed("ContentVersion", 6)
    assert project.export("ContentVersion").code == 0
    links = project.rows("salesforce.ContentVersion")
    assert all("/services/data/" in row["VersionData"] for row in links.values())
    config = project.folder / "firn.yaml"
    config.write_text(config.read_text() + "objects:\n  - {name: ContentVersion, blobs: fetch}\n")
    planned = project.firn("export", "plan", "--json").json()["objects"][0]
    assert planned["blob_calls"] == planned["rows"]
    done = project.export()
    assert done.code == 0, done
    for row in project.rows("salesforce.ContentVersion").values():
        path = row["VersionData"].removeprefix("file://")
        assert path.endswith(row["Id"])
        if row.get("ContentSize"):
            assert len(open(path, "rb").read()) == row["ContentSize"]
