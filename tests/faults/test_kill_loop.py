"""kill -9 at every fault point, then `firn export resume`: the table is the same, nothing that was
durable is fetched again, no orphan file is left unreported. Every point, never a sample."""

import pytest

from support.firn import Project, fault_points

ROWS = 260
PAGE_ROWS = 50
RUN = ("Account", "--page-rows", PAGE_ROWS, "--file-size", "1", "--threads", "2")
# Points of another life than an export's: nothing of a run passes there, nor at the sandbox's and events' own.
DISK_ONLY = {"base.file.write"}
RECORDS = {"Account": ROWS}


def points():
    others = ("sandbox.", "events.", "federation.")
    return [name for name in fault_points() if name not in DISK_ONLY and not name.startswith(others)]


@pytest.fixture(scope="module")
def expected(org, tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("expected"), org)
    done = project.export(*RUN)
    assert done.code == 0, done
    rows = project.rows("salesforce.Account")
    assert len(rows) == org.rows_of("Account")
    return rows


def pages_durable(project):
    try:
        with project.state() as state:
            return state.execute("SELECT count(*) FROM page WHERE file_ordinal IS NOT NULL "
                                 "AND rows > 0").fetchone()[0]
    except Exception:  # killed before the ledger was made
        return 0


def result_requests(org):
    return [line for line in org.requests() if line["path"].endswith("/results")]


# Points that no whole export passes: test_incremental_kill.py, test_forget.py.
INCREMENTAL = ("exports.columns.", "exports.deletes.", "exports.merge.", "exports.forget.")


def kill_and_resume(org, expected, project, point):
    killed = project.export(*RUN, FIRN_FAULT_POINT=point)
    if killed.code == 0:
        return False
    assert killed.code == -9, killed
    durable = pages_durable(project)
    jobs_before = org.status()["limits"]["bulk_query_jobs"]["used"]
    fetched_before = len(result_requests(org))
    resumed = project.resume()
    fetched = len(result_requests(org)) - fetched_before
    if "EXPORT-RUN-003" in resumed.err or "STATE-OPEN-001" in resumed.err:
        resumed = project.export(*RUN)  # died before there was a run
    assert resumed.code == 0, resumed
    report = project.report()
    assert report["verdict"] == "exact", report
    assert project.rows("salesforce.Account") == expected
    assert project.orphans("salesforce.Account") == []
    pages = -(-len(expected) // PAGE_ROWS)
    if durable:
        assert fetched <= pages - durable, (fetched, durable)
        assert org.status()["limits"]["bulk_query_jobs"]["used"] == jobs_before
    history = project.firn("lake", "history", "salesforce.Account", "--json").json()
    assert len(history["rows"]) == 1, history
    return True


@pytest.mark.parametrize("point", points())
def test_killed_at_a_fault_point_the_run_resumes_to_the_same_table(org, expected, tmp_path, point):
    passed = kill_and_resume(org, expected, Project(tmp_path / "first", org), point)
    if point.startswith(("exports.", "state.")) and not point.startswith(INCREMENTAL):
        assert passed, f"no export passes {point}"


@pytest.mark.parametrize("point", ["exports.page.fetched:3", "exports.file.closed:3",
                                   "exports.file.recorded:4", "state.file.before_commit:2",
                                   "base.file.after_rename:3"])
def test_killed_at_a_later_passage_the_run_resumes_to_the_same_table(org, expected, tmp_path,
                                                                    point):
    kill_and_resume(org, expected, Project(tmp_path / "later", org), point)


def test_killed_twice_the_run_resumes_to_the_same_table(org, expected, tmp_path):
    project = Project(tmp_path / "twice", org)
    assert project.export(*RUN, FIRN_FAULT_POINT="exports.file.recorded:2").code == -9
    assert project.resume(FIRN_FAULT_POINT="exports.commit.after").code == -9
    resumed = project.resume()
    assert resumed.code == 0, resumed
    assert "had not been recorded" in resumed.err
    assert project.rows("salesforce.Account") == expected


def test_a_job_that_was_made_but_not_recorded_is_found_again(org, tmp_path):
    project = Project(tmp_path / "job", org)
    assert project.export(*RUN, FIRN_FAULT_POINT="exports.job.created").code == -9
    used = org.status()["limits"]["bulk_query_jobs"]["used"]
    resumed = project.resume()
    assert resumed.code == 0, resumed
    assert org.status()["limits"]["bulk_query_jobs"]["used"] == used
    assert "had not been recorded" in resumed.err


def test_a_killed_refresh_of_a_full_table_leaves_the_old_rows_readable(org, expected, tmp_path):
    project = Project(tmp_path / "refresh", org)
    assert project.export(*RUN).code == 0
    assert project.export(*RUN, FIRN_FAULT_POINT="exports.commit.before").code == -9
    assert project.rows("salesforce.Account") == expected
    assert project.resume().code == 0
    assert project.rows("salesforce.Account") == expected
