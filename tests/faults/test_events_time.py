"""Streams and time: what is known of a table's age, positions that are too old, records that commit late, clocks
that are off.

What could go wrong in production: a daemon that has measured nothing says that it is up to date; a position whose
events are gone is taken for a good one; a record whose commit took long lies before what is read again. Numbers in
names are the users' issues of other clients.
"""

import json
import sqlite3

import pytest

from support.daemon import running
from support.events import EventsProject
from support.firn import Sandbox

DAEMON = """\
events:
  - {objects: [Account], commit_every: 50ms, account: "012345678901", region: eu-central-1}
daemon: {listen: "127.0.0.1:0", limits_every: 0s}
"""
TOPIC = "/data/AccountChangeEvent"
LAG = f'lag_seconds{{org="prod",pattern="events",topic="{TOPIC}"}}'
FRESHNESS = 'table_freshness_seconds{org="prod",table="salesforce.Account"}'
NEVER_MS = 3_600_000


@pytest.fixture
def org(tmp_path):
    """An org of the test's own: its clock and its instance change."""
    with Sandbox(tmp_path / "org") as sandbox:
        sandbox.seed("Account", 20)
        yield sandbox


def project_of(tmp_path, org, more=""):
    return EventsProject(tmp_path / "project", org, ["Account"], more=more).start()


def stream(daemon):
    return daemon.status()["streams"][0]


def test_lag_and_freshness_are_unknown_until_they_were_found_out(tmp_path, org, client):
    project = project_of(tmp_path, org, DAEMON)
    org.ask("POST", "events", {"keepalive_ms": NEVER_MS})
    with running(project) as daemon:
        daemon.until(lambda: stream(daemon)["state"] == "following", "stream")
        shown, metrics = stream(daemon), daemon.get("/metrics")[1]
        assert shown["lag_seconds"] is None
        assert shown["freshness"] == [{"table": "salesforce.Account", "event_time": None, "seconds": None}]
        assert LAG not in metrics and FRESHNESS not in metrics
        assert "unknown" in project.firn("status").out
        assert project.firn("events", "topics", "--json").json()["rows"][0]["behind"] is None
        # A change is in the table; whether another is on its way nobody knows: as old as that change.
        client.create("Account", Name="First")
        daemon.until(lambda: stream(daemon)["lag_seconds"] is not None, "measurement")
        first = stream(daemon)
        assert first["lag_seconds"] > 0
        assert first["freshness"][0]["event_time"] and first["freshness"][0]["seconds"] > 0
        metrics = daemon.get("/metrics")[1]
        assert LAG in metrics and FRESHNESS in metrics
        # Nothing new comes: what the table holds grows old, and that is shown.
        daemon.until(lambda: stream(daemon)["freshness"][0]["seconds"] > first["freshness"][0]["seconds"], "age")
        assert project.firn("events", "topics", "--json").json()["rows"][0]["behind"] is not None
        assert daemon.end() == 0


def test_a_daemon_that_begins_again_tells_the_age_that_is_known_and_not_zero(tmp_path, org, client):
    project = project_of(tmp_path, org, DAEMON)
    client.create("Account", Name="Before")
    project.follow("Account")
    org.ask("POST", "events", {"keepalive_ms": NEVER_MS})
    with running(project) as daemon:
        daemon.until(lambda: stream(daemon)["state"] == "following", "stream")
        shown = stream(daemon)
        assert shown["lag_seconds"] > 0 and shown["freshness"][0]["seconds"] > 0
        assert daemon.end() == 0


def test_events_name_the_account_and_region_of_firn_yaml(tmp_path, org, client):
    project = project_of(tmp_path, org, DAEMON)
    client.create("Account", Name="Placed")
    shown = project.firn("events", "replay", TOPIC, "--from", "earliest", "--json", AWS_ACCOUNT_ID="999999999999",
                         AWS_REGION="us-west-2")
    assert shown.code == 0, shown
    event = json.loads(shown.out.splitlines()[-1])["event"]
    assert (event["account"], event["region"]) == ("012345678901", "eu-central-1")
    # The daemon's rules see the same.
    (project.folder / "rules").mkdir()
    (project.folder / "rules/here.json").write_text(json.dumps({
        "EventPattern": {"account": ["012345678901"], "region": ["eu-central-1"]},
        "Targets": [{"Id": "file", "Arn": "firn:command/file", "InputPath": "$.id",
                     "CommandParameters": {"Command": ["/bin/sh", "-c", "cat >> seen"]}}]}))
    with running(project) as daemon:
        daemon.until(lambda: stream(daemon)["state"] == "following", "stream")
        client.create("Account", Name="For the rule")
        daemon.until((project.folder / "seen").exists, "delivery")
        assert daemon.end() == 0


def move_cursor_back(project, hours):
    shared = sqlite3.connect(project.folder / ".firn/shared.db", timeout=60)
    with shared:
        [(text,)] = shared.execute("SELECT value FROM shared_value WHERE area = 'stream' AND name = ?", (TOPIC,))
        cursor = json.loads(text)
        for key in ("alive_ms", "event_ms", "known_ms"):
            cursor[key] -= hours * 3_600_000
        shared.execute("UPDATE shared_value SET value = ? WHERE area = 'stream' AND name = ?",
                       (json.dumps(cursor).encode(), TOPIC))
    shared.close()


def test_issue_4768_1061_a_position_older_than_the_events_kept_is_lost_and_read_again(tmp_path, org, client):
    project = project_of(tmp_path, org)
    client.create("Account", Name="Before")
    project.follow()
    kept = client.create("Account", Name="While nobody followed")
    move_cursor_back(project, 71)
    assert project.follow()[TOPIC]["backfills"] == 0, "within what is kept"
    move_cursor_back(project, 80)
    done = project.firn("events", "follow", "--until-caught-up")
    assert done.code != 0 and "EVENT-LOST-001" in done.err and "80 hours ago" in done.err, done
    report = project.follow("--on-lost", "backfill")[TOPIC]
    assert report["backfills"] == 1 and report["tables"][0]["reread"] > 0
    assert kept in project.rows("salesforce.Account")
    project.assert_equal("Account")


def test_issue_27146_a_record_that_commits_late_is_in_what_is_read_again(tmp_path, org, client):
    project = project_of(tmp_path, org)
    client.create("Account", Name="Newest event")
    project.follow()
    # Its stamp lies before that of the newest event.
    with org.faults({"effect": "late_commit", "object": "Account", "seconds": 300, "path": "*/limits*", "times": 1}):
        org.rest("GET", "limits")
    org.ask("POST", "migrate", {})
    assert "EVENT-LOST-001" in project.firn("events", "follow", "--until-caught-up").err
    project.follow("--on-lost", "backfill")
    project.assert_equal("Account")


def test_clock_skew_of_a_minute_loses_and_doubles_no_change(tmp_path, org, client):
    project = project_of(tmp_path, org)
    project.follow()
    before, made = project.events_in("Account", TOPIC), 0
    for offset in (60, -60, 0):
        org.ask("POST", "clock", {"offset_seconds": offset})
        account = client.create("Account", Name=f"Off by {offset}")
        client.update("Account", account, Phone=str(offset))
        made += 2
        project.follow()
    assert project.events_in("Account", TOPIC) - before == made
    project.assert_equal("Account")
