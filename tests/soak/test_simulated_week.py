"""A week of an org in minutes: traffic, deletes, hard deletes, formula changes, late commits and schema
changes, followed by incremental runs of which many are killed. At the end every row agrees.

The seed is printed and taken from FIRN_SOAK_SEED; the result lands in bench/results/.
"""

import json
import os
import pathlib
import platform
import random
import time

from pyiceberg.catalog.sql import SqlCatalog

from support.drift import OBJECT, Drift
from support.firn import Sandbox
from support.incremental import IncrementalProject, let_pass

HOUR = 3600
STEP_HOURS = 4
DAYS = int(os.environ.get("FIRN_SOAK_DAYS", "7"))
OBJECTS = ("Account", "Opportunity", "CampaignMember", OBJECT)
RESULTS = pathlib.Path(__file__).resolve().parents[2] / "bench" / "results"
KILLS = ["exports.run.created", "exports.object.described", "exports.columns.noted",
         "exports.columns.evolved", "exports.deletes.listed", "exports.job.created",
         "exports.page.fetched", "exports.file.closed", "exports.file.recorded",
         "exports.fetch.complete", "exports.merge.before", "lake.commit.after_data",
         "lake.commit.after_manifest_list", "lake.commit.before_catalog",
         "lake.commit.after_catalog", "exports.merge.after", "exports.merge.recorded",
         "exports.reconcile.before", "exports.run.before_finish"]


class Week:
    """What happens in the org, and how often."""

    def __init__(self, org, chance):
        self.org = org
        self.chance = chance
        self.counts = dict.fromkeys(("created", "updated", "deleted", "hard_deleted",
                                     "late_commits", "formula_changes", "schema_changes"), 0)
        self.hidden = False
        self.drift = Drift(org, rows=80)

    def ids(self, name, most=400):
        found = self.org.rest("GET", "query?q=" + f"SELECT Id FROM {name} LIMIT {most}"
                              .replace(" ", "+"))
        return [record["Id"] for record in found["records"]]

    def traffic(self):
        org, chance, counts = self.org, self.chance, self.counts
        accounts, deals = self.ids("Account"), self.ids("Opportunity")
        for _ in range(chance.randint(3, 8)):
            org.create("Account", Name=f"account {chance.random()}")
            counts["created"] += 1
        for account in chance.sample(accounts, 8):
            org.rest("PATCH", f"sobjects/Account/{account}", {"Fax": f"{chance.random()}"})
            counts["updated"] += 1
        for deal in chance.sample(deals, 5):
            org.rest("PATCH", f"sobjects/Opportunity/{deal}", {"Name": f"deal {chance.random()}"})
            counts["updated"] += 1
        for deal in chance.sample(deals, 1):
            org.rest("DELETE", f"sobjects/Opportunity/{deal}")
            counts["deleted"] += 1
        for member in chance.sample(self.ids("CampaignMember"), 2):
            org.rest("DELETE", f"sobjects/CampaignMember/{member}")
            counts["hard_deleted"] += 1
        if not self.drift.is_gone:
            self.drift.write(chance, 6)
        for account in chance.sample(accounts, 2):
            org.rest("PATCH", f"sobjects/Account/{account}", {"Name": f"parent {chance.random()}"})
            counts["formula_changes"] += 1

    def late_commit(self):
        with self.org.faults({"effect": "late_commit", "object": self.chance.choice(OBJECTS[:2]),
                              "seconds": self.chance.choice((200, 500, 6 * HOUR)),
                              "path": "*/limits*", "times": 1}):
            self.org.rest("GET", "limits")
        self.counts["late_commits"] += 1

    def schema(self):
        self.hidden = not self.hidden
        self.org.ask("POST", "fields", {"object": "Account", "field": "Phone",
                                        "hidden": self.hidden})
        self.counts["schema_changes"] += 1

    def admin(self):
        """Fields and the object itself change under the followers' feet."""
        for _ in range(self.chance.randint(0, 2)):
            what = self.drift.change(self.chance)
            self.counts[what] = self.counts.get(what, 0) + 1
        return self.drift.is_gone


def assert_no_row_twice(project, what):
    for name in OBJECTS:
        read = project.firn("lake", "rows", f"salesforce.{name}", "--columns", "Id", "--csv")
        ids = read.out.split()[1:]
        assert len(ids) == len(set(ids)), f"{name} holds a row twice after {what}"


def rows_by_others(project, name):
    """Rows and distinct Ids, counted by PyIceberg."""
    warehouse = project.folder / "lake"
    ids = SqlCatalog("firn", uri=f"sqlite:///{warehouse}/catalog.db", warehouse=f"file://{warehouse}") \
        .load_table(f"salesforce.{name}").scan(selected_fields=("Id",)).to_arrow().column("Id")
    return len(ids), len(set(ids.to_pylist()))


def run_once(project, chance, numbers):
    point = chance.choice(KILLS) if chance.random() < 0.4 else None
    environment = {"FIRN_FAULT_POINT": point} if point else {}
    done = project.export(**environment)
    numbers["runs"] += 1
    if done.code == -9:
        numbers["killed"] += 1
        if chance.random() < 0.5:
            resumed = project.resume()
            numbers["resumed"] += 1
            assert resumed.code in (0, 1, 2), resumed
        return
    # An unexplained count is an alarm, not a loss: the sweep of the night settles it.
    assert done.code in (0, 1), done
    numbers["alarms"] += done.code


def test_after_a_simulated_week_with_kills_every_row_agrees(tmp_path):
    seed = int(os.environ.get("FIRN_SOAK_SEED", "20261126"))
    print("seed", seed)
    chance = random.Random(seed)
    numbers = dict.fromkeys(("runs", "killed", "resumed", "alarms"), 0)
    began = time.monotonic()
    with Sandbox(tmp_path / "org", seed=seed) as org:
        for name, rows in (("Account", 2000), ("Opportunity", 500), ("CampaignMember", 300)):
            org.seed(name, rows)
        week = Week(org, chance)
        project = IncrementalProject(tmp_path / "project", org, OBJECTS, more={
            name: ["sweep: 24h", "refresh: 24h"] for name in OBJECTS})
        run_once(project, random.Random(0), numbers)
        for step in range(DAYS * 24 // STEP_HOURS):
            week.traffic()
            if step % 3 == 1:
                week.late_commit()
            if step % 5 == 2:
                week.schema()
            week.admin()
            let_pass(org, STEP_HOURS * HOUR)
            run_once(project, chance, numbers)
            assert_no_row_twice(project, f"step {step}: {numbers}")
        if week.hidden:
            week.schema()
        if week.drift.is_gone:
            week.drift.vanish(False)
        let_pass(org, HOUR)
        last = project.export("--sweep", "--refresh")
        assert last.code in (0, 1), last
        equal = {name: project.assert_equal(name)["same"] for name in OBJECTS}
        assert equal == {name: org.rows_of(name) for name in OBJECTS}
        for name in OBJECTS:
            assert rows_by_others(project, name) == (org.rows_of(name),) * 2, name
        assert project.firn("export", "check").code == 0
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "simulated_week.json").write_text(json.dumps({
        "command": "./dev soak", "seed": seed, "days": DAYS, "machine": platform.machine(),
        "cpus": os.cpu_count(), "seconds": round(time.monotonic() - began), "traffic": week.counts,
        "followed": numbers, "rows_equal": equal, "rows_different": 0}, indent=1) + "\n")
