"""Result pages that are not what they should be: each is a clear error or a counted reject, never a
lost or a doubled row."""

import pytest

from support.firn import Sandbox

RESULTS = "/services/data/*/results*"
ROWS = 400


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("org")) as org:
        org.seed("Account", ROWS)
        yield org


def run(project, *more):
    return project.export("Account", "--page-rows", 100, *more)


def check_exact(project, result):
    assert result.code == 0, result
    report = project.report()
    assert report["verdict"] == "exact", report
    object_report = report["objects"][0]
    assert object_report["rows_in_files"] == object_report["count_after"]
    assert len(project.rows("salesforce.Account")) == object_report["count_after"]


@pytest.mark.parametrize("fault", [
    {"effect": "drop", "at_byte": 3000},
    {"effect": "short_page", "rows": 1},
    {"effect": "extra_row"},
    {"effect": "status", "status": 503, "code": "SERVER_UNAVAILABLE", "message": "busy"},
], ids=lambda fault: fault["effect"])
def test_a_page_that_breaks_once_is_fetched_again(project, sandbox, fault):
    sandbox.fault(path=RESULTS, nth=2, times=1, **fault)
    check_exact(project, run(project))


@pytest.mark.parametrize("effect,code", [("short_page", "LAKE-PAGE-002"),
                                         ("extra_row", "LAKE-PAGE-002")])
def test_a_page_with_a_row_too_few_or_too_many_names_the_page_and_resumes(project, sandbox, effect,
                                                                         code):
    sandbox.fault(path=RESULTS, nth=2, times=1000, effect=effect)
    failed = run(project)
    assert failed.code == 1, failed
    assert code in failed.err
    assert "page" in failed.err
    sandbox.clear()
    check_exact(project, project.resume())


def test_a_page_cut_short_every_time_fails_and_resumes(project, sandbox):
    sandbox.fault(path=RESULTS, nth=3, times=1000, effect="drop", at_byte=2000)
    failed = run(project)
    assert failed.code != 0, failed
    assert "firn export resume" in failed.err
    sandbox.clear()
    check_exact(project, project.resume())


def test_invalid_utf8_goes_to_the_rejects_and_the_run_exits_1(project, sandbox):
    sandbox.fault(path=RESULTS, nth=1, times=1, effect="bad_utf8")
    done = run(project)
    assert done.code == 1, done
    report = project.report()["objects"][0]
    assert report["rows_rejected"] == 1
    assert report["rows_written"] + 1 == report["rows_received"]
    assert report["verdict"] == "explained"
    assert report["rejects"][0]["rows"] == 1
    rejects = open(report["rejects_path"], encoding="utf-8").read()
    assert len(rejects.splitlines()) == 1
    assert "rejects" in done.out


def test_strict_stops_at_the_first_row_that_does_not_fit(project, sandbox):
    sandbox.fault(path=RESULTS, nth=1, effect="bad_utf8")
    done = run(project, "--strict")
    assert done.code not in (0, 130), done
    assert "LAKE-REJECT-003" in done.err
    assert project.firn("lake", "history", "salesforce.Account", "--json").json()["rows"] == []


def test_r07_nul_inside_a_value_is_kept_and_counted(project, sandbox):
    sandbox.fault(path=RESULTS, nth=1, times=1, effect="nul")
    done = run(project)
    assert done.code == 0, done
    report = project.report()["objects"][0]
    assert report["nuls_seen"] == 1
    assert report["rows_rejected"] == 0


def test_r10_a_page_that_stalls_is_asked_for_again(project, sandbox):
    sandbox.fault(path=RESULTS, nth=1, times=1, effect="delay", ms=300)
    check_exact(project, run(project))


def body_of(rows):
    cells = ["Id", "AnnualRevenue", "Name"]
    lines = [",".join(f'"{cell}"' for cell in cells)]
    lines += [",".join('"' + value.replace('"', '""') + '"' for value in row) for row in rows]
    return "\n".join(lines) + "\n"


