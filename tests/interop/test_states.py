"""`firn lake at`, `diff` and `rows --at` on tables whose history and schema other programs have changed.

What could go wrong in production: whoever asks for the state of a day gets the one before it, since the state in
between has expired.
"""
import datetime as dt
import json

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from support.lake_desk import DESCRIBE, expected_row, firn, firn_json, write_page

TABLE = "sales.Deal"


class States:
    """A table of three states, and the moments at which each was the current one."""

    def __init__(self, folder):
        self.folder = folder
        self.warehouse = folder / "lake"
        (folder / "Deal.json").write_text(json.dumps(DESCRIBE))
        self.ids = [self.merge([{**expected_row(n), "Name": f"turn {turn}"} for n in range(3)]) for turn in range(3)]
        self.times = [row["committed_at"] for row in self.history()]

    def merge(self, rows):
        write_page(self.folder / "page.csv", rows)
        return firn_json("lake", "import", "--table", TABLE, "--pages", self.folder / "page.csv", "--describe",
                         self.folder / "Deal.json", "--warehouse", self.warehouse, "--mode", "upsert")["snapshot_id"]

    def history(self):
        return firn_json("lake", "history", TABLE, "--warehouse", self.warehouse)["rows"]

    def at(self, time):
        return firn("lake", "at", TABLE, time, "--warehouse", self.warehouse, "--json", check=False)

    def of_others(self):
        return SqlCatalog("firn", uri=f"sqlite:///{self.warehouse}/catalog.db",
                          warehouse=f"file://{self.warehouse}").load_table(TABLE)


@pytest.fixture
def states(tmp_path):
    return States(tmp_path)


def later(time, ms):
    moment = dt.datetime.fromisoformat(time.replace("Z", "+00:00")) + dt.timedelta(milliseconds=ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_each_state_is_found_by_its_time(states):
    for id_, time in zip(states.ids, states.times):
        assert json.loads(states.at(time).stdout)["snapshot"] == id_
    assert states.at(later(states.times[0], -1)).returncode == 1


def test_a_state_that_another_program_expired_is_not_replaced_by_the_one_before_it(states):
    states.of_others().maintenance.expire_snapshots().by_id(int(states.ids[1])).commit()
    assert [row["snapshot"] for row in states.history()] == [states.ids[0], states.ids[2]]
    gone = states.at(states.times[1])
    assert gone.returncode == 1 and "LAKE-SNAPSHOT-001" in gone.stderr, gone
    rows = firn("lake", "rows", TABLE, "--at", states.times[1], "--warehouse", states.warehouse, check=False)
    assert rows.returncode == 1 and "turn" not in rows.stdout, rows
    assert json.loads(states.at(states.times[0]).stdout)["snapshot"] == states.ids[0]
    assert json.loads(states.at(later(states.times[2], 1)).stdout)["snapshot"] == states.ids[2]


def test_a_difference_is_told_by_the_columns_that_the_table_has_now(states):
    with states.of_others().update_schema() as update:
        update.rename_column("Name", "Title")
        update.delete_column("Count__c")
    changed = firn("lake", "diff", TABLE, "--from", states.ids[0], "--to", states.ids[1], "--warehouse",
                   states.warehouse, "--json")
    lines = [json.loads(line) for line in changed.stdout.splitlines() if line.strip()]
    text = json.dumps(lines)
    assert "turn 0" in text and "turn 1" in text and "turn 2" not in text
    assert "Title" in text and "Count__c" not in text
