"""Events that are told again, for one target: what a person does when a target lost them or a rule came late.

What could go wrong in production: a replay reaches targets that had everything, is taken for a duplicate and brings
nothing, brings everything twice when it is begun again.
"""
import json

import pytest

from support.events import EventsProject
from support.pubsub import PubSub
from support.rules import APPEND_LINE

TOPIC = "/data/AccountChangeEvent"
RECORDS = {"Account": 3}


@pytest.fixture
def project(org, tmp_path):
    made = EventsProject(tmp_path / "project", org, ["Account"]).start()
    write_rule(made, "first", "first.txt")
    write_rule(made, "second", "second.txt")
    made.follow()
    return made


def write_rule(project, name, file, pattern=None):
    (project.folder / "rules").mkdir(exist_ok=True)
    command = [word.replace("seen", file) for word in APPEND_LINE]
    (project.folder / f"rules/{name}.json").write_text(json.dumps({
        "EventPattern": pattern or {"detail": {"payload": {"Name": [{"prefix": "Told"}]}}},
        "Targets": [{"Id": "file", "Arn": "firn:command/append", "InputTransformer": {
            "InputPathsMap": {"name": "$.detail.payload.Name", "replay": "$.replay-name"},
            "InputTemplate": '"<name> <replay>"'}, "CommandParameters": {"Command": command}}]}))


def lines(project, file):
    path = project.folder / file
    return path.read_text().splitlines() if path.exists() else []


def make(org, names):
    with PubSub(org) as client:
        return client.create_at_once("Account", names)


def test_a_replay_goes_to_its_target_alone_though_the_events_were_seen(org, project):
    make(org, ["Told 1", "Told 2", "Untold"])
    project.follow()
    assert len(lines(project, "first.txt")) == len(lines(project, "second.txt")) == 2
    done = project.firn("events", "replay", TOPIC, "--from", "earliest", "--to", "first/file", "--name", "again", "--json")
    assert done.code == 0 and done.json()["delivered"] == done.json()["deliveries"], done
    told = [line for line in lines(project, "first.txt") if "again" in line]
    assert {"Told 1 again", "Told 2 again"} <= {line.strip('"') for line in told}
    assert not any("Untold" in line for line in told)
    assert len(lines(project, "second.txt")) == 2

    # The same replay again, whole or from where it was cut: nothing comes twice.
    more = project.firn("events", "replay", TOPIC, "--from", "earliest", "--to", "first", "--name", "again", "--json")
    assert more.code == 0 and more.json()["deliveries"] == 0 and more.json()["duplicates"] > 0, more
    assert [line for line in lines(project, "first.txt") if "again" in line] == told
    # Another one brings them anew.
    other = project.firn("events", "replay", TOPIC, "--from", "earliest", "--to", "first", "--json")
    assert other.code == 0 and other.json()["delivered"] >= 2, other


@pytest.mark.parametrize("point", ["events.outbox.before_commit", "events.outbox.after_commit", "events.target.after_call"])
def test_a_replay_that_is_killed_and_begun_again_brings_every_event(org, project, point):
    names = [f"Told {point} {i}" for i in range(5)]
    make(org, names)
    words = ("events", "replay", TOPIC, "--from", "earliest", "--to", "first", "--name", "night", "--json")
    killed = project.firn(*words, FIRN_FAULT_POINT=point)
    assert killed.code == -9, killed
    again = project.firn(*words)
    assert again.code == 0, again
    told = [line.strip('"') for line in lines(project, "first.txt") if point in line and "night" in line]
    assert set(told) == {f"{name} night" for name in names}
    # Killed between the target's answer and its record, that one call is repeated.
    assert len(told) <= len(names) + 1


def test_a_replay_to_a_rule_that_is_not_there_names_the_nearest(project):
    done = project.firn("events", "replay", TOPIC, "--from", "earliest", "--to", "first/fil")
    assert done.code != 0 and "EVENT-REPLAY-001" in done.err and "first/file" in done.err, done


def test_events_name_the_account_and_region_of_the_environment(org, project):
    make(org, ["Told here"])
    shown = project.firn("events", "replay", TOPIC, "--from", "earliest", "--json", AWS_ACCOUNT_ID="210987654321",
                         AWS_REGION="eu-north-1")
    event = json.loads(shown.out.splitlines()[-1])["event"]
    assert (event["account"], event["region"]) == ("210987654321", "eu-north-1")
    write_rule(project, "mine", "mine.txt", {"account": ["210987654321"], "region": ["eu-north-1"]})
    project.follow(AWS_ACCOUNT_ID="210987654321", AWS_REGION="eu-north-1")
    assert lines(project, "mine.txt")
