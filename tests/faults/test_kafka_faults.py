"""What may go wrong between an event and a topic of Kafka: brokers that die, hang or refuse, messages that do not fit, and
kills of Firn at every fault point. The broker is Apache's; what it holds is read by a client that is not ours."""
import json
import signal
import subprocess

import pytest
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType

from support.firn import fault_points, firn_environment, firn_path, until
from support.kafka import (PASSWORD, Broker, broker, certificate, client_certificate, cluster, once, project,  # noqa: F401
                           target, topic)
from support.rules import change

EVENTS = 40
RECORDS = 5
N = {"InputPath": "$.detail.payload.n"}


def events(count=EVENTS):
    return [change(n, record=f"0060000000000{n % RECORDS:02d}AAA", n=n) for n in range(count)]


def assert_each_once_in_order(records, count=EVENTS):
    """None lost; those that came again are known by their delivery's id; a record's order is kept."""
    told = [int(record.value) for record in once(records)]
    assert sorted(told) == list(range(count)), "an event was lost"
    for record in range(RECORDS):
        mine = list(dict.fromkeys(int(one.value) for one in records if int(one.value) % RECORDS == record))
        assert mine == sorted(mine), "a record's events changed places"


def points():
    return [name for name in fault_points() if name.startswith(("events.outbox.", "events.target.", "events.outcome."))]


@pytest.mark.parametrize("passage", [1, 4])
@pytest.mark.parametrize("point", points())
def test_killed_at_a_fault_point_the_topic_has_each_event(project, broker, topic, point, passage):
    cluster(project, broker)
    project.rule("all", [target(topic, **N)])
    killed = project.put(events(), FIRN_FAULT_POINT=f"{point}:{passage}")
    if passage == 1:
        assert killed.code == -9, killed
    done = project.put(events(), "--wait", "5m")
    assert done.code == 0, done
    assert_each_once_in_order(broker.read(topic))
    assert project.letters() == []


