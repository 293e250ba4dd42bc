"""The requirements that came from other tools' lost rows (R1-R19), as far as they concern reading and are
not shown beside the fault that belongs to them: `grep -rn "def test_r[0-9]" tests` lists all of them.

R14 and R16 are about writing to the org; R3 and R15 are met here by full exports.
"""

import json
import os
import subprocess

import pytest

from support.firn import Project, Sandbox, firn, firn_environment, firn_path

BLOCK_BYTES = 512 * 1024  # of the page decoder


WIDE_OBJECT = """\
object: Wide__c
label: Wide
plural: Wides
keyPrefix: "a9W"
source: made for this test
read: 2026-11-25
leftOut: nothing
rows: 10
fields:
  - {name: Id, label: Id, type: id}
  - {name: IsDeleted, label: Deleted, type: boolean, readOnly: true, generate: system}
  - {name: Name, label: Name, type: string, length: 80, nameField: true}
  - {name: CreatedDate, label: Created, type: datetime, readOnly: true, required: true, generate: system}
  - {name: SystemModstamp, label: Stamp, type: datetime, readOnly: true, required: true, generate: system}
"""


@pytest.fixture(scope="module")
def wide_object(tmp_path_factory):
    """An object whose field names alone are longer than an address may be (16,384 bytes)."""
    fields = "".join(f"  - {{name: Measured_{'value_' * 4}{n:04d}__c, label: M{n}, type: double, precision: 9, scale: 2, "
                     f"generate: number 0 9}}\n"
                     for n in range(480))
    path = tmp_path_factory.mktemp("objects") / "Wide__c.yaml"
    path.write_text(WIDE_OBJECT + fields)
    return path


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("org")) as org:
        org.seed("Account", 200)
        yield org


def test_r03_a_formula_that_moved_without_its_record_is_read_anew(project, sandbox):
    account = sandbox.create("Account", Name="old name")
    deal = sandbox.create("Opportunity", Name="deal", AccountId=account, StageName="Prospecting",
                          CloseDate="2026-12-01")
    assert project.export("Opportunity").code == 0
    before = project.rows("salesforce.Opportunity")[deal]
    sandbox.rest("PATCH", f"sobjects/Account/{account}", {"Name": "new name"})
    assert project.export("Opportunity").code == 0
    after = project.rows("salesforce.Opportunity")[deal]
    assert before["AccountName__c"] == "old name"
    assert after["AccountName__c"] == "new name"
    assert after["SystemModstamp"] == before["SystemModstamp"]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/St_Johns", "Etc/GMT+12", "Europe/Lisbon"])
def test_r09_a_date_is_the_same_day_in_every_zone(project, sandbox, zone):
    days = ["1900-01-01", "1969-12-31", "2026-03-29", "2026-11-01", "2038-01-20"]
    deals = {sandbox.create("Opportunity", Name=f"{zone} {day}", StageName="Prospecting", CloseDate=day): day
             for day in days}
    done = project.export("Opportunity", "--where", f"Name LIKE '{zone}%'", TZ=zone)
    assert done.code == 0, done
    rows = project.rows("salesforce.Opportunity")
    assert {row_id: rows[row_id]["CloseDate"] for row_id in deals} == deals


def test_r15_an_object_too_wide_for_one_address_is_read_in_parts(tmp_path, wide_object):
    with Sandbox(tmp_path / "org", object_files=[wide_object]) as org:
        org.seed("Wide__c", 30)
        project = Project(tmp_path / "project", org)
        assert project.export("Wide__c").code == 0
        by_bulk = project.rows("salesforce.Wide__c")
        org.fault(method="POST", path="/services/data/*/jobs/query", effect="status", status=400,
                  code="INVALIDENTITY", message="Entity 'Wide__c' is not supported by the Bulk API.")
        done = project.export("Wide__c")
        assert done.code == 0, done
        assert project.report()["objects"][0]["method"] == "rest"
        assert project.rows("salesforce.Wide__c") == by_bulk
        asked = [line for line in org.requests() if "/query" in line["path"] and line["status"] == 414]
        assert not asked


