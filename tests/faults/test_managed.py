"""Managed subscriptions: the org keeps a position beside ours. Ours is the word that counts: what the org is told is never ahead of
what the tables and the outbox hold, and wherever the two positions differ no change is lost and none is taken twice."""
import itertools
import json
import signal
import subprocess

import pytest

from support.events import EventsProject
from support.firn import firn_environment, firn_path, until
from support.managed import Managed, managed_subscription, waiting_at
from support.rules import APPEND_LINE

ACCOUNTS = "/data/AccountChangeEvent"
NUMBERS = itertools.count(1)
POINTS = ["events.table.committed", "events.cycle.settling", "events.cycle.settled", "events.cursor.saved",
          "events.commit.asked", "events.commit.answered"]
RECORDS = {"Account": 20}


@pytest.fixture
def name(client):
    """A managed subscription of the test's own, that begins at the oldest event."""
    return managed_subscription(client, f"Own{next(NUMBERS)}")


@pytest.fixture
def project(org, tmp_path):
    return EventsProject(tmp_path / "project", org, ["Account"]).start()


def follow(project, name, *words, **more):
    return project.follow("--managed", name, *words, **more)


def test_the_org_keeps_the_position_that_the_tables_have(project, client, name):
    client.create("Account", Name="Kept")
    report = follow(project, name)[ACCOUNTS]
    assert report["events"] >= 1
    project.assert_equal("Account")
    assert waiting_at(client, name) == 0, "what is done is not told again"
    before = project.events_in("Account", ACCOUNTS)
    client.create("Account", Name="More")
    follow(project, name)
    assert project.events_in("Account", ACCOUNTS) == before + 1
    project.assert_equal("Account")
    listed = project.firn("events", "topics", "--json").json()["rows"]
    assert [row["state"] for row in listed] == ["followed, managed as " + name]


def test_an_id_does_as_well_as_a_name(project, client, org):
    made = client.rest("POST", "/tooling/sobjects/ManagedEventSubscription", {"FullName": "ById", "Metadata": {
        "label": "ById", "topicName": ACCOUNTS, "defaultReplay": "EARLIEST", "errorRecoveryReplay": "EARLIEST", "state": "RUN"}})
    client.create("Account", Name="By id")
    follow(project, made["id"])
    assert waiting_at(client, "ById") == 0


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_fault_point_no_change_is_lost_or_taken_twice(project, client, name, point):
    follow(project, name)
    before = project.events_in("Account", ACCOUNTS)
    made = [client.create("Account", Name=f"Load {n}") for n in range(6)]
    words = ("events", "follow", "--managed", name, "--until-caught-up", "--commit-every", "20ms", "--events-per-commit", "3",
             "--lease", "300ms")
    killed = project.firn(*words, FIRN_FAULT_POINT=point)
    assert killed.code == -9, f"{point} was not passed: {killed}"
    if point in ("events.table.committed", "events.cycle.settling", "events.cycle.settled", "events.cursor.saved"):
        assert waiting_at(client, name) > 0, "the org is not ahead of the cursor"
    for account in made:
        client.update("Account", account, Phone="1")
    again = project.firn(*words)
    assert again.code == 0, again
    assert project.events_in("Account", ACCOUNTS) - before == 12
    project.assert_equal("Account")
    assert waiting_at(client, name) == 0


def test_an_org_that_is_ahead_of_ours_is_not_believed(project, client, name):
    """Somebody else used the subscription, or our state was put back to an older one."""
    follow(project, name)
    before = project.events_in("Account", ACCOUNTS)
    client.create("Account", Name="Between 1")
    client.create("Account", Name="Between 2")
    with Managed(client, name) as other:
        events = list(other.first.events)
        while len(events) < 2:
            events += next(other.call).events
        other.commit(events[-1].replay_id)
    client.create("Account", Name="After")
    follow(project, name)
    assert project.events_in("Account", ACCOUNTS) - before == 3
    project.assert_equal("Account")


def test_a_subscription_that_begins_at_the_latest_event_misses_nothing_since_the_export(project, client):
    client.create("Account", Name="Since the export")
    name = managed_subscription(client, "Latest", replay="LATEST")
    follow(project, name)
    project.assert_equal("Account")
    assert project.events_in("Account", ACCOUNTS) >= 1


