"""What may go wrong between an event and its target: kills at every fault point, a full disk, two processes."""
import json
import subprocess
import time

import pytest

from support import aws
from support.firn import fault_points, firn_path
from support.rules import APPEND_LINE, RuleProject, change

EVENTS = 40


def points():
    return [name for name in fault_points() if name.startswith(("events.outbox.", "events.target.", "events.outcome."))]


def counting_project(folder):
    """Each delivery appends its event's number to a file: what the target saw, and how often."""
    project = RuleProject(folder)
    project.rule("all", [{"Id": "file", "Arn": "firn:command/append", "InputPath": "$.detail.payload.n",
                          "CommandParameters": {"Command": APPEND_LINE}}])
    return project


def seen(project):
    path = project.folder / "seen"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def events():
    return [change(n, record=f"0060000000000{n % 5:02d}AAA", n=n) for n in range(EVENTS)]


def test_the_fault_points_are_known():
    assert len(points()) == 6


@pytest.mark.parametrize("passage", [1, 7])
@pytest.mark.parametrize("point", points())
def test_killed_at_a_fault_point_the_target_sees_each_event(tmp_path, point, passage):
    project = counting_project(tmp_path / "project")
    killed = project.put(events(), FIRN_FAULT_POINT=f"{point}:{passage}")
    if passage == 1:
        assert killed.code == -9, killed
    for _ in range(3):
        done = project.put(events())
        if done.code == 0:
            break
    assert done.code == 0, done
    numbers = seen(project)
    assert sorted(set(numbers)) == list(range(EVENTS)), "an event was lost"
    # Killed between the target's answer and its record, that one call is repeated: at least once.
    assert len(numbers) <= EVENTS + 1, numbers
    for record in range(5):
        mine = list(dict.fromkeys(n for n in numbers if n % 5 == record))
        assert mine == sorted(mine), "a record's events changed places"
    assert project.letters() == []


def test_killed_at_redrive_the_letter_is_there_or_its_delivery_never_both(tmp_path):
    project = RuleProject(tmp_path / "project")
    project.rule("all", [{"Id": "c", "Arn": "firn:command/c", "CommandParameters": {"Command": ["./missing"]}}])
    assert project.put([change(1)]).json()["dead"] == 1
    assert project.firn("events", "dlq", "redrive", "--all", FIRN_FAULT_POINT="events.redrive.before_commit").code == -9
    assert len(project.letters()) + project.waiting() == 1
    assert project.firn("events", "dlq", "redrive", "--all").code == 0
    assert len(project.letters()) + project.waiting() == 1


def test_duplicated_events_reach_the_target_once(tmp_path):
    project = counting_project(tmp_path / "project")
    assert project.put(events() + events()).json()["duplicates"] == EVENTS
    assert project.put(events()).json()["duplicates"] == EVENTS
    assert sorted(seen(project)) == list(range(EVENTS))


def test_two_processes_do_not_deliver_side_by_side(tmp_path):
    project = RuleProject(tmp_path / "project")
    project.rule("slow", [{"Id": "c", "Arn": "firn:command/c", "CommandParameters": {
        "Command": ["/bin/sh", "-c", "touch begun; while ! [ -e go ]; do sleep 0.05; done"]}}])
    path = project.folder / "one.jsonl"
    path.write_text(json.dumps(change(1)) + "\n")
    first = subprocess.Popen([firn_path(), "events", "put", path], cwd=project.folder)
    try:
        while not (project.folder / "begun").exists():
            assert first.poll() is None
            time.sleep(0.02)
        second = project.put([change(2)])
        assert second.code != 0 and "EVENT-OUTBOX-001" in second.err, second
        assert project.firn("events", "rules", "list").code == 0, "reading goes on beside it"
    finally:
        (project.folder / "go").touch()
        assert first.wait(300) == 0


def test_a_poison_event_for_one_target_holds_up_nothing_else(tmp_path):
    project = counting_project(tmp_path / "project")
    poison = change(3, record="006000000000099AAA")  # without `n`: InputPath finds nothing
    done = project.put([change(1, n=1), poison, change(2, n=2)])
    assert done.code == 1 and done.json()["dead"] == 1, done
    assert seen(project) == [1, 2]
    [letter] = project.letters()
    assert letter["event_id"] == poison["id"] and letter["code"] == "INVALID_JSON"
    shown = project.firn("events", "dlq", "show", letter["letter"])
    assert "InputPath" in shown.out and "ChangeEventHeader" not in shown.out, "content only when asked for"
    mended = project.folder / "mended.json"
    mended.write_text(json.dumps(change(3, record="006000000000099AAA", n=3)))
    assert project.firn("events", "dlq", "edit", letter["letter"], mended).code == 0
    assert project.firn("events", "dlq", "redrive", letter["letter"]).code == 0
    assert project.put([]).code == 0
    assert seen(project) == [1, 2, 3]