def made_up(project, sandbox, row):
    """Exports with the first page replaced: `row` first, plain rows after it."""
    ids = sorted(fetch_ids(sandbox))
    rows = [(ids[0], *row)] + [(one, "1.00", "plain") for one in ids[1:]]
    sandbox.fault(path=RESULTS, nth=1, times=1, effect="status", status=200, body=body_of(rows))
    return ids[0], project.export("Account", "--field", "Id", "--field", "Name", "--field",
                                  "AnnualRevenue")


def fetch_ids(sandbox):
    answer = sandbox.rest("GET", "query?q=SELECT+Id+FROM+Account")
    return [record["Id"] for record in answer["records"]]


def test_a_value_that_does_not_fit_its_type_is_rejected_with_the_reason(project, sandbox):
    _, done = made_up(project, sandbox, ("twelve", "a name"))
    assert done.code == 1, done
    report = project.report()["objects"][0]
    assert report["rows_rejected"] == 1, report
    assert report["rejects"][0]["field"] == "AnnualRevenue"
    assert report["rejects"][0]["reason"]


def test_excess_fraction_digits_are_rounded_half_up_and_counted(project, sandbox):
    row_id, done = made_up(project, sandbox, ("2.5000000000000000001", "a name"))
    assert done.code in (0, 1), done
    report = project.report()["objects"][0]
    assert report["rows_rejected"] == 0, report
    assert report["values_rounded"] == 1
    assert row_id in project.rows("salesforce.Account")


def test_r08_na_and_null_are_text(project, sandbox):
    row_id, done = made_up(project, sandbox, ("1", "NA"))
    assert done.code == 0, done
    assert project.rows("salesforce.Account")[row_id]["Name"] == "NA"


def test_a_cell_of_32000_characters_arrives_whole(project, sandbox):
    text = "ж\r\n\"" * 8000
    row_id, done = made_up(project, sandbox, ("1", text))
    assert done.code == 0, done
    assert project.rows("salesforce.Account")[row_id]["Name"] == text


def test_r06_each_page_has_its_own_header_and_none_becomes_a_row(project, sandbox):
    check_exact(project, project.export("Account", "--page-rows", 7, "--threads", 2))
    assert "Id" not in project.rows("salesforce.Account")


def test_r19_quoted_line_ends_survive_every_page_border(project, sandbox):
    made = [sandbox.create("Account", Name=f"r19 {i}", Description="line one\r\nline \"two\"\r\n,")
            for i in range(5)]
    check_exact(project, project.export("Account", "--page-rows", 3,
                                        "--where", "Name LIKE 'r19%'"))
    rows = project.rows("salesforce.Account")
    for row_id in made:
        assert rows[row_id]["Description"].replace("\r\n", "\n") == \
            "line one\nline \"two\"\n,"
    for row_id in made:
        sandbox.rest("DELETE", f"sobjects/Account/{row_id}")


def test_a_header_that_differs_from_the_describe_is_planned_again_or_named(project, sandbox):
    ids = fetch_ids(sandbox)
    body = '"Id","Other"\n' + "".join(f'"{one}","x"\n' for one in ids)
    sandbox.fault(path=RESULTS, nth=1, effect="status", status=200, body=body)
    failed = project.export("Account", "--field", "Id", "--field", "Name")
    assert failed.code == 1, failed
    assert "LAKE-PAGE-004" in failed.err
    sandbox.clear()
    check_exact(project, project.resume())


def test_a_describe_that_changes_between_two_pages_is_planned_again_or_named(project, sandbox):
    """The field vanishes after the first page, and later pages come without its column."""
    ids = sorted(fetch_ids(sandbox))
    later = '"Id"\n' + "".join(f'"{one}"\n' for one in ids[100:200])
    sandbox.fault(path=RESULTS, nth=2, times=20, effect="status", status=200, body=later)
    failed = project.export("Account", "--page-rows", 100, "--field", "Id", "--field", "Name",
                            "--file-size", 1)
    assert failed.code == 1, failed
    assert "LAKE-PAGE-004" in failed.err
    assert "page 1 of job" in failed.err
    assert project.firn("lake", "history", "salesforce.Account", "--json").json()["rows"] == []
    sandbox.clear()
    check_exact(project, project.resume())