def test_a_broker_that_dies_in_mid_stream_loses_nothing(project, tmp_path):
    with Broker(tmp_path / "kafka") as broker:
        topic = broker.topic("orders")
        cluster(project, broker)
        project.rule("all", [target(topic, **N)])
        count = 400
        (project.folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events(count)))
        running = subprocess.Popen([firn_path(), "events", "put", "events.jsonl", "--wait", "10m"], cwd=project.folder,
                                   env=firn_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            until(lambda: broker.read(topic), "nothing arrived")
            broker.stop(kill=True)
            broker.start()
            out, err = running.communicate(timeout=600)
        finally:
            running.kill()
        assert running.returncode == 0, (out, err)
        assert_each_once_in_order(broker.read(topic), count)
        assert project.letters() == []


def test_a_broker_that_is_down_keeps_its_events_for_the_next_time(project, tmp_path):
    with Broker(tmp_path / "kafka") as broker:
        topic = broker.topic("orders")
        cluster(project, broker)
        broker.stop()
        project.rule("all", [target(topic, timeout=1, **N)])
        down = project.put([change(1, n=1)])
        assert down.code == 1 and down.json()["waiting"] == 1 and down.json()["dead"] == 0, down
        [why] = project.firn("events", "why", change(1)["id"], "--json").json()["rows"]
        assert why["state"] == "waiting" and "KAFKA-SEND-001" in json.dumps(why) and "refused" in json.dumps(why), why
        broker.start()
        project.rule("all", [target(topic, **N)])
        assert project.put([], "--wait", "5m").json()["waiting"] == 0
        assert [record.value for record in broker.read(topic)] == [b"1"]


def test_a_broker_that_hangs_delays_no_other_target(project, tmp_path):
    with Broker(tmp_path / "kafka") as broker:
        topic = broker.topic("orders")
        cluster(project, broker)
        # The command is the other target; what it writes is there before the broker goes on.
        project.rule("both", [target(topic, id="a-hangs", timeout=1, **N),
                              {"Id": "b-goes", "Arn": "firn:command/b", "InputPath": "$.detail.payload.n",
                               "CommandParameters": {"Command": ["/bin/sh", "-c", "cat >> seen"]}}])
        broker.process.send_signal(signal.SIGSTOP)
        try:
            done = project.put([change(1, n=1)])
        finally:
            broker.process.send_signal(signal.SIGCONT)
        assert done.code == 1 and done.json()["delivered"] == 1 and done.json()["waiting"] == 1, done
        assert (project.folder / "seen").read_text() == "1"
        project.rule("both", [target(topic, id="a-hangs", **N)])
        assert project.put([], "--wait", "5m").json()["waiting"] == 0
        assert [record.value for record in once(broker.read(topic))] == [b"1"]


@pytest.mark.parametrize("door", ["sasl", "sasltls"])
def test_a_refused_sign_in_is_a_dead_letter_at_once_and_redriven_with_the_right_password(project, broker, topic, door):
    cluster(project, broker, door)
    project.rule("all", [target(topic, **N)])
    project.environment["KAFKA_PASSWORD"] = "barley-1001"
    refused = project.put([change(n, n=n) for n in range(3)], "--verbose")
    assert refused.code == 1 and refused.json()["dead"] == 3 and refused.json()["failed"] == 0, refused
    letters = project.letters()
    assert {letter["code"] for letter in letters} == {"NO_PERMISSIONS"}
    shown = project.firn("events", "dlq", "show", letters[0]["letter"])
    assert "KAFKA-AUTH-001" in shown.out and "uthentication failed" in shown.out, shown
    for text in (refused.out, refused.err, shown.out):
        assert "barley-1001" not in text
    project.environment["KAFKA_PASSWORD"] = PASSWORD
    assert project.firn("events", "dlq", "redrive", "--all").code == 0
    assert project.put([], "--wait", "5m").json()["delivered"] == 3
    assert len(broker.read(topic)) == 3


def test_a_mechanism_that_the_broker_refuses_is_told_with_the_way_out(project, broker, topic):
    """Kafka 4 wants of SCRAM what Debian's librdkafka does not do."""
    cluster(project, broker, "sasl", SaslMechanism="SCRAM-SHA-512")
    project.rule("all", [target(topic, **N)])
    done = project.put([change(1, n=1)])
    assert done.code == 1 and done.json()["dead"] == 1, done
    [letter] = project.letters()
    assert letter["code"] == "NO_PERMISSIONS" and "SCRAM" in letter["error"], letter


def test_a_broker_with_a_certificate_of_another_authority_gets_nothing(project, broker, topic, tmp_path):
    _, other = certificate(tmp_path)
    cluster(project, broker, "sasltls", CaFile=str(other))
    project.rule("all", [target(topic, timeout=2, **N)])
    done = project.put([change(1, n=1)])
    assert done.code == 1 and done.json()["waiting"] == 1, done
    [why] = project.firn("events", "why", change(1)["id"], "--json").json()["rows"]
    assert "certificate" in json.dumps(why), why
    assert broker.read(topic) == []


@pytest.mark.parametrize("shown", ["none", "strange"])
def test_a_client_certificate_that_is_missing_or_not_trusted_is_told_and_nothing_is_lost(project, broker, topic, tmp_path, shown):
    more = {}
    if shown != "none":
        key, _, certificate_of_another = client_certificate(tmp_path / "stranger", "stranger")
        more = {"Key": f"${{file:{key}}}", "CertificateFile": str(certificate_of_another)}
    cluster(project, broker, "mutual", **more)
    project.rule("all", [target(topic, timeout=2, **N)])
    done = project.put([change(1, n=1)])
    assert done.code == 1 and done.json()["waiting"] == 1, done
    [why] = project.firn("events", "why", change(1)["id"], "--json").json()["rows"]
    assert "KAFKA-SEND-001" in why["error"] and "certificate" in why["error"].lower(), why
    assert broker.read(topic) == []
    key, _, mine = broker.client
    cluster(project, broker, "mutual", Key=f"${{file:{key}}}", CertificateFile=str(mine))
    project.rule("all", [target(topic, **N)])
    assert project.put([], "--wait", "5m").json()["waiting"] == 0
    assert [record.value for record in broker.read(topic)] == [b"1"]


@pytest.mark.parametrize("wrong", ["key", "password"])
def test_a_client_key_that_cannot_be_used_is_named_without_its_text(project, broker, topic, tmp_path, wrong):
    _, locked, mine = broker.client
    other, _, _ = client_certificate(tmp_path / "other")
    more = {"Key": f"${{file:{other if wrong == 'key' else locked}}}", "CertificateFile": str(mine)}
    if wrong == "password":
        project.environment["KAFKA_KEY_PASSWORD"] = "barley-1001"
        more["KeyPassword"] = "${env:KAFKA_KEY_PASSWORD}"
    cluster(project, broker, "mutual", **more)
    project.rule("all", [target(topic, timeout=2, **N)])
    done = project.put([change(1, n=1)])
    assert done.code != 0, done
    told = done.err + project.firn("events", "why", change(1)["id"], "--json").out
    assert "KAFKA-" in told or "PROJECT-KAFKA" in told, (done, told)
    assert "barley" not in told and "PRIVATE KEY" not in told, told
    assert broker.read(topic) == []


def test_a_topic_that_is_not_there_is_a_dead_letter_and_redriven_once_it_is(project, broker):
    cluster(project, broker)
    project.rule("all", [target("made.later", timeout=5, **N)])
    done = project.put([change(1, n=1)])
    assert done.code == 1 and done.json()["dead"] == 1, done
    [letter] = project.letters()
    assert letter["code"] == "NO_RESOURCE"
    broker.topic("made.later")
    project.rule("all", [target("made.later", **N)])
    assert project.firn("events", "dlq", "redrive", letter["letter"]).code == 0
    assert project.put([], "--wait", "5m").json()["delivered"] == 1
    assert [record.value for record in broker.read("made.later")] == [b"1"]


def test_a_topic_without_the_right_to_write_is_a_dead_letter(project, broker, topic):
    admin = broker.admin()
    admin.create_acls([ACL(principal="User:firn", host="*", operation=ACLOperation.WRITE,
                           permission_type=ACLPermissionType.DENY,
                           resource_pattern=ResourcePattern(ResourceType.TOPIC, topic))])
    admin.close()
    cluster(project, broker, "sasl")
    project.rule("all", [target(topic, **N)])
    done = project.put([change(1, n=1)])
    assert done.code == 1 and done.json()["dead"] == 1, done
    [letter] = project.letters()
    assert letter["code"] == "NO_PERMISSIONS"
    shown = project.firn("events", "dlq", "show", letter["letter"])
    assert "KAFKA-AUTH-002" in shown.out and topic in shown.out, shown


def test_a_message_that_is_too_large_is_a_dead_letter_and_its_neighbours_arrive(project, broker):
    """Too large for the topic, which only the broker knows: it refuses whole batches."""
    topic = broker.topic("narrow", partitions=1, max_message_bytes=3000)
    cluster(project, broker, Compression="none", LingerMilliseconds=200)
    project.rule("all", [target(topic)])
    sent = [change(n, record=f"{n:015d}AAA", n=n) for n in range(20)]
    sent.insert(10, change(99, record="0" * 15 + "BBB", n=99, text="x" * 5000))
    done = project.put(sent, "--wait", "5m")
    assert done.code == 1 and done.json()["dead"] == 1 and done.json()["delivered"] == 20, done
    [letter] = project.letters()
    assert letter["event_id"] == change(99)["id"] and letter["code"] == "INVALID_PARAMETER"
    shown = project.firn("events", "dlq", "show", letter["letter"])
    assert "KAFKA-SEND-003" in shown.out and "bytes is too large" in shown.out and "xxxx" not in shown.out, shown
    assert {json.loads(r.value)["detail"]["payload"]["n"] for r in broker.read(topic)} == set(range(20))
    project.rule("all", [target(broker.topic("wide", partitions=1))])
    assert project.firn("events", "dlq", "redrive", "--all").code == 0
    assert project.put([], "--wait", "5m").json()["delivered"] == 1
    [record] = broker.read("wide")
    assert json.loads(record.value)["id"] == change(99)["id"]


def test_an_event_that_makes_no_topic_is_a_dead_letter_without_its_content(project, broker):
    cluster(project, broker)
    project.rule("all", [target("sf.{$.detail.payload.Name}", **N)])
    done = project.put([change(1, n=1, Name="Mr Secret / Sons"), change(2, n=2)])
    assert done.code == 1 and done.json()["dead"] == 2, done
    errors = "".join(project.firn("events", "dlq", "show", letter["letter"]).out for letter in project.letters())
    assert "EVENT-KAFKA-001" in errors and "EVENT-TARGET-002" in errors and "Secret" not in errors, errors