def test_a_target_that_is_down_keeps_its_events_for_the_next_time(tmp_path):
    project = RuleProject(tmp_path / "project")
    project.rule("down", [{"Id": "c", "Arn": "firn:command/c", "CommandParameters": {
        "Command": ["/bin/sh", "-c", "[ -e up ] && cat >> seen || exit 75"]}, "InputPath": "$.id"}])
    down = project.put([change(1), change(2)])
    assert down.code == 1 and down.json()["waiting"] == 2 and down.json()["dead"] == 0, down
    (project.folder / "up").touch()
    assert project.put([], "--wait", "30s").json()["waiting"] == 0
    assert (project.folder / "seen").read_text() == f'"{change(1)["id"]}""{change(2)["id"]}"'


def test_a_target_that_hangs_delays_no_other(tmp_path):
    project = RuleProject(tmp_path / "project")
    hanging = "while ! [ -s seen ]; do sleep 0.05; done"  # until the other target has its event
    project.rule("two", [
        {"Id": "a-hangs", "Arn": "firn:command/a", "CommandParameters": {"Command": ["/bin/sh", "-c", hanging]}},
        {"Id": "b-goes", "Arn": "firn:command/b", "CommandParameters": {"Command": ["/bin/sh", "-c", "cat > seen"]}}])
    done = project.put([change(1)])
    assert done.code == 0 and done.json()["delivered"] == 2 and done.json()["failed"] == 0, done


def test_a_bad_rule_is_named_and_the_others_run(tmp_path):
    project = counting_project(tmp_path / "project")
    (project.folder / "rules/bad.json").write_text('{"EventPattern": {"a": [{"prefx": "b"}]},\n "Targets": []}')
    checked = project.firn("events", "rules", "check")
    assert checked.code == 2 and "rules/bad.json:1:" in checked.err, checked
    done = project.put([change(1, n=1)])
    assert done.code == 0 and "rules/bad.json" in done.err, done
    assert seen(project) == [1]


def test_disk_full_nothing_is_taken_and_nothing_is_lost(tmp_path):
    project = counting_project(tmp_path / "project")
    assert project.put([change(0, record="", n=0)]).code == 0
    words = [firn_path(), "events", "put", "events.jsonl"]
    (project.folder / "events.jsonl").write_text("".join(json.dumps(change(n, n=n, text="x" * 5000)) + "\n" for n in range(1, 300)))
    # A file may grow by 400 KiB, then writing fails as on a full disk.
    full = subprocess.run(["bash", "-c", "ulimit -f 400; trap '' XFSZ; exec \"$@\"", "-", *words], cwd=project.folder,
                          capture_output=True, text=True, check=False)
    assert full.returncode not in (0, -9), full
    done = project.firn("events", "put", "events.jsonl", "--json")
    assert done.code == 0, done
    assert sorted(set(seen(project))) == list(range(300))


def test_killed_at_a_dead_letters_queue_the_letter_is_in_the_queue_and_in_the_local_store(tmp_path):
    """Killed between the queue's answer and its record, that one call is repeated: at least once, none lost."""
    with aws.moto() as url:
        project = RuleProject(tmp_path / "project", aws.environment(all=url))
        sqs = aws.client("sqs", url)
        queue = sqs.create_queue(QueueName="dead")["QueueUrl"]
        arn = f"arn:aws:sqs:{aws.REGION}:123456789012:"
        project.rule("gone", [{"Id": "q", "Arn": arn + "nowhere", "DeadLetterConfig": {"Arn": arn + "dead"}}])
        killed = project.put([change(n) for n in range(3)], FIRN_FAULT_POINT="events.letter.queued")
        assert killed.code == -9, killed
        assert [letter["queued"] for letter in project.letters()] == [False] * 3
        project.put([])
        assert [letter["queued"] for letter in project.letters()] == [True] * 3
        ids = []
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                ids.append(json.loads(message["Body"])["id"])
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    assert set(ids) == {change(n)["id"] for n in range(3)} and len(ids) <= 6, ids


@pytest.mark.parametrize("point", ["lake.commit.before_catalog", "lake.commit.after_catalog", "events.target.after_call",
                                   "events.outcome.before_commit", "events.outcome.after_commit"])
@pytest.mark.parametrize("passage", [1, 3])
def test_killed_at_a_fault_point_the_lake_has_each_event_once(tmp_path, point, passage):
    project = RuleProject(tmp_path / "project")
    project.rule("all", [{"Id": "t", "Arn": "firn:lake/events", "InputPath": "$.detail.payload.n",
                          "DeliveryParameters": {"BatchSize": 10}}])
    killed = project.put([change(n, record=f"{n:015d}AAA", n=n) for n in range(EVENTS)],
                         FIRN_FAULT_POINT=f"{point}:{passage}")
    assert killed.code == -9, killed
    done = project.put([change(n, record=f"{n:015d}AAA", n=n) for n in range(EVENTS)])
    assert done.code == 0, done
    read = project.firn("lake", "rows", "salesforce.events", "--json")
    rows = [json.loads(line)["row"]["input"] for line in read.out.splitlines() if line.strip()]
    assert sorted(map(int, rows)) == list(range(EVENTS))