def test_without_its_state_it_goes_on_from_what_the_tables_say(project, client, name):
    follow(project, name)
    client.create("Account", Name="Lost state")
    killed = project.firn("events", "follow", "--managed", name, "--until-caught-up", "--commit-every", "10ms", "--lease", "300ms",
                          FIRN_FAULT_POINT="events.table.committed")
    assert killed.code == -9, killed
    before = project.events_in("Account", ACCOUNTS)
    for file in ("shared.db", "shared.db-wal", "shared.db-shm"):
        (project.folder / ".firn" / file).unlink(missing_ok=True)
    client.create("Account", Name="And on")
    follow(project, name)
    assert project.events_in("Account", ACCOUNTS) - before == 1
    project.assert_equal("Account")


def test_one_that_has_another_subscriber_is_waited_for(project, client, name):
    with Managed(client, name):
        client.create("Account", Name="Meanwhile")
        running = subprocess.Popen([firn_path(), "events", "follow", "--managed", name, "--until-caught-up", "--lease", "1s"],
                                   cwd=project.folder, env=firn_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True)
        said = []
        try:
            until(lambda: said.append(running.stderr.readline()) or "already.active" in said[-1], "it said nothing")
        except AssertionError:
            running.kill()
            raise
    out, err = running.communicate(timeout=300)
    assert running.returncode == 0, (out, said, err)
    project.assert_equal("Account")
    assert waiting_at(client, name) == 0


def test_a_stream_that_breaks_in_the_middle_loses_and_doubles_nothing(project, client, org, name):
    follow(project, name)
    before = project.events_in("Account", ACCOUNTS)
    running = project.start_following("--managed", name)
    try:
        org.fault(effect="stream_reset", path="/eventbus.v1.PubSub/ManagedSubscribe*", events=3, times=2)
        for n in range(20):
            client.create("Account", Name=f"Break {n}")
        until(lambda: project.events_in("Account", ACCOUNTS) - before >= 20, "not all came")
    finally:
        org.clear()
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=300)
    follow(project, name)
    assert project.events_in("Account", ACCOUNTS) - before == 20
    project.assert_equal("Account")


def test_mistakes_are_told_in_their_words(project, client, org):
    stopped = managed_subscription(client, "Stopped", state="STOP")
    other = managed_subscription(client, "OtherTopic", topic="/data/ContactChangeEvent")
    for words, code in ((("--managed", stopped), "SF-STREAM-016"), (("--managed", "Nobody"), "SF-STREAM-017"),
                        (("--managed", other, "--topic", ACCOUNTS), "SF-STREAM-018")):
        told = project.firn("events", "follow", "--until-caught-up", *words)
        assert told.code != 0 and code in told.err, told


@pytest.mark.parametrize("point", ["events.outbox.after_commit", "events.cursor.saved", "events.commit.asked"])
def test_rules_alone_begin_where_the_org_says_and_each_event_reaches_its_target_once(project, client, org, point):
    name = managed_subscription(client, "Rules_" + point.replace(".", "_"))
    with Managed(client, name) as before:  # what was told already is not for these rules
        events = list(before.first.events)
        if events:
            before.commit(events[-1].replay_id)
    (project.folder / "rules").mkdir()
    (project.folder / "rules/all.json").write_text(json.dumps({
        "EventPattern": {"detail": {"payload": {"Name": [{"prefix": "Rule " + point}]}}},
        "Targets": [{"Id": "file", "Arn": "firn:command/append", "InputPath": "$.detail.payload.Name",
                     "CommandParameters": {"Command": APPEND_LINE}, "DeliveryParameters": {"Concurrency": 1}}]}))
    text = (project.folder / "firn.yaml").read_text()
    (project.folder / "firn.yaml").write_text(text.replace("namespace: salesforce", "namespace: nothing"))
    wanted = [f"Rule {point} {n}" for n in range(5)]
    for each in wanted:
        client.create("Account", Name=each)
    words = ("events", "follow", "--managed", name, "--until-caught-up", "--commit-every", "20ms", "--lease", "300ms")
    killed = project.firn(*words, FIRN_FAULT_POINT=point)
    assert killed.code == -9, killed
    done = project.firn(*words)
    assert done.code == 0, done
    seen = [json.loads(line) for line in (project.folder / "seen").read_text().splitlines()]
    assert set(seen) == set(wanted)
    assert len(seen) <= len(wanted) + 1, "only a call that was under way when it was killed is made again"
    assert waiting_at(client, name) == 0