def test_r17_a_job_that_is_long_in_the_queue_is_waited_for(project, sandbox):
    waiting = {"id": "750000000000001AAA", "operation": "query", "object": "Account", "state": "InProgress"}
    sandbox.fault(method="GET", path="/services/data/*/jobs/query/" + "?" * 18, times=3, effect="status",
                  status=200, body=json.dumps(waiting))
    done = project.export("Account")
    assert done.code == 0, done
    assert project.report()["verdict"] == "exact"
    polls = [line for line in sandbox.requests() if line["method"] == "GET" and
             line["path"].split("/")[-2:-1] == ["query"]]
    assert len(polls) >= 4


def peak_bytes(project, *words):
    process = subprocess.Popen([firn_path(), "export", "run", *words], cwd=project.folder,
                               env=firn_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    err = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, err
    return usage.ru_maxrss * 1024


def test_r18_memory_is_bounded_whatever_the_object(tmp_path):
    with Sandbox(tmp_path / "org") as org:
        org.seed("Account", 150_000)
        project = Project(tmp_path / "project", org)
        assert peak_bytes(project, "Account", "--memory", "256MiB") <= 256 << 20
        report = project.report()
        assert report["verdict"] == "exact"
        assert report["objects"][0]["csv_bytes"] > 100 << 20


# What stands at a block's border: the row that holds it, and the text it must become.
PIECES = {
    "crlf": ('"line\r\nend"', "line\r\nend"),
    "quotes": ('"say ""yes"" ""no"""', 'say "yes" "no"'),
    "separators": ('"a,b\n,\r\n,c"', "a,b\n,\r\n,c"),
    "two_bytes": ('"zürich ж"', "zürich ж"),
    "four_bytes": ('"\U0001f9ca\U0001f680"', "\U0001f9ca\U0001f680"),
    "empty": ('""', None),
}


@pytest.mark.parametrize("piece", PIECES)
def test_r19_nothing_changes_wherever_a_block_border_falls(tmp_path, piece):
    cell, expected = PIECES[piece]
    describe = {"name": "Note", "fields": [
        {"name": "Id", "type": "id", "length": 18, "nillable": False},
        {"name": "Text", "type": "textarea", "length": 32000, "nillable": True}]}
    (tmp_path / "describe.json").write_text(json.dumps(describe))
    width = len(cell.encode()) + 24
    (tmp_path / "pages").mkdir()
    for shift in range(width):
        begin = '"Id","Text"\n'
        row = f'"002{shift:012d}AAA",'
        filler_row = '"003{:012d}AAA","{}"\n'
        room = BLOCK_BYTES - len(begin) - len(row) + 20 - shift
        filler = ""
        for n in range(20):
            cells = room // 20 if n < 19 else room - len(filler)
            empty = len(filler_row.format(0, ""))
            filler += filler_row.format(shift * 100 + n, "x" * (cells - empty))
        text = begin + filler + row + cell + '\n"004%012dAAA","after"\n' % shift
        (tmp_path / f"pages/{shift:03d}.csv").write_bytes(text.encode())
    done = firn("lake", "import", "--table", "n.Note", "--pages", tmp_path / "pages", "--describe",
                tmp_path / "describe.json", "--warehouse", tmp_path / "lake", cwd=tmp_path)
    assert done.code == 0, done
    read = firn("lake", "rows", "n.Note", "--warehouse", tmp_path / "lake", "--json", cwd=tmp_path)
    rows = {}
    for line in read.out.splitlines():
        row = json.loads(line)["row"]
        rows[row["Id"]] = row["Text"]
    assert len(rows) == 22 * width
    for shift in range(width):
        assert rows[f"002{shift:012d}AAA"] == expected, shift
        assert rows[f"004{shift:012d}AAA"] == "after", shift
