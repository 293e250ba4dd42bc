"""`firn run` with streams and rules: changes are in the tables, and at their targets, while nobody looks.

What could go wrong in production: the daemon is killed between a table's commit and the cursor and a change is
lost or there twice; two processes follow one topic; a table that was exported while the stream ran misses what
happened meanwhile; deliveries wait for an event that never comes; a slip in a rule stops the others.
"""

import json
import signal
import subprocess
import time

import pytest

from support.daemon import Daemon, running
from support.events import EventsProject
from support.firn import firn_path
from support.pubsub import PubSub
from support.rules import APPEND_LINE

STREAM = """\
events:
  - {objects: [Account, Contact], commit_every: 50ms, events_per_commit: 4, lease: 300ms}
daemon: {listen: "127.0.0.1:0", limits_every: 0s}
"""
# Passed once in a follower's life at most, only when many small files have come together, or only by a
# managed subscription (test_managed.py).
SELDOM = {"events.letter.queued", "events.redrive.before_commit", "lake.merge.file_folded",
          "lake.commit.after_merged", "events.commit.asked", "events.commit.answered"}
RECORDS = {"Account": 30, "Contact": 10}


def made(folder, org, objects=("Account", "Contact"), more=STREAM):
    project = EventsProject(folder, org, objects, more=more).start()
    project.follow(*objects)  # nothing of a test before waits
    return project


@pytest.fixture
def project(tmp_path, org):
    org.clear()
    yield made(tmp_path / "project", org)
    org.clear()


def rule(project, command, name="watch", retry=None):
    (project.folder / "rules").mkdir(exist_ok=True)
    path = project.folder / "rules" / f"{name}.json"
    beside = project.folder / f"{name}.new"
    beside.write_text(json.dumps({
        "EventPattern": {"source": [{"prefix": "aws.partner/salesforce.com/"}]},
        "Targets": [{"Id": "log", "Arn": "firn:command/log", "InputPath": "$.id",
                     "CommandParameters": {"Command": command}, **(retry or {})}]}))
    beside.rename(path)


def seen(project):
    path = project.folder / "seen"
    return path.read_text().split() if path.exists() else []


class Changes:
    """Changes made in the org, by object, and what the tables say they took."""

    def __init__(self, project, client):
        self.project, self.client = project, client
        self.made = {"Account": 0, "Contact": 0}
        self.before = {name: project.events_in(name) for name in self.made}

    def make(self, rounds):
        for i in range(rounds):
            account = self.client.create("Account", Name=f"Load {i}", Phone="1")
            self.client.update("Account", account, Phone=None, BillingCity="Oslo")
            contact = self.client.create("Contact", LastName=f"Load {i}", AccountId=account)
            self.client.update("Contact", contact, FirstName="Ada")
            self.made["Account"] += 2
            self.made["Contact"] += 2
            if i % 2 == 0:
                self.client.delete("Contact", contact)
                self.made["Contact"] += 1

    @property
    def total(self):
        return sum(self.made.values())

    def are_in(self):
        return all(self.project.events_in(name) - self.before[name] >= count
                   for name, count in self.made.items())

    def check(self):
        for name, count in self.made.items():
            assert self.project.events_in(name) - self.before[name] == count, name
            self.project.assert_equal(name)


def wait_for(happened):
    end = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.05)


def stream(daemon):
    return daemon.status()["streams"][0]


def until_following(daemon):
    daemon.until(lambda: stream(daemon)["state"] == "following", "stream")
    return daemon


