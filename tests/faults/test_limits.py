"""The org's limits, maintenance and broken connections.

What could go wrong in production: an export spends the calls that the customer's own integrations
need, two runs pass together what each alone respects, or an outage of a minute ends a night's work.
"""

import subprocess

import pytest

from support.firn import Project, Sandbox, firn_environment, firn_path

TRY_LATER = 5
CANNOT_REACH = 6
OBJECTS = ("Account", "Contact", "Lead", "Opportunity")


@pytest.fixture
def sandbox(tmp_path):
    with Sandbox(tmp_path / "org") as org:
        for name in OBJECTS:
            org.seed(name, 300)
        yield org


@pytest.fixture
def project(tmp_path, sandbox):
    return Project(tmp_path / "project", sandbox)


def use(sandbox, calls):
    sandbox.ask("POST", "limits", {"api_requests": {"used": calls}})


def used(sandbox):
    return sandbox.ask("GET", "limits")["api_requests"]["used"]


def share(sandbox):
    return sandbox.ask("GET", "limits")["api_requests"]["max"] * 80 // 100


def test_run_at_the_share_stops_with_exit_5_and_resumes_when_usage_has_fallen(project, sandbox):
    line = share(sandbox)
    use(sandbox, line - 75)
    done = project.export(*OBJECTS, "--page-rows", 50)
    assert done.code == TRY_LATER, done
    assert "SF-LIMIT-001" in done.err
    early = project.resume()
    assert early.code == TRY_LATER, early
    assert used(sandbox) <= line
    use(sandbox, 0)
    resumed = project.resume()
    assert resumed.code == 0, resumed
    assert project.report()["verdict"] == "exact"


def start(project):
    return subprocess.Popen([firn_path(), "export", "run", *OBJECTS, "--page-rows", "50"],
                            cwd=project.folder, env=firn_environment(), stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def test_two_projects_on_one_org_never_pass_the_share_together(sandbox, tmp_path):
    line = share(sandbox)
    use(sandbox, line - 90)
    runs = [start(Project(tmp_path / name, sandbox)) for name in ("one", "two")]
    for run in runs:
        out, err = run.communicate(timeout=300)
        assert run.returncode in (0, TRY_LATER), out + err
    assert used(sandbox) <= line
    assert TRY_LATER in [run.returncode for run in runs]


def test_run_and_queries_on_one_state_folder_never_pass_the_share_together(project, sandbox):
    line = share(sandbox)
    use(sandbox, line - 90)
    run = start(project)
    codes = set()
    for _ in range(20):
        codes.add(project.firn("org", "query", "SELECT Id FROM Account LIMIT 1").code)
    out, err = run.communicate(timeout=300)
    assert run.returncode in (0, TRY_LATER), out + err
    assert codes <= {0, TRY_LATER}
    assert used(sandbox) <= line


def test_quota_that_others_use_up_stops_and_resumes_when_it_has_fallen(project, sandbox):
    sandbox.fault(effect="quota", path="*/results*", nth=1, times=1)
    done = project.export("Account", "Contact")
    assert done.code == TRY_LATER, done
    use(sandbox, 0)
    resumed = project.resume()
    assert resumed.code == 0, resumed
    assert project.report()["verdict"] == "exact"


def test_maintenance_of_a_moment_is_waited_out(project, sandbox):
    sandbox.fault(effect="status", status=503, code="SERVER_UNAVAILABLE",
                  message="down for maintenance", path="*/jobs/query/*", times=2)
    done = project.export("Account")
    assert done.code == 0, done
    assert project.report()["verdict"] == "exact"


def test_lost_answer_of_a_create_loses_and_doubles_nothing(project, sandbox):
    sandbox.fault(effect="drop", at_byte=0, method="POST", path="*/jobs/query", nth=1, times=1)
    done = project.export("Account")
    assert done.code == 0, done
    assert project.report()["verdict"] == "exact"
    assert len(project.rows("salesforce.Account")) == sandbox.rows_of("Account")


def test_org_that_cannot_be_reached_is_exit_6(project, sandbox):
    sandbox.stop()
    done = project.firn("org", "login", "--json")
    assert done.code == CANNOT_REACH, done
    assert done.json().get("error", done.json())["code"].startswith("NET-HTTP-")
