"""`firn run` with a managed subscription, and with an outbox that somebody holds.

What could go wrong in production: the org is told a position that the tables do not have; a daemon that was killed
goes on at the org's position instead of its own; a name that the org does not know stops the daemon instead of the
stream; rules that cannot take an event let the stream go on without them.
"""
import json
import signal
import sqlite3

import pytest

from support.daemon import Daemon, running
from support.events import EventsProject
from support.managed import managed_subscription, waiting_at
from support.rules import APPEND_LINE

ACCOUNTS = "/data/AccountChangeEvent"
STREAM = """\
events:
  - {objects: [Account], topic: %s, managed: %s, commit_every: 50ms, events_per_commit: 3, lease: 300ms}
daemon: {listen: "127.0.0.1:0", limits_every: 0s}
"""
PLAIN = """\
events:
  - {objects: [Account], topic: /data/AccountChangeEvent, commit_every: 50ms, events_per_commit: 3, lease: 300ms}
daemon: {listen: "127.0.0.1:0", limits_every: 0s}
"""
RECORDS = {"Account": 10}


def made(folder, org, more, *words):
    """With all that happened in its table: what comes from here on can be counted."""
    project = EventsProject(folder, org, ["Account"], more=more).start()
    project.follow(*words)
    return project


def managed(folder, org, name):
    return made(folder, org, STREAM % (ACCOUNTS, name), "--managed", name)


def stream(daemon):
    return daemon.status()["streams"][0]


def following(daemon):
    daemon.until(lambda: stream(daemon)["state"] == "following", "stream")


def until_managed_alone(daemon):
    """Until the managed stream has come to where the plain one is: from then on the org hears of every position."""
    daemon.until(lambda: any("goes on from here" in line.get("text", "") for line in daemon.events("events.note")), "splice")


def taken(project):
    return project.events_in("Account", ACCOUNTS)


def rule(project, name="watch", prefix="Ruled"):
    (project.folder / "rules").mkdir(exist_ok=True)
    (project.folder / "rules" / f"{name}.json").write_text(json.dumps({
        "EventPattern": {"detail": {"payload": {"Name": [{"prefix": prefix}]}}},
        "Targets": [{"Id": "log", "Arn": "firn:command/log", "InputPath": "$.detail.payload.Name",
                     "CommandParameters": {"Command": APPEND_LINE}, "DeliveryParameters": {"Concurrency": 1}}]}))


def seen(project):
    path = project.folder / "seen"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_the_daemon_follows_a_managed_subscription_and_commits_to_it(tmp_path, org, client):
    name = managed_subscription(client, "DaemonKeeps")
    project = managed(tmp_path / "project", org, name)
    rule(project)
    before = taken(project)
    with running(project) as daemon:
        following(daemon)
        wanted = [f"Ruled {n}" for n in range(7)]
        for each in wanted:
            client.create("Account", Name=each)
        daemon.until(lambda: taken(project) - before >= 7, "changes")
        daemon.until(lambda: len(seen(project)) >= 7, "deliveries")
        rows = project.firn("events", "topics", "--json").json()["rows"]
        assert [row["state"] for row in rows] == ["followed, managed as " + name]
        until_managed_alone(daemon)
        assert daemon.end() == 0
    assert waiting_at(client, name) == 0, "what is settled is not told again"
    assert sorted(seen(project)) == wanted and taken(project) - before == 7
    project.assert_equal("Account")


@pytest.mark.parametrize("point", ["events.table.committed", "events.cursor.saved", "events.commit.asked",
                                   "events.commit.answered"])
def test_killed_around_a_commit_no_change_is_lost_or_taken_twice(tmp_path, org, client, point):
    name = managed_subscription(client, "Daemon_" + point.replace(".", "_"))
    project = managed(tmp_path / "project", org, name)
    before = taken(project)
    killed = Daemon(project, FIRN_FAULT_POINT=point)
    made_now = 0
    while killed.process.poll() is None and made_now < 200:
        client.create("Account", Name=f"Load {made_now}")
        made_now += 1
    assert killed.process.wait(120) == -signal.SIGKILL, f"{point} was not passed"
    killed.log.close()
    client.create("Account", Name="While it was away")
    made_now += 1
    with running(project) as daemon:
        daemon.until(lambda: taken(project) - before >= made_now, "changes")
        daemon.end()
    assert taken(project) - before == made_now
    project.follow("--managed", name)  # ends when the org is told, too
    assert taken(project) - before == made_now
    project.assert_equal("Account")
    assert waiting_at(client, name) == 0


def test_a_name_that_the_org_does_not_know_is_told_and_followed_once_it_is_there(tmp_path, org, client):
    project = made(tmp_path / "project", org, STREAM % (ACCOUNTS, "MadeLater"))
    with running(project) as daemon:
        daemon.until(lambda: stream(daemon)["state"] == "retrying", "refusal")
        assert "SF-STREAM-017" in stream(daemon)["detail"]
        managed_subscription(client, "MadeLater")
        account = client.create("Account", Name="Behind the refusal")
        following(daemon)
        daemon.until(lambda: account in project.rows("salesforce.Account"), "change")
        daemon.end()
    project.assert_equal("Account")


def test_issue_4355_4676_what_the_rules_cannot_take_holds_the_position(tmp_path, org, client):
    """Somebody holds the outbox: the stream says so and stands still; nothing is missing or doubled afterwards."""
    project = made(tmp_path / "project", org, PLAIN)
    rule(project, prefix="Held")
    before = taken(project)
    with running(project) as daemon:
        following(daemon)
        outbox = sqlite3.connect(project.folder / ".firn/outbox.db", isolation_level=None, timeout=300)
        outbox.execute("BEGIN IMMEDIATE")
        wanted = [f"Held-{n}" for n in range(5)]
        for each in wanted:
            client.create("Account", Name=each)
        daemon.until(lambda: any("BASE-SQL-003" in line.get("error", "") for line in daemon.events("events.stopped")),
                     "stop of the stream")
        assert seen(project) == []
        outbox.execute("ROLLBACK")
        outbox.close()
        daemon.until(lambda: set(seen(project)) == set(wanted), "deliveries")
        daemon.until(lambda: taken(project) - before >= 5, "changes")
        daemon.end()
    assert sorted(seen(project)) == wanted and taken(project) - before == 5
    project.assert_equal("Account")