def test_changes_reach_tables_and_targets_and_are_shown(project, org):
    rule(project, APPEND_LINE)
    with PubSub(org) as client, running(project) as daemon:
        until_following(daemon)
        changes = Changes(project, client)
        changes.make(3)
        daemon.until(changes.are_in, "changes")
        daemon.until(lambda: len(set(seen(project))) >= changes.total, "deliveries")
        daemon.until(lambda: daemon.get("/readyz") == (200, "ready\n"), "readiness")
        shown = stream(daemon)
        assert shown["tables"] == ["salesforce.Account", "salesforce.Contact"]
        assert shown["events"] >= changes.total and shown["event_time"] and shown["lag_seconds"] >= 0
        assert daemon.status()["rules"]["state"] == "delivering"
        metrics = daemon.get("/metrics")[1]
        for name in ('lag_seconds{org="prod",pattern="events",topic="/data/ChangeEvents"}',
                     'table_freshness_seconds{org="prod",table="salesforce.Account"}', "event_deliveries{",
                     'stream_following{org="prod",topic="/data/ChangeEvents"} 1', "outbox_waiting{", "dead_letters 0"):
            assert name in metrics, name
        runs = project.firn("runs", "--json").json()["rows"]
        assert runs[0]["run_id"] == "events /data/ChangeEvents" and runs[0]["state"] == "following"
        assert '"events.following"' in project.firn("logs", "--lines", "1000").out
        text = project.firn("status").out
        assert "/data/ChangeEvents" in text and "following" in text
        assert daemon.end() == 0
    assert daemon.events("events.settled") and not daemon.events("events.stopped")
    changes.check()
    assert len(seen(project)) == len(set(seen(project))), "a delivery came twice"


def points():
    listed = json.loads(subprocess.run([firn_path(), "debug", "faultpoints", "--json"],
                                       capture_output=True, check=True).stdout)
    return [row["name"] for row in listed["rows"]
            if row["name"].startswith(("events.", "lake.merge.", "lake.commit.")) and row["name"] not in SELDOM]


@pytest.fixture(scope="module")
def busy(org, tmp_path_factory):
    """One project for all kills: each begins where the one before ended."""
    project = made(tmp_path_factory.mktemp("busy"), org)
    rule(project, APPEND_LINE)
    with running(project) as daemon:
        until_following(daemon).end()
    return project


@pytest.mark.parametrize("point", points())
def test_killed_at_a_fault_point_no_change_is_lost_or_doubled(org, busy, point):
    """The daemon is killed at the second passage, while changes go on: then an earlier cycle is settled."""
    with PubSub(org) as client:
        org.clear()
        changes = Changes(busy, client)
        quarantined = point == "events.quarantined"
        if quarantined:
            org.fault(effect="bad_event", path="/eventbus.v1.PubSub/Subscribe*", events=3, times=1)
        killed = Daemon(busy, FIRN_FAULT_POINT=point if quarantined else point + ":2")
        for _ in range(20):
            changes.make(1)
            if killed.process.poll() is not None:
                break
        assert killed.process.wait(120) == -signal.SIGKILL, f"{point} was not passed"
        killed.log.close()
        changes.make(2)
        org.clear()
        with running(busy) as daemon:
            daemon.until(changes.are_in, "changes")
            daemon.until(lambda: daemon.status()["rules"]["deliveries_waiting"] == 0, "empty outbox")
            daemon.end()
    changes.check()
    # Every delivery at least once; what stood between the target and the outbox at most twice.
    twice = len(seen(busy)) - len(set(seen(busy)))
    assert twice <= 64, twice


def test_a_second_process_waits_for_the_first_and_takes_its_place(tmp_path, org):
    # Longer than any pause that a busy machine makes: the place passes on because it is given back.
    project = made(tmp_path / "project", org, more=STREAM.replace("lease: 300ms", "lease: 10m"))
    with PubSub(org) as client:
        changes = Changes(project, client)
        first = project.start_following("Account", "Contact", lease="10m")
        changes.make(1)
        wait_for(changes.are_in)  # it follows
        with running(project) as daemon:
            daemon.until(lambda: stream(daemon)["state"] == "waiting", "waiting stream")
            daemon.until(lambda: daemon.get("/readyz")[0] == 200, "readiness")
            changes.make(1)
            daemon.until(changes.are_in, "changes")
            first.send_signal(signal.SIGINT)
            first.communicate(timeout=300)
            until_following(daemon)
            waiting = project.start_following("Account", "Contact", lease="10m")
            changes.make(1)
            daemon.until(changes.are_in, "changes")
            assert waiting.poll() is None
            waiting.send_signal(signal.SIGINT)
            out, _ = waiting.communicate(timeout=300)
            assert project.reports(out) == {}, "it took events that the daemon had"
            daemon.end()
        changes.check()


def test_the_outbox_drains_while_no_event_comes(project, org):
    """The target was down; nothing happens in the org when it is back."""
    rule(project, ["/bin/sh", "-c", "test -e up && line=$(cat) && printf '%s\\n' \"$line\" >> seen"])
    with PubSub(org) as client, running(project) as daemon:
        until_following(daemon)
        changes = Changes(project, client)
        changes.make(1)
        daemon.until(changes.are_in, "changes")
        daemon.until(lambda: daemon.status()["rules"]["deliveries_waiting"] > 0, "waiting deliveries")
        daemon.end()
    with running(project) as daemon:
        (project.folder / "up").touch()
        daemon.until(lambda: daemon.status()["rules"]["deliveries_waiting"] == 0
                     and daemon.status()["rules"]["state"] == "delivering", "empty outbox")
        daemon.end()
    assert len(seen(project)) == len(set(seen(project))) >= changes.total


def test_a_new_rule_is_taken_over_and_a_wrong_one_leaves_the_old_in_force(project, org):
    with PubSub(org) as client, running(project) as daemon:
        until_following(daemon)
        rule(project, APPEND_LINE)
        daemon.until(lambda: daemon.events("rules.delivering"), "rules")
        changes = Changes(project, client)
        changes.make(1)
        daemon.until(lambda: len(set(seen(project))) >= changes.total, "deliveries")
        wrong = project.folder / "wrong.new"
        wrong.write_text('{"EventPattern": {"source": "no list"}, "Targets": []}')
        wrong.rename(project.folder / "rules" / "wrong.json")
        daemon.until(lambda: daemon.events("config.refused"), "refusal")
        assert "wrong.json" in daemon.status()["reload_error"]
        before = len(set(seen(project)))
        changes.make(1)
        daemon.until(lambda: len(set(seen(project))) > before, "deliveries by the old rule")
        daemon.end()
    project.follow("Account", "Contact")
    changes.check()


def test_tables_that_an_export_makes_later_join_without_a_gap(tmp_path, org):
    """The stream runs long before; the record that is deleted for good meanwhile is known by its event only."""
    org.clear()
    project = EventsProject(tmp_path / "project", org, ["Account", "Contact"], more="""\
events: [{commit_every: 50ms, lease: 300ms}]
daemon: {listen: "127.0.0.1:0", limits_every: 0s}
""")
    with PubSub(org) as client, running(project) as daemon:
        daemon.until(lambda: stream(daemon)["state"] == "no tables", "stream without tables")
        assert project.export("Account").code == 0
        until_following(daemon)
        gone = client.create("Contact", LastName="Gone")
        stays = client.create("Contact", LastName="Stays")
        accounts = project.events_in("Account")
        assert project.export("Contact").code == 0
        client.delete("Contact", gone)
        org.ask("DELETE", "recycle_bin")
        client.update("Contact", stays, FirstName="Late")
        client.update("Account", client.create("Account", Name="Meanwhile"), Phone="7")
        daemon.until(lambda: stream(daemon)["tables"] == ["salesforce.Account", "salesforce.Contact"]
                     and stream(daemon)["state"] == "following", "both tables")
        daemon.until(lambda: project.events_in("Account") >= accounts + 2, "changes")
        daemon.until(lambda: project.deep("Contact")["extra"] == 0, "the delete")
        daemon.end()
    for name in ("Account", "Contact"):
        project.assert_equal(name)


def test_an_org_that_is_away_is_told_and_followed_again(project, org):
    with PubSub(org) as client:
        changes = Changes(project, client)
        with org.faults({"effect": "status", "status": 503, "path": "/services/oauth2/*"}):
            with running(project) as daemon:
                daemon.until(lambda: stream(daemon)["state"] == "retrying", "retrying stream")
                status, reasons = daemon.get("/readyz")
                assert status == 503 and "/data/ChangeEvents retrying" in reasons
                org.clear()
                until_following(daemon)
                changes.make(1)
                daemon.until(changes.are_in, "changes")
                daemon.end()
        changes.check()
